package explain_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Only what no rule can let through is called forbidden.
func TestPolicies(t *testing.T) {
	const server = `
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: learn-heal, uid: w1, labels: {app: web}}
spec: {nodeName: worker-1, containers: [{name: web, image: nginx, ports: [{name: http, containerPort: 8080}]}]}
status: {phase: Running, conditions: [{type: Ready, status: "True"}]}`
	const service = `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: learn-heal, uid: s1}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}`
	const slice = `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: learn-heal, uid: es1, labels: {kubernetes.io/service-name: web}}
endpoints: [{addresses: [10.0.0.1], conditions: {ready: true}, targetRef: {kind: Pod, name: web}}]`
	const space = `
apiVersion: v1
kind: Namespace
metadata: {name: learn-heal, uid: ns1, labels: {team: a}}`
	client := strings.Replace(pod("", `restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1, reason: Error}}`, ""), "labels: {app: app}", "labels: {role: client}", 1)
	policy := func(spec string) string {
		return "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: learn-heal, uid: np1}\nspec: " + spec
	}
	for _, c := range []struct {
		name, spec string
		barred     bool
	}{
		{"no policy of these Pods", `{podSelector: {matchLabels: {app: other}}, ingress: [{from: [{podSelector: {}}]}]}`, false},
		{"all is let in", `{podSelector: {}, ingress: [{}]}`, false},
		{"the client's labels", `{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {role: client}}}]}]}`, false},
		{"other labels", `{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {role: front}}}]}]}`, true},
		{"the port by name", `{podSelector: {}, ingress: [{ports: [{port: http}]}]}`, false},
		{"another port by name", `{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: admin}]}]}`, true},
		{"a range of ports", `{podSelector: {}, ingress: [{ports: [{port: 8000, endPort: 8999}]}]}`, false},
		{"the Service's port is not the Pod's", `{podSelector: {}, ingress: [{ports: [{port: 80}]}]}`, true},
		{"UDP is not TCP", `{podSelector: {}, ingress: [{ports: [{port: 8080, protocol: UDP}]}]}`, true},
		{"addresses, which may be the client's", `{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}`, false},
		{"this namespace", `{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}]}]}`, false},
		{"another namespace", `{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}}]}]}`, true},
		{"the client may not send", `{podSelector: {matchLabels: {role: client}}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}}], ports: [{port: 53, protocol: UDP}]}]}`, true},
		{"the client may send there", `{podSelector: {matchLabels: {role: client}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: web}}}]}]}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := scene(t, node, server, service, slice, space, client, policy(c.spec))
			now.Logs = []snapshot.Log{{Namespace: "learn-heal", Pod: "app", Container: "app", Lines: []string{"GET http://web/: i/o timeout"}}}
			d, err := explain.Why(query(t, "pod/app"), now)
			if err != nil {
				t.Fatal(err)
			}
			want := explain.CrashLoop
			if c.barred {
				want = explain.NetworkPolicy
			}
			if causes := d.Causes(); len(causes) != 1 || causes[0].Code != want {
				t.Errorf("it says %+v, want %s", causes, want)
			}
		})
	}
}

// A log's lines are understood as programs write them.
func TestNamesNotFound(t *testing.T) {
	const service = "apiVersion: v1\nkind: Service\nmetadata: {name: database, namespace: learn-heal, uid: s1}\nspec: {ports: [{port: 80}]}"
	client := pod("", `restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1, reason: Error}}`, "")
	for line, near := range map[string]string{
		`dial tcp: lookup databse on 10.96.0.10:53: no such host`:                       "Did you mean database?",
		`dial tcp: lookup databse.learn-heal.svc.cluster.local: no such host`:           "Did you mean database?",
		`wget: bad address 'databse:5432'`:                                              "Did you mean database?",
		`nslookup: can't resolve 'databse'`:                                             "Did you mean database?",
		`** server can't find databse: NXDOMAIN`:                                        "Did you mean database?",
		`curl: (6) Could not resolve host: databse`:                                     "Did you mean database?",
		`psql: could not translate host name "databse" to address: Name or service not`: "Did you mean database?",
		`Error: getaddrinfo ENOTFOUND databse`:                                          "Did you mean database?",
		`java.net.UnknownHostException: databse`:                                        "Did you mean database?",
		`lookup api.example.com on 10.96.0.10:53: no such host`:                         "outside of the cluster",
	} {
		now := scene(t, node, service, client)
		now.Logs = []snapshot.Log{{Namespace: "learn-heal", Pod: "app", Container: "app", Lines: []string{"starting", line}}}
		d, err := explain.Why(query(t, "pod/app"), now)
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Problems) != 1 || d.Problems[0].Code != explain.DNSName || !strings.Contains(d.Problems[0].Advice, near) {
			t.Errorf("%s: %+v", line, d.Problems)
		}
	}
}

func TestVersions(t *testing.T) {
	of := func(version, kind string) explain.Manifest {
		v, err := schema.ParseGroupVersion(version)
		if err != nil {
			t.Fatal(err)
		}
		return explain.Manifest{Where: "old.yaml:1", Name: "web", GVK: v.WithKind(kind)}
	}
	served := map[string][]schema.GroupVersion{"Deployment": {{Group: "apps", Version: "v1"}}, "Service": {{Version: "v1"}}}
	broken := explain.Manifest{Where: "old.yaml:20", Wrong: "it has no kind"}
	d := explain.Versions([]explain.Manifest{
		of("extensions/v1beta1", "Deployment"), of("apps/v1", "Deployment"), broken, of("apps/v1", "Deploymnet"), of("example.com/v1", "Gizmo"),
	}, served)
	if len(d.Problems) != 4 {
		t.Fatalf("%+v", d)
	}
	for i, want := range []struct {
		code explain.Code
		says string
	}{
		{explain.WrongVersion, "apiVersion: apps/v1."}, {explain.NoObject, "apiVersion and a kind"},
		{explain.WrongVersion, "Did you mean Deployment, apiVersion: apps/v1?"}, {explain.WrongVersion, "CustomResourceDefinition"},
	} {
		if p := d.Problems[i]; p.Code != want.code || !strings.Contains(p.Advice, want.says) {
			t.Errorf("%d: %+v, wanted %v", i, p, want)
		}
	}
	if causes := d.Causes(); causes[1].Subject.Name != "old.yaml:20" || causes[1].Evidence[0].From != "old.yaml:20" {
		t.Errorf("where the document is that is no object is not said: %+v", causes[1])
	}
	if d = explain.Versions([]explain.Manifest{of("apps/v1", "Deployment")}, served); d.Health != explain.Well || len(d.Causes()) > 0 {
		t.Errorf("%+v", d)
	}
}
