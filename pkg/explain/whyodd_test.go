package explain_test

import (
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
)

const controlPlane = `
apiVersion: v1
kind: Node
metadata: {name: control-plane, uid: n0, labels: {node-role.kubernetes.io/control-plane: ""}}
spec: {taints: [{key: node-role.kubernetes.io/control-plane, effect: NoSchedule}]}
status: {conditions: [{type: Ready, status: "True"}]}`

// TestWhyOdd has situations whose first look leads elsewhere.
func TestWhyOdd(t *testing.T) {
	pending := func(message string) string {
		return `
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: learn-heal, uid: p1, labels: {app: app}, creationTimestamp: "2026-05-04T12:00:00Z"}
spec: {restartPolicy: Always, containers: [{name: app, image: nginx}], volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]}
status: {phase: Pending, conditions: [{type: PodScheduled, status: "False", reason: Unschedulable, message: "` + message + `"}]}`
	}
	claim := `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: learn-heal, uid: c1}
spec: {volumeName: disk}
status: {phase: Bound}`
	const taint = "0/2 nodes are available: 1 node(s) had untolerated taint(s), "
	ended := func(phase string) string {
		return strings.Replace(pod("", "state: {terminated: {exitCode: 0, reason: Completed}}", ""), "phase: Running", "phase: "+phase, 1)
	}
	service := func(spec string) string {
		return `
apiVersion: v1
kind: Service
metadata: {name: app, namespace: learn-heal, uid: s1, creationTimestamp: "2026-05-04T11:00:00Z"}
spec: {` + spec + `}`
	}
	ready := strings.Replace(pod("ports: [{name: http, containerPort: 80, protocol: TCP}]", "state: {running: {}}", ""), `{type: Ready, status: "False"`, `{type: Ready, status: "True"`, 1)
	half := `
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: learn-heal, uid: p1, creationTimestamp: "2026-05-04T11:00:00Z"}
spec: {nodeName: worker-1, restartPolicy: OnFailure, containers: [{name: one, image: nginx}, {name: two, image: nginx}]}
status:
  phase: Running
  conditions: [{type: PodScheduled, status: "True"}, {type: Ready, status: "False"}]
  containerStatuses: [{name: one, ready: false, state: {terminated: {exitCode: 0, reason: Completed}}}, {name: two, ready: true, state: {running: {}}}]`
	for _, c := range []struct {
		name, target string
		objects      []string
		code         explain.Code // empty where nothing is wrong
		says         []string
		not          string
	}{
		{"a claim for one Pod", "pod/app", []string{controlPlane, node, claim, pending(taint + "1 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod.")},
			explain.VolumePlace, []string{"for one Pod at a time", "data"}, "toleration"},
		{"a volume elsewhere", "pod/app", []string{controlPlane, node, claim, pending(taint + "1 node(s) didn't match PersistentVolume's node affinity.")}, explain.VolumePlace, nil, "toleration"},
		{"words that nobody knows", "pod/app", []string{controlPlane, node, claim, pending(taint + "1 node(s) were not in the mood.")}, explain.Unschedulable, []string{"not in the mood"}, "toleration"},
		{"a Service over what is done", "service/app", []string{node, ended("Succeeded"), service("selector: {app: app}, ports: [{port: 80}]")}, explain.NoEndpoints, []string{"have ended", "phase Succeeded"}, "kubectl set selector"},
		{"a port of another protocol", "service/app", []string{node, ready, service("selector: {app: app}, ports: [{port: 80, protocol: UDP, targetPort: http}]")},
			explain.PortMismatch, []string{"http and protocol UDP", "is TCP", `"path":"/spec/ports/0/protocol","value":"TCP"`}, "Did you mean"},
		{"a Service that nobody gave addresses", "service/app", []string{node, service("ports: [{port: 80}]")}, explain.NoEndpoints, []string{"no selector"}, ""},
		{"no word of the scheduler", "pod/app", []string{node, strings.Replace(strings.Replace(pending(""), "12:00:00Z", "11:40:00Z", 1), `conditions: [{type: PodScheduled, status: "False", reason: Unschedulable, message: ""}]`, "conditions: []", 1)},
			explain.NoScheduler, []string{"has said nothing about it for 21 min"}, ""},
		{"half done", "pod/app", []string{node, half}, "", nil, ""},
		{"no room on the node that it names", "pod/app", []string{node, strings.Replace(ended("Failed"), "phase: Failed", "phase: Failed\n  reason: OutOfcpu\n  message: requested 500", 1)},
			explain.NoRoom, []string{"not enough cpu"}, ""},
		{"a volume that is not there", "pvc/data", []string{node, strings.Replace(claim, "Bound", "Pending", 1)}, explain.ClaimUnbound, []string{"names the volume disk, which is not there"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := explain.Why(query(t, c.target), scene(t, c.objects...))
			if err != nil {
				t.Fatal(err)
			}
			causes := d.Causes()
			if c.code == "" {
				if len(d.Problems) > 0 {
					t.Errorf("%+v", d.Problems)
				}
				return
			}
			if len(causes) == 0 || causes[0].Code != c.code {
				t.Fatalf("%+v", d.Problems)
			}
			p := d.Problems[0]
			text := strings.Join(append(append([]string{p.Title, p.Advice}, p.Try...), p.Look...), " ")
			for _, l := range p.Chain {
				text += " " + l.Claim + " " + l.Evidence
			}
			for _, s := range c.says {
				if !strings.Contains(text, s) {
					t.Errorf("%q is not in %s", s, text)
				}
			}
			if c.not != "" && strings.Contains(text, c.not) {
				t.Errorf("%q is in %s", c.not, text)
			}
		})
	}
}
