package explain_test

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// TestParts judges the pieces of a control plane by each of the ways in which they can be seen.
func TestParts(t *testing.T) {
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	system := func(texts ...string) *snapshot.Snapshot {
		s := &snapshot.Snapshot{Namespace: "kube-system"}
		for _, text := range texts {
			o := &unstructured.Unstructured{}
			if err := yaml.Unmarshal([]byte(text), o); err != nil {
				t.Fatal(err)
			}
			s.Objects = append(s.Objects, o)
		}
		return s
	}
	lease := func(name, renewed string) string {
		return "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: " + name + "}, spec: {leaseDurationSeconds: 15, renewTime: \"2026-05-04T" + renewed + ".000000Z\"}}"
	}
	pod := func(name, label, ready string) string {
		return "{apiVersion: v1, kind: Pod, metadata: {name: " + name + ", labels: {" + label + "}}, status: {phase: Running, conditions: [{type: Ready, status: \"" + ready + "\"}]}}"
	}
	ready := &snapshot.Readiness{OK: true, Took: 3 * time.Millisecond, Checks: map[string]bool{"etcd": true}}
	for _, c := range []struct {
		name   string
		vitals snapshot.Vitals
		part   string
		health explain.Health
		how    string
		away   bool
	}{
		{"the server answers", snapshot.Vitals{Ready: ready}, "API server", explain.Well, "/readyz ok, 3 ms", false},
		{"the server does not answer", snapshot.Vitals{Errors: map[string]string{"/readyz": "connection refused"}}, "API server", explain.Unwell, "/readyz: connection refused", true},
		{"etcd by the server's word", snapshot.Vitals{Ready: ready}, "etcd", explain.Well, "/readyz/etcd ok", false},
		{"etcd away", snapshot.Vitals{Ready: &snapshot.Readiness{Checks: map[string]bool{"etcd": false}}}, "etcd", explain.Unwell, "/readyz/etcd failed", true},
		{"a lease that is renewed", snapshot.Vitals{At: at, System: system(lease("kube-scheduler", "11:59:59"))}, "scheduler", explain.Well, "lease renewed 1.0 s ago", false},
		{"a lease that ran out", snapshot.Vitals{At: at, System: system(lease("kube-controller-manager", "11:59:31"))}, "controller manager", explain.Unwell, "lease ran out 14 s ago", true},
		{
			"a lease says more than a Pod", snapshot.Vitals{At: at, System: system(lease("kube-scheduler", "11:59:00"), pod("kube-scheduler-cp", "component: kube-scheduler", "True"))},
			"scheduler", explain.Unwell, "lease ran out 45 s ago", true,
		},
		{"a Pod", snapshot.Vitals{At: at, System: system(pod("kube-scheduler-cp", "component: kube-scheduler", "True"))}, "scheduler", explain.Well, "its Pod is ready", false},
		{
			"some of several Pods", snapshot.Vitals{At: at, System: system(pod("dns-1", "k8s-app: kube-dns", "True"), pod("dns-2", "k8s-app: kube-dns", "False"))},
			"DNS", explain.Waiting, "1 of 2 Pods ready", false,
		},
		{
			"the maker's report", snapshot.Vitals{At: at, System: system(), Reported: []snapshot.Reported{{Name: "scheduler", Healthy: true, Evidence: "process 7"}}},
			"scheduler", explain.Well, "process 7", false,
		},
		{"somebody else runs it", snapshot.Vitals{At: at, System: system()}, "scheduler", explain.Unknown, "can't be seen: no lease and no Pod in kube-system", false},
		{
			"it may not be looked at", snapshot.Vitals{At: at, System: &snapshot.Snapshot{Errors: map[string]string{"leases": "forbidden"}}},
			"scheduler", explain.Unknown, "leases of kube-system can't be read", false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, p := range explain.Parts(&c.vitals) {
				if p.Name != c.part {
					continue
				}
				if p.Health != c.health || p.Evidence != c.how || (p.Away != "") != c.away || p.Does == "" {
					t.Errorf("it is %+v", p)
				}
				return
			}
			t.Errorf("%s is not among the parts", c.part)
		})
	}
}
