package explain_test

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// scene is a snapshot of the objects given, a minute after noon.
func scene(t *testing.T, texts ...string) *snapshot.Snapshot {
	t.Helper()
	s := &snapshot.Snapshot{At: time.Date(2026, 5, 4, 12, 1, 0, 0, time.UTC), Namespace: "learn-heal"}
	for _, text := range texts {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(text), o); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		s.Objects = append(s.Objects, o)
	}
	return s
}

const node = `
apiVersion: v1
kind: Node
metadata: {name: worker-1, uid: n1}
status: {conditions: [{type: Ready, status: "True"}]}`

const deadNode = `
apiVersion: v1
kind: Node
metadata: {name: worker-1, uid: n1}
status: {conditions: [{type: Ready, status: Unknown, message: Kubelet stopped posting node status., lastTransitionTime: "2026-05-04T12:00:30Z"}]}`

// pod is a Pod app with one container app; status is the container's, in YAML's flow form.
func pod(spec, status, rest string) string {
	return `
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: learn-heal, uid: p1, labels: {app: app}, creationTimestamp: "2026-05-04T12:00:00Z"}
spec: {nodeName: worker-1, restartPolicy: Always, containers: [{name: app, image: "nginx:1.29", ` + spec + `}]}
status:
  phase: Running
  conditions: [{type: PodScheduled, status: "True"}, {type: Ready, status: "False", lastTransitionTime: "2026-05-04T12:00:10Z"}]
  containerStatuses: [{name: app, image: "nginx:1.29", ready: false, ` + status + `}]
` + rest
}

func event(reason, message string) string {
	return `
apiVersion: v1
kind: Event
metadata: {name: app.1, namespace: learn-heal, uid: e1}
involvedObject: {kind: Pod, name: app, uid: p1}
reason: ` + reason + `
message: "` + message + `"
count: 3
lastTimestamp: "2026-05-04T12:00:51Z"`
}

func TestWhy(t *testing.T) {
	service := `
apiVersion: v1
kind: Service
metadata: {name: app, namespace: learn-heal, uid: s1}
spec: {selector: {app: app}, ports: [{port: 80, targetPort: http}]}`
	ready := strings.Replace(pod("", "state: {running: {}}", ""), `{type: Ready, status: "False"`, `{type: Ready, status: "True"`, 1)
	for _, c := range []struct {
		name, target string
		objects      []string
		code         string
		says         []string // each somewhere in the problem
		look         string
		waiting      bool
	}{
		{
			"crash loop", "pod/app",
			[]string{node, pod("", `restartCount: 4, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 127, reason: Error}}`, "")},
			"BadCommand", []string{"exit code 127", "restarts 4", "no such command"}, "kubectl logs app -c app --previous", false,
		},
		{
			"out of memory", "pod/app",
			[]string{node, pod("", `restartCount: 2, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 137, reason: OOMKilled}}`, "")},
			"OOMKilled", []string{"out of memory", "resources.limits.memory"}, "kubectl logs app -c app --previous", false,
		},
		{
			"a registry that wants to know who pulls", "pod/app",
			[]string{
				node, pod("", `state: {waiting: {reason: ImagePullBackOff}}`, ""),
				event("Failed", "Failed to pull image \\\"nginx:1.29\\\": failed to authorize: unexpected status from GET request: 401 Unauthorized"),
			},
			"ImagePullSecret", []string{"does not give out the image nginx:1.29 to anybody", "401 Unauthorized", "The Pod names no pull secret."}, "kubectl get secrets", false,
		},
		{
			"a registry that does not say which it is", "pod/app",
			[]string{
				node, pod("", `state: {waiting: {reason: ImagePullBackOff}}`, ""),
				event("Failed", "Failed to pull image \\\"nginx:1.29\\\": pull access denied, repository does not exist or may require authorization"),
			},
			"ImagePull", []string{"whether the image is missing or private"}, "kubectl describe pod app", false,
		},
		{
			"command that is not there", "pod/app",
			[]string{node, pod("", `state: {waiting: {reason: RunContainerError, message: "exec: \"nope\": executable file not found in $PATH"}}`, "")},
			"BadCommand", []string{"can't be started", "executable file not found"}, "kubectl describe pod app", false,
		},
		{
			"liveness", "pod/app",
			[]string{
				node, pod("", `restartCount: 2, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 137, reason: Error}}`, ""),
				event("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500"),
			},
			"ProbeFailing", []string{"liveness probe fails", "statuscode: 500", "3 times, last 9 s ago"}, "kubectl describe pod app", false,
		},
		{
			"readiness", "pod/app",
			[]string{
				node, pod(`readinessProbe: {httpGet: {port: 81, path: /ready}, periodSeconds: 2}`, `state: {running: {}}`, ""),
				event("Unhealthy", "Readiness probe failed: connection refused"),
			},
			"ProbeFailing", []string{"readiness probe fails", "connection refused", "GET port 81 path /ready, every 2 s"}, "kubectl describe pod app", false,
		},
		{
			"configuration", "pod/app",
			[]string{node, pod("", `state: {waiting: {reason: CreateContainerConfigError, message: configmap "page" not found}}`, "")},
			"ConfigMissing", []string{`configmap "page" not found`}, "kubectl get configmaps", false,
		},
		{
			"volume", "pod/app",
			[]string{node, pod("", `state: {waiting: {reason: ContainerCreating}}`, ""), event("FailedMount", "MountVolume.SetUp failed: configmap not found")},
			"VolumeNotReady", []string{"configmap not found"}, "kubectl describe pod app", false,
		},
		{
			"starting", "pod/app", []string{node, pod("", `state: {waiting: {reason: ContainerCreating}}`, "")},
			"Starting", []string{"ContainerCreating for 60 s"}, "", true,
		},
		{
			"lost node", "pod/app", []string{deadNode, pod("", `state: {running: {}}`, "")},
			"NodeDown", []string{"Ready=Unknown", "Nothing owns pod/app"}, "kubectl describe node worker-1", false,
		},
		{
			"not seen by the scheduler", "pod/app",
			[]string{`
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: learn-heal, uid: p1, creationTimestamp: "2026-05-04T12:00:00Z"}
spec: {containers: [{name: app, image: nginx}]}`},
			"Starting", []string{"Pending for 60 s"}, "", true,
		},
		{
			"selector", "service/app", []string{service, strings.Replace(ready, "labels: {app: app}", "labels: {app: ap}", 1)},
			"SelectorMismatch", []string{"spec.selector app=app", "labels app=ap"}, "kubectl get pods --show-labels", false,
		},
		{
			"no Pods at all", "service/app", []string{service},
			"SelectorMismatch", []string{"no Pods here at all"}, "kubectl get pods --show-labels", false,
		},
		{
			"port by name", "service/app", []string{service, ready},
			"PortMismatch", []string{"although some are ready", "port http"}, "kubectl describe service app", false,
		},
		{
			"no metrics-server", "hpa/web",
			[]string{`
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: learn-heal, uid: h1}
spec: {scaleTargetRef: {kind: Deployment, name: web}, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]}
status:
  conditions:
  - {type: ScalingActive, status: "False", reason: FailedGetResourceMetric, lastTransitionTime: "2026-05-04T12:00:50Z",
     message: "unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)"}`},
			"HPANoMetrics", []string{"metrics-server", "could not find the requested resource", "resource cpu, 50 % of requests"}, "kubectl describe hpa web", false,
		},
		{
			"an eviction that is over", "pod/app",
			[]string{node, strings.Replace(pod("", `state: {terminated: {exitCode: 137, reason: Error}}`, "  reason: Evicted\n  message: 'The node was low on resource: memory.'"), "phase: Running", "phase: Failed", 1)},
			"Evicted", []string{"low on resource: memory", "resources.requests"}, "kubectl describe pod app", false,
		},
		{
			"cordoned", "node/worker-1", []string{strings.Replace(node, "status:", "spec: {unschedulable: true}\nstatus:", 1)},
			"Cordoned", []string{"closed for new Pods"}, "", false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := explain.Why(query(t, c.target), scene(t, c.objects...))
			if err != nil {
				t.Fatal(err)
			}
			if len(d.Problems) == 0 {
				t.Fatalf("no problem was found: %+v", d)
			}
			p := d.Problems[0]
			text, err := yaml.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			flat := strings.Join(strings.Fields(string(text)), " ")
			flat = strings.ReplaceAll(flat, `''`, `'`)
			if p.Code != c.code || p.Waiting != c.waiting {
				t.Errorf("found %s (waiting %v), want %s (%v)", p.Code, p.Waiting, c.code, c.waiting)
			}
			for _, s := range c.says {
				if !strings.Contains(flat, s) {
					t.Errorf("it does not say %q:\n%s", s, text)
				}
			}
			if c.look != "" && !strings.Contains(strings.Join(p.Look, "\n"), c.look) {
				t.Errorf("it does not say to look with %q but %q", c.look, p.Look)
			}
			if wrong := d.Health == explain.Well; wrong {
				t.Error("it is said to be well")
			}
		})
	}
}

// One cause in many Pods is told once.
func TestOneCauseIsToldOnce(t *testing.T) {
	one := pod("", `state: {waiting: {reason: ImagePullBackOff}}`, "")
	two := strings.NewReplacer("name: app, namespace", "name: app-2, namespace", "uid: p1", "uid: p2").Replace(one)
	d, err := explain.Why(query(t, "pods?app=app"), scene(t, node, one, two))
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Problems) != 1 || strings.Join(d.Problems[0].Objects, " ") != "pod/app pod/app-2" {
		t.Errorf("%+v", d.Problems)
	}
}
