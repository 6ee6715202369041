package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// diagnosis is what why prints as JSON.
type diagnosis struct {
	Causes []struct {
		Code, Message, Next string
		Subject             struct{ Kind, Namespace, Name string }
		Evidence            []struct{ From, Value string }
		Symptoms            []string
	}
	Unread map[string]string
}

func (d diagnosis) codes() string {
	var all []string
	for _, c := range d.Causes {
		all = append(all, c.Code)
	}
	return strings.Join(all, " ")
}

func (s space) why(t *testing.T, code int, args ...string) diagnosis {
	t.Helper()
	args = append([]string{"why", "-n", s.name, "-o", "json"}, args...)
	out := ""
	if code == 0 {
		out = s.run(t, args...)
	} else {
		out = s.fails(t, code, args...)
	}
	var d diagnosis
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	return d
}

// TestWhy breaks three things, asks why, mends one after the other, and asks again.
func TestWhy(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	if d := s.why(t, 0); len(d.Causes) > 0 {
		t.Errorf("in an empty namespace it says %+v", d)
	}
	s.apply(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: "ngnix:1.29"}]}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: api, labels: {app: api}}
spec: {containers: [{name: api, image: "busybox:1.36", command: [sh, -c, "echo no DATABASE_URL; exit 3"]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: web, image: "nginx:1.29"}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: wbe}, ports: [{port: 80}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: viewer}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: viewer}
rules: [{apiGroups: [""], resources: [pods], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: viewer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: viewer}
subjects: [{kind: ServiceAccount, name: viewer}]
`)
	s.waitReady(t, "pod/web")
	s.kubectl(t, "wait", "pod/api", "--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff", "--timeout=60s")
	s.kubectl(t, "wait", "pod", "-l", "app=shop", "--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ImagePullBackOff", "--timeout=60s")
	s.findsThreeCauses(t)
	s.knowsWhatItMayNotRead(t)

	s.kubectl(t, "set", "image", "deployment/shop", "shop=nginx:1.29")
	s.rollout(t, "shop")
	s.kubectl(t, "set", "selector", "service/web", "app=web")
	s.kubectl(t, "delete", "pod", "api", "--grace-period=1")
	eventually(t, "all is well", func() bool {
		_, err := s.output("why", "-n", s.name)
		return err == nil
	})
}

func (s space) findsThreeCauses(t *testing.T) {
	t.Helper()
	d := s.why(t, 1)
	if d.codes() != "CrashLoop ImagePull SelectorMismatch" {
		t.Fatalf("it says %s: %+v", d.codes(), d)
	}
	if last := d.Causes[0].Evidence; !strings.Contains(last[2].Value, "no DATABASE_URL") || !strings.HasPrefix(last[2].From, "logs pod/api") {
		t.Errorf("its last words are not among %+v", last)
	}
	if so := strings.Join(d.Causes[1].Symptoms, "\n"); !strings.Contains(so, "service/shop: sends to no Pod") {
		t.Errorf("the Service is not told of under the image: %q", so)
	}
	if next := d.Causes[2].Next; !strings.Contains(next, "set selector service/web app=web") {
		t.Errorf("what is to be tried for the Service is %q", next)
	}
	if own := s.why(t, 1, "service/shop"); own.codes() != "ImagePull" {
		t.Errorf("why the Service sends to nobody: %+v", own)
	}
	if well := s.why(t, 0, "pod/web"); len(well.Causes) > 0 {
		t.Errorf("of a Pod that is well it says %+v", well)
	}
	text := s.fails(t, 1, "why", "-n", s.name)
	for _, want := range []string{"3 causes", "pod/api", "exit code 3", "ngnix", "That is the difference."} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
}

// knowsWhatItMayNotRead asks as somebody who may read Pods and nothing else.
func (s space) knowsWhatItMayNotRead(t *testing.T) {
	t.Helper()
	viewer := "system:serviceaccount:" + s.name + ":viewer"
	d := s.why(t, 1, "--as", viewer)
	if d.codes() != "CrashLoop ImagePull" {
		t.Errorf("with rights for Pods alone it says %s: %+v", d.codes(), d)
	}
	for _, resource := range []string{"events", "services", "deployments", "logs"} {
		if !strings.Contains(d.Unread[resource], "forbidden") {
			t.Errorf("that %s could not be read is told as %q", resource, d.Unread[resource])
		}
	}
	if text := s.fails(t, 1, "why", "-n", s.name, "--as", viewer); !strings.Contains(text, "The services could not be read") {
		t.Errorf("that Services could not be read is not in\n%s", text)
	}
}

// TestWhyOfAManifest asks whether the cluster serves what a file names. A document that is no object does not keep the others from being
// looked at.
func TestWhyOfAManifest(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	file := filepath.Join(t.TempDir(), "old.yaml")
	text := "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: web}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n" +
		"---\nmetadata: {name: lost}\n---\napiVersion: apps/v1\nkind: StatefullSet\nmetadata: {name: db}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out := s.fails(t, 1, "why", "-f", file)
	for _, want := range []string{"apiVersion: networking.k8s.io/v1.", "document/old.yaml:9", "Did you mean StatefulSet, apiVersion: apps/v1?"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if strings.Contains(out, "Deployment in API version") {
		t.Errorf("what is served is said not to be:\n%s", out)
	}
}
