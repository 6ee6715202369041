package explain

import (
	"fmt"
	"sort"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Draw is the map of what a snapshot holds. The control plane's health is not in a snapshot; who
// knows it fills it in.
func Draw(now *snapshot.Snapshot) *Map {
	s := NewSketch(now.Namespace)
	s.AddAll(now)
	m := s.Map(now)
	m.Namespace = "" // nobody asks for another
	return m
}

// Sketch is a map to which Pods are added one by one. Of each it keeps only what a picture shows, so that
// thousands take little memory.
type Sketch struct {
	namespace string
	nodes     map[string]*NodePods
	unplaced  []PodDot
	pods      int
	// selected are the Pods of each namespace, which Services may take in.
	selected map[string][]selectable
}

// selectable is what a Service's selector looks at.
type selectable struct {
	name   string
	labels map[string]string
}

// NewSketch is a map without anything. The Pods of the namespace are named, or all where it is empty; others are counted.
func NewSketch(namespace string) *Sketch {
	return &Sketch{namespace: namespace, nodes: map[string]*NodePods{}, selected: map[string][]selectable{}}
}

// Add puts a Pod into the picture. The Pod is not kept.
func (s *Sketch) Add(p *corev1.Pod) {
	if s.namespace != "" && p.Namespace != s.namespace {
		s.count(p)
		return
	}
	n := s.stand(p)
	if p.DeletionTimestamp == nil {
		s.selected[p.Namespace] = append(s.selected[p.Namespace], selectable{p.Name, p.Labels})
	}
	dot := PodDot{Name: p.Name, Status: podLine(p), Health: podHealth(p)}
	if s.namespace == "" {
		dot.Namespace = p.Namespace
	}
	if n == nil {
		s.unplaced = append(s.unplaced, dot)
	} else {
		n.Pods = append(n.Pods, dot)
	}
}

// AddAll puts the Pods of a snapshot into the picture.
func (s *Sketch) AddAll(now *snapshot.Snapshot) {
	for _, o := range kindIn(now, "Pod") {
		s.Add(podOf(o))
	}
}

// count counts a Pod that is not shown.
func (s *Sketch) count(p *corev1.Pod) {
	if n := s.stand(p); n != nil {
		n.Others++
	}
}

// stand is the node that a Pod stands on, or nil; what the Pod asks for is asked of it.
func (s *Sketch) stand(p *corev1.Pod) *NodePods {
	s.pods++
	if p.Spec.NodeName == "" {
		return nil
	}
	n := s.nodes[p.Spec.NodeName]
	if n == nil {
		n = &NodePods{Name: p.Spec.NodeName, Health: Unknown, Status: "unknown"}
		s.nodes[n.Name] = n
	}
	if !ended(p) {
		ask(n, p)
	}
	return n
}

// Map is the picture of what was put in, with the nodes and Services of a snapshot.
func (s *Sketch) Map(now *snapshot.Snapshot) *Map {
	m := &Map{Namespace: s.namespace, Unplaced: s.unplaced, Pods: s.pods}
	sortDots(m.Unplaced)
	var nodes []*corev1.Node
	for _, o := range kindIn(now, "Node") {
		n := nodeOf(o)
		nodes = append(nodes, n)
		d := describeNode(n)
		if on := s.nodes[n.Name]; on != nil {
			d.Pods, d.Others, d.CPU.Asked, d.Memory.Asked = on.Pods, on.Others, on.CPU.Asked, on.Memory.Asked
		}
		s.nodes[n.Name] = d
	}
	m.Kernel = kernelNote(nodes)
	for _, name := range sortedKeys(s.nodes) {
		n := *s.nodes[name]
		sortDots(n.Pods)
		m.Nodes = append(m.Nodes, n)
	}
	answering, resting := answeringIn(now), restingIn(now)
	for _, o := range kindIn(now, "Service") {
		if !s.shows(o) {
			continue
		}
		d := s.describe(serviceOf(o), answering)
		if len(d.Answering)+len(d.Silent) == 0 {
			d.AtRest = resting.behind(serviceOf(o))
		}
		switch {
		case now.Errors["endpointslices"] != "":
			d.Health = Unknown
		case d.AtRest != "":
			d.Health = Idle
		case d.Health == Unwell && now.Errors["deployments"] != "":
			d.Health = Unknown // it may be by wish
		}
		m.Services = append(m.Services, d)
	}
	for _, o := range kindIn(now, "NetworkPolicy") {
		if s.shows(o) {
			m.Policies = append(m.Policies, s.policy(o))
		}
	}
	return m
}

// shows says that an object is of what is shown.
func (s *Sketch) shows(o *unstructured.Unstructured) bool {
	return s.namespace == "" || o.GetNamespace() == s.namespace
}

// policy is a NetworkPolicy with the Pods that it selects.
func (s *Sketch) policy(o *unstructured.Unstructured) PolicyMap {
	p := policyOf(o)
	d := PolicyMap{Name: p.Name, All: len(p.Spec.PodSelector.MatchLabels)+len(p.Spec.PodSelector.MatchExpressions) == 0}
	if s.namespace == "" {
		d.Namespace = p.Namespace
	}
	for _, t := range directions(p) {
		d.Types = append(d.Types, string(t))
	}
	selector := matcher(&p.Spec.PodSelector)
	for _, pod := range s.selected[p.Namespace] {
		if selector.Matches(labels.Set(pod.labels)) {
			d.Selected = append(d.Selected, pod.name)
		}
	}
	sort.Strings(d.Selected)
	return d
}

// resting are what makes Pods, by the labels that those would have, where none of them asks for a Pod.
type resting []restingWorkload

type restingWorkload struct {
	name, namespace string
	labels          map[string]string
	asks            bool
}

func restingIn(now *snapshot.Snapshot) resting {
	var all resting
	for _, kind := range []string{"Deployment", "StatefulSet"} {
		for _, o := range kindIn(now, kind) {
			if t := template(o); t != nil {
				all = append(all, restingWorkload{ref(o), o.GetNamespace(), t.Labels, replicas(o) != 0})
			}
		}
	}
	return all
}

// behind is what would make a Service's Pods and asks for none; empty where there is nothing of the kind, or something that asks for some.
func (r resting) behind(v *corev1.Service) string {
	found := ""
	for _, w := range r {
		switch {
		case w.namespace != v.Namespace || !takesIn(v.Spec.Selector, w.labels):
		case w.asks:
			return ""
		case found == "":
			found = w.name
		}
	}
	return found
}

func sortDots(dots []PodDot) {
	sort.SliceStable(dots, func(i, j int) bool {
		if dots[i].Namespace != dots[j].Namespace {
			return dots[i].Namespace < dots[j].Namespace
		}
		return dots[i].Name < dots[j].Name
	})
}

// answeringIn are the Pods that get requests, by the namespace and name of the Service.
func answeringIn(now *snapshot.Snapshot) map[[2]string]map[string]bool {
	portless := map[[2]string]bool{} // Services that have no ports to begin with
	for _, o := range kindIn(now, "Service") {
		portless[[2]string{o.GetNamespace(), o.GetName()}] = len(serviceOf(o).Spec.Ports) == 0
	}
	found := map[[2]string]map[string]bool{}
	for _, o := range kindIn(now, "EndpointSlice") {
		key, slice := [2]string{o.GetNamespace(), serviceName(o)}, sliceOf(o)
		if len(slice.Ports) == 0 && !portless[key] { // no Pod has a port of the name that the Service asks for
			continue
		}
		if found[key] == nil {
			found[key] = map[string]bool{}
		}
		addReady(found[key], slice)
	}
	return found
}

func (s *Sketch) describe(service *corev1.Service, all map[[2]string]map[string]bool) ServiceMap {
	d := ServiceMap{Name: service.Name, Type: string(service.Spec.Type), Health: Well, NoSelector: len(service.Spec.Selector) == 0}
	if s.namespace == "" {
		d.Namespace = service.Namespace
	}
	if d.Type == "" {
		d.Type = string(corev1.ServiceTypeClusterIP)
	}
	for _, p := range service.Spec.Ports {
		port := fmt.Sprint(p.Port)
		if p.NodePort != 0 {
			port += fmt.Sprintf(" (node port %d)", p.NodePort)
		}
		d.Ports = append(d.Ports, port)
	}
	answering := all[[2]string{service.Namespace, service.Name}]
	d.Answering = sortedKeys(answering)
	for _, pod := range s.selected[service.Namespace] {
		if !answering[pod.name] && takesIn(service.Spec.Selector, pod.labels) {
			d.Silent = append(d.Silent, pod.name)
		}
	}
	sort.Strings(d.Silent)
	switch {
	case len(service.Spec.Selector) == 0 && len(answering) == 0:
		d.Health = Unknown
	case len(answering) == 0:
		d.Health = Unwell
	case len(d.Silent) > 0:
		d.Health = Waiting
	}
	return d
}

// takesIn says that a Service's selector takes in something with these labels.
func takesIn(selector, labels map[string]string) bool {
	for k, v := range selector {
		if got, ok := labels[k]; !ok || got != v {
			return false
		}
	}
	return len(selector) > 0
}
