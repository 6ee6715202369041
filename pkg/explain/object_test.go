package explain_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// said is all that is told of an object, in one line.
func said(d *explain.Object) string {
	var parts []string
	for _, w := range d.Writers {
		parts = append(parts, fmt.Sprintf("%s wrote %s", w.Who, strings.Join(w.Fields, ", ")))
	}
	for _, l := range slices.Concat(d.Now, d.Deleted) {
		parts = append(parts, l.Claim+" ["+l.Evidence+"]")
	}
	return strings.Join(parts, "\n")
}

// TestDescribeRecorded explains objects that were recorded on a practice cluster.
func TestDescribeRecorded(t *testing.T) {
	for target, name := range map[string]string{
		"deployment/web": "object-deployment", "service/web": "object-service", "node/worker-1": "object-node",
	} {
		t.Run(target, func(t *testing.T) {
			d, err := explain.Describe(query(t, target), load[snapshot.Snapshot](t, "rollout.snapshot.yaml"), "What the API says.")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, &explain.Explanation{Kind: "object", Target: target, Object: d})
		})
	}
}

const owner = `, ownerReferences: [{apiVersion: apps/v1, kind: %s, name: up, uid: u1, controller: true}]`

func object(kind, meta, rest string) string {
	version := map[string]string{
		"Pod": "v1", "ConfigMap": "v1", "Secret": "v1", "PersistentVolumeClaim": "v1", "PersistentVolume": "v1", "Namespace": "v1", "ServiceAccount": "v1",
		"Service": "v1", "PodDisruptionBudget": "policy/v1", "EndpointSlice": "discovery.k8s.io/v1", "Ingress": "networking.k8s.io/v1",
		"Job": "batch/v1", "CronJob": "batch/v1", "StatefulSet": "apps/v1", "DaemonSet": "apps/v1", "NetworkPolicy": "networking.k8s.io/v1",
	}[kind]
	return fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {name: x, namespace: learn-heal, uid: x1%s}\n%s", version, kind, meta, rest)
}

// TestDescribe tells of single objects what they do and what their deletion would bring.
func TestDescribe(t *testing.T) {
	running := "spec: {nodeName: worker-1, serviceAccountName: robot, terminationGracePeriodSeconds: 7, containers: [{name: main, image: nginx, envFrom: [{configMapRef: {name: x}}]}]," +
		" volumes: [{name: s, projected: {sources: [{secret: {name: x}}]}}, {name: d, persistentVolumeClaim: {claimName: x}}]}\n" +
		"status: {phase: Running, podIP: 10.1.2.3, conditions: [{type: Ready, status: \"True\", lastTransitionTime: \"2026-05-04T12:00:30Z\"}]," +
		" containerStatuses: [{name: main, image: nginx, ready: true, restartCount: 2, state: {running: {startedAt: \"2026-05-04T12:00:20Z\"}}}]}"
	user := strings.ReplaceAll(object("Pod", "", running), "metadata: {name: x, namespace: learn-heal, uid: x1", "metadata: {name: user, namespace: learn-heal, uid: p9")
	service := strings.Replace(object("Service", "", "spec: {selector: {app: x}, clusterIP: 10.96.0.9, ports: [{port: 80, targetPort: web}]}"), "name: x", "name: front", 1)
	slice := `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: front-1, namespace: learn-heal, uid: s1, labels: {kubernetes.io/service-name: front}}
endpoints: [{addresses: [10.1.2.3], conditions: {ready: true}, targetRef: {kind: Pod, name: x}}]`
	budget := strings.Replace(object("PodDisruptionBudget", "", "spec: {selector: {matchLabels: {app: x}}, minAvailable: 1}\nstatus: {disruptionsAllowed: 0}"), "name: x", "name: guard", 1)
	of := func(kind string) string { return fmt.Sprintf(owner, kind) }
	for _, c := range []struct {
		name, target string
		objects      []string
		says         []string
		never        []string
	}{
		{
			"a ReplicaSet's Pod behind a Service", "pod/x",
			[]string{object("Pod", ", labels: {app: x}"+of("ReplicaSet"), running), service, slice, budget},
			[]string{
				"It is on node worker-1 with address 10.1.2.3.", "runs for 40 s, after 2 restarts", "It is ready, for 30 s.", "Service front sends it requests.",
				"makes another Pod, with another name and UID", "Nobody answers for Service front", "lets 0 more be evicted", "after 7 s they are killed",
			},
			[]string{"Nothing makes it again"},
		},
		{"a Pod that nobody owns", "pod/x", []string{object("Pod", "", running)}, []string{"Nothing makes it again: no controller owns it."}, nil},
		{"a StatefulSet's Pod", "pod/x", []string{object("Pod", of("StatefulSet"), running)}, []string{"a Pod of the same name again, with another UID and the same volumes"}, nil},
		{"a DaemonSet's Pod", "pod/x", []string{object("Pod", of("DaemonSet"), running)}, []string{"another Pod, on the same node"}, nil},
		{
			"a Job's Pod that is done", "pod/x", []string{object("Pod", of("Job"), "spec: {nodeName: worker-1, containers: [{name: main, image: nginx}]}\nstatus: {phase: Succeeded}")},
			[]string{"Nothing makes it again: its work for Job up is over."}, []string{"asked to end"},
		},
		{"the picture of a static Pod", "pod/x", []string{object("Pod", strings.Replace(of("Node"), "apps/v1", "v1", 1), running)}, []string{"the picture of a static Pod"}, nil},
		{
			"an owner that goes too", "pod/x",
			[]string{
				object("Pod", of("StatefulSet"), running),
				"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: up, namespace: learn-heal, uid: u1, deletionTimestamp: \"2026-05-04T12:00:59Z\"}",
			},
			[]string{"its owner StatefulSet up is being deleted too"}, nil,
		},
		{
			"a ConfigMap that a Pod reads", "configmap/x", []string{object("ConfigMap", "", "data: {page: hello, color: red}"), user},
			[]string{"Its keys: color, page.", "1 Pod uses it: user.", "can't start without it: user."}, []string{"hello"},
		},
		{
			"a Secret, whose values are nobody's business", "secret/x", []string{object("Secret", "", "data: {password: aHVudGVyMg==}"), user},
			[]string{"Its keys: password.", "can't start without it: user."}, []string{"aHVudGVyMg"},
		},
		{"a ConfigMap that nobody reads", "configmap/x", []string{object("ConfigMap", "", "data: {a: b}")}, []string{"No Pod in its namespace would miss it"}, nil},
		{
			"a claim in use", "pvc/x",
			[]string{
				object("PersistentVolumeClaim", ", finalizers: [kubernetes.io/pvc-protection]", "spec: {volumeName: vol}\nstatus: {phase: Bound, capacity: {storage: 1Gi}}"), user,
				"apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: vol, uid: v1}\nspec: {persistentVolumeReclaimPolicy: Delete}",
			},
			[]string{"bound to volume vol of 1Gi", "kubernetes.io/pvc-protection", "until the last Pod that uses it is gone: user", "Its volume is deleted with it"}, nil,
		},
		{
			"a Service that an Ingress leads to", "service/x",
			[]string{
				object("Service", "", "spec: {selector: {app: none}, clusterIP: None, ports: [{port: 80}]}"),
				strings.Replace(object("Ingress", "", "spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: x, port: {number: 80}}}}]}}]}"), "name: x", "name: door", 1),
			},
			[]string{"It is headless", "Of 0 Pods with app=none, 0 answer.", "Its Pods go on running", "Ingress door leads to it"}, nil,
		},
		{
			"a ServiceAccount", "sa/robot", []string{strings.Replace(object("ServiceAccount", "", ""), "name: x", "name: robot", 1), user},
			[]string{"1 Pod uses it: user.", "can't start without it"}, nil,
		},
		{"a suspended CronJob", "cronjob/x", []string{object("CronJob", "", "spec: {schedule: \"*/5 * * * *\", suspend: true}")}, []string{"Its clock is */5 * * * *.", "It is suspended"}, nil},
		{
			"a Deployment that others look after", "deploy/x",
			[]string{
				"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, namespace: learn-heal, uid: x1}\nspec: {replicas: 3, selector: {matchLabels: {app: x}}, template: {metadata: {labels: {app: x}}, spec: {containers: []}}}",
				budget, strings.NewReplacer("guard", "foreign", "uid: x1", "uid: b2", "app: x", "app: z").Replace(budget),
				"apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: hpa, namespace: learn-heal, uid: h1}\nspec: {scaleTargetRef: {kind: Deployment, name: x}, minReplicas: 2, maxReplicas: 5}\nstatus: {desiredReplicas: 3}",
				"apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: stranger, namespace: learn-heal, uid: h2}\nspec: {scaleTargetRef: {kind: Deployment, name: y}, maxReplicas: 5}",
			},
			[]string{
				"HorizontalPodAutoscaler hpa sets its number of Pods, from 2 to 5; it wants 3 now.", "PodDisruptionBudget guard lets 0 of its Pods be evicted now",
				"HorizontalPodAutoscaler hpa stays, and has nothing to scale", "PodDisruptionBudget guard stays, and does not stop it",
			},
			[]string{"stranger", "foreign"},
		},
		{"a node that runs", "node/worker-1", []string{node}, []string{"The machine goes on running"}, nil},
		{"a node that is off", "node/worker-1", []string{deadNode}, []string{"Whether the machine runs can't be seen"}, []string{"goes on running"}},
		{
			"a Pod that the scheduler placed", "pod/x",
			[]string{object("Pod", `, managedFields: [{manager: kubectl-create, operation: Update, fieldsType: FieldsV1, fieldsV1: {"f:spec": {"f:containers": {}}}}]`, running)},
			[]string{"The scheduler put it there. [spec.schedulerName"}, []string{"No scheduler"},
		},
		{
			"a Pod of a scheduler of its own", "pod/x",
			[]string{object("Pod", `, managedFields: [{manager: kubectl-create, operation: Update, fieldsType: FieldsV1, fieldsV1: {"f:spec": {"f:containers": {}}}}]`, strings.Replace(running, "nodeName:", "schedulerName: own, nodeName:", 1))},
			[]string{"Scheduler own put it there."}, nil,
		},
		{
			"a Pod that was made for a node", "pod/x",
			[]string{object("Pod", `, managedFields: [{manager: kubectl-create, operation: Update, fieldsType: FieldsV1, fieldsV1: {"f:spec": {"f:nodeName": {}}}}]`, running)},
			[]string{"No scheduler put it there: kubectl made it with that node in its spec."}, []string{"The scheduler"},
		},
		{"a rule", "networkpolicy/x", []string{object("NetworkPolicy", "", "spec: {podSelector: {}}")}, []string{"those that no policy selects any more may connect to all"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := explain.Describe(query(t, c.target), scene(t, c.objects...), "")
			if err != nil {
				t.Fatal(err)
			}
			text := said(d)
			for _, s := range c.says {
				if !strings.Contains(text, s) {
					t.Errorf("it does not say %q:\n%s", s, text)
				}
			}
			for _, s := range c.never {
				if strings.Contains(text, s) {
					t.Errorf("it says %q:\n%s", s, text)
				}
			}
		})
	}
}

// TestDescribeUnknownKind explains an object of a kind that this program knows nothing of, by its conditions.
func TestDescribeUnknownKind(t *testing.T) {
	kind := snapshot.Kind{Kind: "Backup", Resource: "backups", Singular: "backup", Group: "example.com", Version: "v1", Namespaced: true}
	q, err := snapshot.ParseQueryOf(kind, "backups/x")
	if err != nil {
		t.Fatal(err)
	}
	now := scene(t, `
apiVersion: example.com/v1
kind: Backup
metadata:
  name: x
  namespace: learn-heal
  uid: b1
  managedFields:
  - {manager: kubectl-client-side-apply, operation: Update, time: "2026-05-04T12:00:00Z", fieldsType: FieldsV1, fieldsV1: {"f:spec": {"f:every": {}, "f:keep": {}}}}
  - {manager: backup-operator, operation: Update, subresource: status, time: "2026-05-04T12:00:30Z", fieldsType: FieldsV1, fieldsV1: {"f:status": {"f:conditions": {}}}}
status:
  conditions: [{type: Ready, status: "False", message: the bucket is full}]`, `
apiVersion: batch/v1
kind: Job
metadata: {name: x-1, namespace: learn-heal, uid: j1, ownerReferences: [{apiVersion: example.com/v1, kind: Backup, name: x, uid: b1, controller: true}]}`)
	d, err := explain.Describe(q, now, "Backup keeps copies.")
	if err != nil {
		t.Fatal(err)
	}
	text := said(d)
	for _, s := range []string{
		"kubectl apply wrote spec.every, spec.keep", "backup-operator wrote status.conditions", "Ready is False: the bucket is full.", "deletes what it owns, directly or not: Job x-1",
	} {
		if !strings.Contains(text, s) {
			t.Errorf("it does not say %q:\n%s", s, text)
		}
	}
	if d.Doc != "Backup keeps copies." || d.Is != "" || d.Health == explain.Well || d.Family == nil {
		t.Errorf("it is told as %+v", d)
	}
}

func TestDescribeNothing(t *testing.T) {
	if _, err := explain.Describe(query(t, "pod/nosuch"), scene(t, node), ""); !errors.Is(err, explain.ErrNoTarget) {
		t.Errorf("the error is %v", err)
	}
	now := scene(t)
	now.Errors = map[string]string{"pods": "pods is forbidden"}
	if _, err := explain.Describe(query(t, "pod/x"), now, ""); err == nil || !strings.Contains(err.Error(), "forbidden") {
		t.Errorf("what can't be read is told as %v", err)
	}
}

// TestWrittenFields counts fields where there are many, and leaves out none.
func TestWrittenFields(t *testing.T) {
	now := scene(t, `
apiVersion: v1
kind: Pod
metadata:
  name: x
  namespace: learn-heal
  uid: p1
  managedFields:
  - manager: kube-controller-manager
    operation: Update
    fieldsType: FieldsV1
    fieldsV1:
      "f:metadata": {"f:generateName": {}, "f:labels": {".": {}, "f:app": {}, "f:hash": {}}}
      "f:spec":
        "f:containers": {'k:{"name":"main"}': {".": {}, "f:image": {}, "f:name": {}, "f:resources": {}, "f:ports": {}, "f:env": {}}}
        "f:dnsPolicy": {}
        "f:restartPolicy": {}`)
	d, err := explain.Describe(query(t, "pod/x"), now, "")
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(d.Writers[0].Fields, ", ")
	want := "metadata.generateName, metadata.labels.app, metadata.labels.hash, spec.containers[main] (5 fields), spec.dnsPolicy, spec.restartPolicy"
	if got != want {
		t.Errorf("the fields are\n%s, want\n%s", got, want)
	}
}
