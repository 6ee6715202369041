package explain

import (
	"fmt"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// part is one piece of a control plane, and where it can be seen.
type part struct {
	name, does, away string
	// check is its line in the API server's /readyz.
	check string
	// lease is what it renews in kube-system while it leads.
	lease string
	// label is the label of its Pods in kube-system, as kubeadm and its kin set it; several are alternatives.
	labels []string
	// addOn says that a cluster can be without it.
	addOn bool
}

// theParts are the pieces in the order in which they are told. What they are for and what is missed while they are away is how
// Kubernetes works (kubernetes.io/docs/concepts/overview/components).
var theParts = []part{
	{
		name: "API server", does: "every request goes through it",
		away: "nobody can look or change anything; what runs goes on running", labels: []string{"component=kube-apiserver"},
	},
	{
		name: "etcd", does: "keeps every object", check: "etcd",
		away: "the API server can neither read nor write", labels: []string{"component=etcd"},
	},
	{
		name: "scheduler", does: "picks a node for each new Pod", lease: "kube-scheduler",
		away: "new Pods stay Pending", labels: []string{"component=kube-scheduler"},
	},
	{
		name: "controller manager", does: "makes what is what it should be", lease: "kube-controller-manager",
		away: "nobody replaces Pods, counts replicas or notices dead nodes", labels: []string{"component=kube-controller-manager"},
	},
	{
		name: "DNS", does: "finds Services by their names", addOn: true,
		away: "programs do not find Services by their names", labels: []string{"k8s-app=kube-dns"},
	},
	{
		name: "kube-proxy", does: "leads Service addresses to Pods", addOn: true,
		away: "changes of Services and Pods do not reach its node", labels: []string{"k8s-app=kube-proxy"},
	},
}

// Parts says of each piece of a control plane how it is, and how that is known. What a cluster hides, as one that somebody else runs does,
// is Unknown.
func Parts(v *snapshot.Vitals) []Component {
	var all []Component
	for _, p := range theParts {
		c := Component{Name: p.name, Does: p.does}
		c.Health, c.Evidence = p.judge(v)
		if c.Health == Unknown && p.addOn {
			continue
		}
		if c.Health == Unwell {
			c.Away = p.away
		}
		all = append(all, c)
	}
	return all
}

func (p part) judge(v *snapshot.Vitals) (Health, string) {
	if p.name == "API server" {
		return judgeServer(v)
	}
	if p.check != "" && v.Ready != nil {
		if ok, there := v.Ready.Checks[p.check]; there {
			return wellIf(ok), fmt.Sprintf("/readyz/%s %s", p.check, map[bool]string{true: "ok", false: "failed"}[ok])
		}
	}
	if p.lease != "" {
		if l := leaseIn(v, p.lease); l != nil {
			return judgeLease(l, v.At)
		}
	}
	if h, evidence := p.judgePods(v); h != Unknown {
		return h, evidence
	}
	for _, r := range v.Reported {
		if strings.EqualFold(r.Name, p.name) {
			return wellIf(r.Healthy), r.Evidence
		}
	}
	return Unknown, p.unseen(v)
}

// unseen says why nothing is known of a part.
func (p part) unseen(v *snapshot.Vitals) string {
	if v.System != nil {
		for _, resource := range []string{"leases", "pods"} {
			if v.System.Errors[resource] != "" {
				return resource + " of kube-system can't be read"
			}
		}
	}
	return "can't be seen: no lease and no Pod in kube-system"
}

func wellIf(ok bool) Health {
	if ok {
		return Well
	}
	return Unwell
}

func judgeServer(v *snapshot.Vitals) (Health, string) {
	switch {
	case v.Ready == nil:
		return Unwell, "/readyz: " + short(v.Errors["/readyz"], 60)
	case !v.Ready.OK:
		return Unwell, "/readyz not ok, " + Span(v.Ready.Took.Milliseconds())
	}
	return Well, "/readyz ok, " + Span(v.Ready.Took.Milliseconds())
}

// leaseIn is a Lease of kube-system, or nil.
func leaseIn(v *snapshot.Vitals, name string) *coordinationv1.Lease {
	if v.System == nil {
		return nil
	}
	for _, o := range v.System.Objects {
		if o.GetKind() == "Lease" && o.GetName() == name {
			return typed[coordinationv1.Lease](o)
		}
	}
	return nil
}

// judgeLease says whether who leads still does: it renews its lease before that runs out.
func judgeLease(l *coordinationv1.Lease, at time.Time) (Health, string) {
	if l.Spec.RenewTime == nil || l.Spec.LeaseDurationSeconds == nil {
		return Unknown, "lease " + l.Name + " says nothing"
	}
	renewed := at.Sub(l.Spec.RenewTime.Time)
	lasts := time.Duration(*l.Spec.LeaseDurationSeconds) * time.Second
	if renewed > lasts {
		return Unwell, "lease ran out " + ago(renewed-lasts)
	}
	return Well, "lease renewed " + tenths(max(renewed, 0)) + " ago"
}

// tenths writes a short time in seconds: 0.8 s.
func tenths(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// judgePods looks at the Pods that a part runs in.
func (p part) judgePods(v *snapshot.Vitals) (Health, string) {
	if v.System == nil {
		return Unknown, ""
	}
	var ready, all int
	for _, o := range v.System.Objects {
		if o.GetKind() != "Pod" || !p.runsIn(o) {
			continue
		}
		all++
		if looksReady(o) {
			ready++
		}
	}
	switch {
	case all == 0:
		return Unknown, ""
	case all == 1 && ready == 1:
		return Well, "its Pod is ready"
	case all == 1:
		return Unwell, "its Pod is not ready"
	case ready == all:
		return Well, fmt.Sprintf("%d of %d Pods ready", ready, all)
	case ready == 0:
		return Unwell, fmt.Sprintf("%d of %d Pods ready", ready, all)
	}
	return Waiting, fmt.Sprintf("%d of %d Pods ready", ready, all)
}

func (p part) runsIn(pod *unstructured.Unstructured) bool {
	for _, l := range p.labels {
		key, value, _ := strings.Cut(l, "=")
		if pod.GetLabels()[key] == value {
			return true
		}
	}
	return false
}

// kernelNote is what nodes' kernels teach; empty where no node tells of one.
func kernelNote(nodes []*corev1.Node) string {
	kernels := map[string]int{}
	for _, n := range nodes {
		if k := n.Status.NodeInfo.KernelVersion; k != "" {
			kernels[k]++
		}
	}
	switch len(kernels) {
	case 0:
		return ""
	case 1:
		return "Every Pod on a node uses that node's kernel, here Linux " + sortedKeys(kernels)[0] + ". A virtual machine would bring one of its own."
	}
	return "Every Pod on a node uses that node's kernel: " + strings.Join(sortedKeys(kernels), ", ") + ". A virtual machine would bring one of its own."
}
