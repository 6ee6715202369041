package explain_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// The image that was meant keeps the tag that was written; where no tag was written it is the one of before.
func TestTheImageThatWasMeant(t *testing.T) {
	for _, c := range []struct{ image, before, want string }{
		{"ngnix:1.29", "", "nginx:1.29"},
		{"ngnix:1.29", "nginx:1.28", "nginx:1.29"},
		{"ngnix:1.29", "nginx", "nginx:1.29"},
		{"ngnix", "nginx:1.28", "nginx:1.28"},
		{"ngnix", "", "nginx"},
		{"nginx:1.299", "nginx:1.28", "nginx:1.28"},
		{"ngnix:1.29@sha256:0123", "", "nginx:1.29"},
		{"localhost:5000/shpo:2", "localhost:5000/shop:1", "localhost:5000/shop:2"},
	} {
		owner := func(kind, name, uid string) string {
			return fmt.Sprintf("ownerReferences: [{kind: %s, name: %s, uid: %s, controller: true}]", kind, name, uid)
		}
		set := func(name, uid, image string) string {
			return fmt.Sprintf(`
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: %s, namespace: learn-heal, uid: %s, %s}
spec: {template: {spec: {containers: [{name: app, image: "%s"}]}}}`, name, uid, owner("Deployment", "app", "d1"), image)
		}
		objects := []string{
			node, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: app, namespace: learn-heal, uid: d1}}", set("app-2", "r2", c.image),
			strings.NewReplacer("nginx:1.29", c.image, "uid: p1", "uid: p1, "+owner("ReplicaSet", "app-2", "r2")).Replace(pod("", "state: {waiting: {reason: ImagePullBackOff}}", "")),
		}
		if c.before != "" {
			objects = append(objects, set("app-1", "r1", c.before))
		}
		d, err := explain.Why(query(t, "pod/app"), scene(t, objects...))
		if err != nil {
			t.Fatal(err)
		}
		if next := d.Causes()[0].Next; next != "kubectl set image deployment/app app="+c.want {
			t.Errorf("%s after %q: %s", c.image, c.before, next)
		}
	}
}

// What a container declares says nothing about where its program listens: a number is no cause, and what can't be seen is said only
// where others are declared.
func TestAPortThatIsNotDeclared(t *testing.T) {
	const service = `
apiVersion: v1
kind: Service
metadata: {name: app, namespace: learn-heal, uid: s1}
spec: {selector: {app: app}, ports: [{port: 80, targetPort: 8080}]}`
	const endpoints = `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: app-1, namespace: learn-heal, uid: e1, labels: {kubernetes.io/service-name: app}}
endpoints: [{addresses: [10.0.0.1], conditions: {ready: true}, targetRef: {kind: Pod, name: app}}]`
	for ports, doubts := range map[string]int{"": 0, "ports: [{containerPort: 8080}]": 0, "ports: [{containerPort: 80}]": 1} {
		ready := strings.Replace(pod(ports, "state: {running: {}}", ""), `{type: Ready, status: "False"`, `{type: Ready, status: "True"`, 1)
		d, err := explain.Why(snapshot.Query{}, scene(t, node, ready, service, endpoints))
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Causes()) > 0 || d.Health != explain.Well || len(d.Unseen) != doubts {
			t.Errorf("%q: %+v", ports, d)
		}
	}
}

// A named port must be one of the Service's protocol.
func TestAPortOfAnotherProtocol(t *testing.T) {
	const service = `
apiVersion: v1
kind: Service
metadata: {name: app, namespace: learn-heal, uid: s1}
spec: {selector: {app: app}, ports: [{port: 53, protocol: UDP, targetPort: dns}, {port: 80}]}`
	for protocol, lost := range map[string]bool{"UDP": false, "TCP": true} {
		ready := strings.Replace(pod("ports: [{name: dns, containerPort: 53, protocol: "+protocol+"}]", "state: {running: {}}", ""), `{type: Ready, status: "False"`, `{type: Ready, status: "True"`, 1)
		d, err := explain.Why(query(t, "service/app"), scene(t, node, ready, service))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, p := range d.Problems {
			found = found || p.Code == explain.PortMismatch
		}
		if found != lost {
			t.Errorf("%s: %+v", protocol, d.Problems)
		}
	}
}

// A container that is killed at this moment counts as killed, one that began after that does not.
func TestALivenessKill(t *testing.T) {
	killing := strings.Replace(event("Killing", "Container app failed liveness probe, will be restarted"), "count: 3", "count: 1", 1)
	for began, killed := range map[string]bool{"2026-05-04T12:00:00Z": true, "2026-05-04T12:00:50Z": false, "2026-05-04T12:00:55Z": false} {
		up := strings.Replace(pod("", "ready: true, state: {running: {startedAt: '"+began+"'}}", ""), "ready: false, ", "", 1)
		up = strings.Replace(up, `{type: Ready, status: "False"`, `{type: Ready, status: "True"`, 1)
		d, err := explain.Why(query(t, "pod/app"), scene(t, node, up, killing))
		if err != nil {
			t.Fatal(err)
		}
		if causes := d.Causes(); (len(causes) > 0) != killed || killed && causes[0].Code != explain.ProbeFailing {
			t.Errorf("began at %s: %+v", began, d.Problems)
		}
	}
}

// A container that was killed for its probe, and is ready again, is told of with the probe; it is a cause where the probe has
// failed since.
func TestKilledOnceForItsProbe(t *testing.T) {
	up := strings.Replace(pod("livenessProbe: {httpGet: {port: 81}}", "restartCount: 1, state: {running: {startedAt: '2026-05-04T12:00:40Z'}}, "+
		"lastState: {terminated: {exitCode: 0, reason: Completed, startedAt: '2026-05-04T12:00:10Z', finishedAt: '2026-05-04T12:00:39Z'}}, ready: true", ""), "ready: false, ", "", 1)
	up = strings.Replace(up, `{type: Ready, status: "False"`, `{type: Ready, status: "True"`, 1)
	said := func(reason, message, at string) string {
		e := strings.Replace(event(reason, message), "2026-05-04T12:00:51Z", at, 1)
		return strings.Replace(e, "name: app.1, namespace: learn-heal, uid: e1", "name: "+reason+", namespace: learn-heal, uid: "+reason, 1)
	}
	killing := said("Killing", "Container app failed liveness probe, will be restarted", "2026-05-04T12:00:38Z")
	for _, c := range []struct {
		name   string
		events []string
		code   explain.Code
		cause  bool
		title  string
	}{
		{"once", []string{killing, said("Unhealthy", "Liveness probe failed: refused", "2026-05-04T12:00:38Z")}, explain.Restarted, false, "was killed a moment ago, since its liveness probe failed, and runs again"},
		{"and again", []string{killing, said("Unhealthy", "Liveness probe failed: refused", "2026-05-04T12:00:50Z")}, explain.ProbeFailing, true, "was killed since its liveness probe failed, and the probe fails again"},
		{"by itself", nil, explain.Restarted, false, "ended a moment ago and runs again"},
		{"by itself, after another was killed", []string{said("Killing", "Container app failed liveness probe, will be restarted", "2026-05-04T11:58:00Z")}, explain.Restarted, false, "ended a moment ago and runs again"},
	} {
		d, err := explain.Why(query(t, "pod/app"), scene(t, append([]string{node, up}, c.events...)...))
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Problems) != 1 || d.Problems[0].Code != c.code || (len(d.Causes()) > 0) != c.cause || !strings.Contains(d.Problems[0].Title, c.title) {
			t.Errorf("%s: %+v", c.name, d.Problems)
			continue
		}
		asked := slices.ContainsFunc(d.Problems[0].Chain, func(l explain.Link) bool { return strings.Contains(l.From, "livenessProbe") })
		if asked != strings.Contains(c.title, "probe") {
			t.Errorf("%s: %+v", c.name, d.Problems[0].Chain)
		}
	}
}

// For a moment after the image was changed a kubelet writes of the old one: that is no cause.
func TestAnImageThatWasMended(t *testing.T) {
	for pulled, cause := range map[string]bool{"nginx:1.29": true, "ngnix:1.29": false} {
		d, err := explain.Why(query(t, "pod/app"), scene(t, node, pod("", `state: {waiting: {reason: ImagePullBackOff, message: 'Back-off pulling image "`+pulled+`": ErrImagePull'}}`, "")))
		if err != nil {
			t.Fatal(err)
		}
		if causes := d.Causes(); (len(causes) > 0) != cause {
			t.Errorf("%s: %+v", pulled, causes)
		}
	}
}

// What takes a finalizer away is said of those that are known; a custom object without a status is not called well or unwell.
func TestWhatIsKnownOfOtherKinds(t *testing.T) {
	now := scene(t, `
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk, uid: v1, deletionTimestamp: "2026-05-04T11:55:00Z", finalizers: [kubernetes.io/pv-protection]}`, `
apiVersion: v1
kind: ConfigMap
metadata: {name: young, namespace: learn-heal, uid: c1, deletionTimestamp: "2026-05-04T12:00:58Z", finalizers: [example.com/x]}`)
	d, err := explain.Why(query(t, "pv/disk"), now)
	if err != nil {
		t.Fatal(err)
	}
	if p := d.Problems[0]; p.Code != explain.Terminating || !strings.Contains(p.Advice, "when no claim is bound") || strings.Contains(p.Advice, "Whoever") {
		t.Errorf("%+v", p)
	}
	if d, err = explain.Why(query(t, "configmap/young"), now); err != nil || len(d.Causes()) > 0 || d.Health != explain.Waiting {
		t.Errorf("two seconds after the deletion: %v, %+v", err, d)
	}
}

// Whoever refuses a ReplicaSet's Pods is named.
func TestWhoRefusesPods(t *testing.T) {
	for said, want := range map[string]struct {
		code  explain.Code
		title string
	}{
		`admission webhook "gate.example.com" denied the request: no team`:                                        {explain.Webhook, `webhook "gate.example.com" refuses them`},
		`failed calling webhook "gate.example.com": failed to call webhook: context deadline exceeded`:            {explain.Webhook, "does not answer"},
		`pods "web-1" is forbidden: ValidatingAdmissionPolicy 'team' with binding 'b' denied request: no team`:    {explain.AdmissionPolicy, `ValidatingAdmissionPolicy "team" refuses them`},
		`pods "web-1" is forbidden: pod rejected: RuntimeClass "gvisor" not found`:                                {explain.RuntimeClassMissing, `RuntimeClass "gvisor"`},
		`Pod "web-1" is invalid: spec.containers[0]: Invalid value: must be less than or equal to cpu limit of 1`: {explain.Refused, "the API server refuses them"},
		`persistentvolumeclaims "data-db-0" is forbidden: exceeded quota: storage, requested: a=1, limited: a=0`:  {explain.Quota, "Its claims"},
	} {
		set := "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web, namespace: learn-heal, uid: r1}, spec: {replicas: 1}, status: {conditions: [{type: ReplicaFailure, status: 'True', message: '" +
			strings.ReplaceAll(said, "'", "''") + "'}]}}"
		d, err := explain.Why(snapshot.Query{}, scene(t, set))
		if err != nil {
			t.Fatal(err)
		}
		if p := d.Problems[0]; p.Code != want.code || !strings.Contains(p.Title, want.title) {
			t.Errorf("%s: %+v", said, p)
		}
	}
}

// A DaemonSet that some node is fit for, or whose controller has not counted yet, is not told of; nor is one for
// nodes to come, unless it is asked about.
func TestADaemonSetWithoutPods(t *testing.T) {
	for status, told := range map[string]bool{
		"{desiredNumberScheduled: 0, observedGeneration: 2}": true, "{desiredNumberScheduled: 0, observedGeneration: 1}": false, "{desiredNumberScheduled: 1, observedGeneration: 2}": false,
	} {
		set := "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent, namespace: learn-heal, uid: d1, generation: 2}, spec: {template: {spec: {nodeSelector: {disk: ssd}}}}, status: " + status + "}"
		agent, err := snapshot.ParseQuery("daemonset/agent")
		if err != nil {
			t.Fatal(err)
		}
		d, err := explain.Why(agent, scene(t, node, set))
		if err != nil {
			t.Fatal(err)
		}
		if (len(d.Causes()) > 0) != told {
			t.Errorf("%s: %+v", status, d.Problems)
		}
		if d, err = explain.Why(snapshot.Query{}, scene(t, node, set)); err != nil {
			t.Fatal(err)
		}
		if len(d.Causes()) > 0 || (len(d.Unseen) > 0) != told {
			t.Errorf("%s, where nobody asks for it: %+v, %q", status, d.Problems, d.Unseen)
		}
	}
}

// A Deployment that waits for its Pods to end is on its way as they are; one whose Pod a finalizer holds is a symptom of that.
func TestADeploymentThatEndsWithItsPods(t *testing.T) {
	const set = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: learn-heal, uid: d1, deletionTimestamp: "2026-05-04T11:59:00Z", finalizers: [foregroundDeletion]}`
	for deleted, held := range map[string]bool{
		`deletionTimestamp: "2026-05-04T12:05:00Z"`:                                  false,
		`deletionTimestamp: "2026-05-04T11:59:30Z", finalizers: [example.com/drain]`: true,
	} {
		ending := strings.Replace(pod("", "state: {running: {}}", ""), "uid: p1", "uid: p1, ownerReferences: [{kind: Deployment, name: app, uid: d1}], "+deleted, 1)
		d, err := explain.Why(snapshot.Query{}, scene(t, node, set, ending))
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Problems) != 1 || d.Problems[0].Waiting == held || d.Problems[0].Subject.Kind != "Pod" || len(d.Problems[0].Symptoms) != 1 {
			t.Errorf("%s: %+v", deleted, d.Problems)
		}
	}
}

// An Ingress that nobody gave an address is no cause; that its controller can't be seen is said.
func TestAnIngressWithoutAnAddress(t *testing.T) {
	const class = "{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: nginx, uid: c1}, spec: {controller: example.com/nginx}}"
	const ingress = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: learn-heal, uid: i1, creationTimestamp: "2026-05-04T11:50:00Z"}
spec: {ingressClassName: nginx}
status: STATUS`
	for status, said := range map[string]int{"{}": 1, "{loadBalancer: {ingress: [{ip: 192.0.2.1}]}}": 0} {
		d, err := explain.Why(snapshot.Query{}, scene(t, class, strings.Replace(ingress, "STATUS", status, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Causes()) > 0 || len(d.Unseen) != said || said > 0 && !strings.Contains(d.Unseen[0], "example.com/nginx") {
			t.Errorf("%s: %+v", status, d)
		}
	}
}
