package explain

import (
	"fmt"
	"sort"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Draw is the map of what a snapshot holds. The control plane's health is not in a snapshot; who
// knows it fills it in.
func Draw(now *snapshot.Snapshot) *Map {
	m := &Map{Pods: len(kindIn(now, "Pod"))}
	m.Nodes, m.Unplaced = nodesWith(now, func(*unstructured.Unstructured) bool { return true })
	w := newWorld(now, nil)
	for _, o := range kindIn(now, "Service") {
		m.Services = append(m.Services, describeService(w, now, serviceOf(o)))
	}
	return m
}

func describeService(w *world, now *snapshot.Snapshot, s *corev1.Service) ServiceMap {
	d := ServiceMap{Name: s.Name, Type: string(s.Spec.Type), Health: Well}
	if d.Type == "" {
		d.Type = string(corev1.ServiceTypeClusterIP)
	}
	for _, p := range s.Spec.Ports {
		port := fmt.Sprint(p.Port)
		if p.NodePort != 0 {
			port += fmt.Sprintf(" (node port %d)", p.NodePort)
		}
		d.Ports = append(d.Ports, port)
	}
	answering := w.answering(s.Namespace, s.Name)
	d.Answering = sortedKeys(answering)
	for _, o := range kindIn(now, "Pod") {
		if o.GetNamespace() == s.Namespace && serves(s, o) && !answering[o.GetName()] && o.GetDeletionTimestamp() == nil {
			d.Silent = append(d.Silent, o.GetName())
		}
	}
	sort.Strings(d.Silent)
	switch {
	case now.Errors["endpointslices"] != "" || (len(s.Spec.Selector) == 0 && len(answering) == 0):
		d.Health = Unknown
	case len(answering) == 0:
		d.Health = Unwell
	case len(d.Silent) > 0:
		d.Health = Waiting
	}
	return d
}
