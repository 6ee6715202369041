package e2e

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
)

// look runs one of the commands that explain, in the space's namespace.
func (s space) look(t *testing.T, args ...string) string {
	t.Helper()
	return s.run(t, append(args, "-n", s.name)...)
}

// data is what such a command prints as JSON.
func data[T any](t *testing.T, text string) *T {
	t.Helper()
	v := new(T)
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return v
}

const stall = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: main, image: "nginx:1.29", resources: {requests: {cpu: 100m}}, envFrom: [{configMapRef: {name: settings}}]}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: lost}
spec: {selector: {app: nobody}, ports: [{port: 80}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {color: "#336699"}
---
apiVersion: v1
kind: Pod
metadata: {name: typo}
spec: {containers: [{name: main, image: "ngnix:1.29"}]}
`

// TestMap draws the cluster, and finds in the picture what was put there.
func TestMap(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, stall)
	s.rollout(t, "web")
	s.serves(t, "web", 2)
	eventually(t, "the misspelt image to be missed", func() bool {
		out, _ := s.try("get", "pod", "typo", "-o", "jsonpath={.status.containerStatuses[0].state.waiting.reason}")
		return strings.Contains(out, "ImagePull")
	})
	m := data[explain.Map](t, s.look(t, "map", "-o", "json"))
	for _, part := range []string{"API server", "etcd", "scheduler", "controller manager"} {
		at := slices.IndexFunc(m.ControlPlane, func(c explain.Component) bool { return c.Name == part })
		if at < 0 || m.ControlPlane[at].Health != explain.Well || m.ControlPlane[at].Evidence == "" {
			t.Errorf("%s is told as %+v", part, m.ControlPlane)
		}
	}
	health := map[string]explain.Health{}
	for _, n := range m.Nodes {
		for _, p := range n.Pods {
			health[p.Name] = p.Health
			if on := s.kubectl(t, "get", "pod", p.Name, "-o", "jsonpath={.spec.nodeName}"); on != n.Name {
				t.Errorf("Pod %s is drawn on %s and is on %s", p.Name, n.Name, on)
			}
		}
	}
	if len(health) != 3 || health["typo"] != explain.Unwell || len(m.Nodes) < 3 || !strings.Contains(m.Kernel, "kernel") {
		t.Errorf("the Pods are %v on %d nodes; %s", health, len(m.Nodes), m.Kernel)
	}
	answering := map[string]int{}
	for _, sv := range m.Services {
		answering[sv.Name] = len(sv.Answering)
	}
	if len(m.Services) != 2 || answering["web"] != 2 || answering["lost"] != 0 {
		t.Errorf("the Services are %+v", m.Services)
	}

	s.apply(t, `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web-in}
spec: {podSelector: {matchLabels: {app: web}}, ingress: [{}]}
`)
	s.kubectl(t, "create", "deployment", "nobody", "--image=nginx:1.29", "--replicas=0")
	rest := unwrapped(s.look(t, "map"))
	for _, want := range []string{"- lost:80 no Pods, by wish: deployment/nobody asks for 0", "NETWORK POLICIES web-in ingress of 2 Pods: web-"} {
		if !strings.Contains(rest, want) {
			t.Errorf("the map does not say %q:\n%s", want, rest)
		}
	}
	s.kubectl(t, "delete", "deployment", "nobody")

	text := s.look(t, "map")
	for _, want := range []string{"CONTROL PLANE", "every request goes through it", "2 of 2 Pods answer", "no Pod has the labels", "typo (", "-A shows all"} {
		if !strings.Contains(text, want) {
			t.Errorf("the map does not say %q:\n%s", want, text)
		}
	}
	for line := range strings.Lines(text) {
		if len([]rune(strings.TrimRight(line, "\n"))) > 80 {
			t.Errorf("wider than 80 columns: %s", line)
		}
	}
	picture := xml.NewDecoder(strings.NewReader(s.look(t, "map", "-o", "svg")))
	for {
		if _, err := picture.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the picture is no XML: %v", err)
		}
	}
	if all := data[explain.Map](t, s.run(t, "map", "-A", "-o", "json")); all.Pods < 3 || len(all.Services) <= 2 || all.Namespace != "" {
		t.Errorf("of all namespaces there are %d Pods and %d Services", all.Pods, len(all.Services))
	}
}

// TestMapWithFewRights draws what somebody may see, and says what they may not.
func TestMapWithFewRights(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, stall)
	s.rollout(t, "web")
	s.kubectl(t, "create", "role", "looker", "--verb=get,list", "--resource=pods")
	s.kubectl(t, "create", "rolebinding", "looker", "--role=looker", "--user=guest")
	text := unwrapped(s.look(t, "map", "--as", "guest"))
	for _, want := range []string{"The nodes could not be read", "The services could not be read", "Pods of other namespaces could not be read", "cannot list"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	m := data[explain.Map](t, s.look(t, "map", "--as", "guest", "-o", "json"))
	if m.Pods != 3 {
		t.Errorf("guest sees %d Pods and may see 3", m.Pods)
	}
}

// TestExplain explains live objects of several kinds.
func TestExplain(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, stall)
	s.rollout(t, "web")
	pod := strings.Fields(s.kubectl(t, "get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].metadata.name}"))[0]
	s.kubectl(t, "scale", "deployment", "web", "--replicas=3")
	s.rollout(t, "web")
	s.serves(t, "web", 3)
	for _, c := range []struct {
		args []string
		says []string
	}{
		{
			[]string{"pod/" + pod},
			[]string{
				"share its kernel", "The API says: Pod is a collection of containers", "Deployment web", "ReplicaSet controller", "kubelet", "Service web sends it requests.",
				"makes another Pod, with another name and UID", "the other 2 Pods",
			},
		},
		{[]string{"deploy", "web", "--evidence"}, []string{"3 of 3 ready", "kubectl (scale) spec.replicas", "Deployment controller", "status.readyReplicas", "metadata.managedFields"}},
		{[]string{"cm/settings"}, []string{"Its keys: color.", "3 Pods use it", "can't start without it"}},
		{[]string{"svc/lost"}, []string{"Of 0 Pods with app=nobody, 0 answer."}},
		{[]string{"deploy/web", "--try-delete"}, []string{"Tried, and not carried out: the API server would delete it."}},
	} {
		text := unwrapped(s.look(t, append([]string{"explain"}, c.args...)...))
		for _, want := range c.says {
			if !strings.Contains(text, want) {
				t.Errorf("explain %v does not say %q:\n%s", c.args, want, text)
			}
		}
	}
	s.kubectl(t, "get", "deployment", "web") // which was only tried to delete
	d := data[explain.Object](t, s.look(t, "explain", "deploy/web", "-o", "json"))
	if d.Family == nil || len(d.Writers) < 2 || len(d.Now) == 0 || len(d.Deleted) == 0 || d.Health != explain.Well {
		t.Errorf("as data it is %+v", d)
	}
	node := s.kubectl(t, "get", "pod", pod, "-o", "jsonpath={.spec.nodeName}")
	if text := unwrapped(s.look(t, "explain", "node/"+node)); !strings.Contains(text, "make others elsewhere") || !strings.Contains(text, "share its kernel") {
		t.Errorf("a node is explained as\n%s", text)
	}
	for _, c := range []struct{ target, says string }{
		{"deploy/wbe", "did you mean deployment/web?"},
		{"deploi/web", `unknown kind "deploi"; did you mean "deploy"?`},
		{"zebra/web", `unknown kind "zebra"; this cluster's are listed by: kubectl api-resources`},
		{"pods", "write the name of one object"},
		{"web", `"web" alone names no object; write its kind, too: KIND/NAME`},
		{"job/x", "there is no such object"},
	} {
		if out := s.fails(t, 2, "explain", c.target, "-n", s.name); !strings.Contains(unwrapped(out), c.says) {
			t.Errorf("explain %s does not say %q:\n%s", c.target, c.says, out)
		}
	}
}

// TestExplainCustomResource explains an object of a kind that only this cluster has. Not beside other tests: it changes
// what there is for all of them.
func TestExplainCustomResource(t *testing.T) {
	s := newSpace(t)
	t.Cleanup(func() {
		_, _ = s.try("patch", "backup", "nightly", "--type=merge", "-p", `{"metadata":{"finalizers":null}}`) // it may not be there yet
		s.kubectl(t, "delete", "crd", "backups.example.com")
	})
	s.apply(t, `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: backups.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: backups, singular: backup, kind: Backup, shortNames: [bk]}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, description: A Backup keeps copies of what is dear., properties: {spec: {type: object, properties: {every: {type: string}}}}}}
`)
	s.kubectl(t, "wait", "--for=condition=Established", "crd/backups.example.com", "--timeout=30s")
	eventually(t, "the new kind to be served", func() bool {
		_, err := s.try("get", "backups")
		return err == nil
	})
	s.apply(t, "apiVersion: example.com/v1\nkind: Backup\nmetadata: {name: nightly, finalizers: [example.com/keep]}\nspec: {every: 24h}\n")
	uid := s.kubectl(t, "get", "backup", "nightly", "-o", "jsonpath={.metadata.uid}")
	s.apply(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: copy, ownerReferences: [{apiVersion: example.com/v1, kind: Backup, name: nightly, uid: "+uid+"}]}\n")
	eventually(t, "the API's documentation of the new kind", func() bool {
		return strings.Contains(unwrapped(s.look(t, "explain", "bk/nightly")), "A Backup keeps copies of what is dear.")
	})
	text := unwrapped(s.look(t, "explain", "bk/nightly"))
	for _, want := range []string{"Backup nightly", "spec.every", "example.com/keep", "ConfigMap copy"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	if text := unwrapped(s.look(t, "explain", "cm/copy")); !strings.Contains(text, "Backup nightly") {
		t.Errorf("the owner is not told:\n%s", text)
	}
}
