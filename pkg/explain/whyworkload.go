package explain

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// refusals tells of Pods that a workload wants and can't make.
func (x *examiner) refusals(o *unstructured.Unstructured) {
	var sets []*unstructured.Unstructured
	sets = append(sets, o)
	for _, s := range kindIn(x.now, "ReplicaSet") {
		if ownedBy(s, o.GetUID()) {
			sets = append(sets, s)
		}
	}
	for _, s := range sets {
		said := failure(s)
		if e := x.events.newest(s.GetUID(), withReason("FailedCreate")); e != nil && said == "" {
			if statusInt(s, "replicas") >= max(replicas(s), 0) {
				continue // it was refused once and came through later
			}
			said = x.events.quote(e)
		}
		if said == "" {
			continue
		}
		x.refusal(s, said)
		return
	}
}

// failure is what a workload's status says about Pods that could not be made.
func failure(o *unstructured.Unstructured) string {
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range conditions {
		m, _ := c.(map[string]any)
		if m["type"] == "ReplicaFailure" && m["status"] == "True" {
			text, _ := m["message"].(string)
			return text
		}
	}
	return ""
}

func (x *examiner) refusal(o *unstructured.Unstructured, said string) {
	p := Problem{
		Code: "Refused", Title: "Its Pods can't be made: the API server refuses them",
		Chain:  []Link{{Claim: o.GetKind() + " " + o.GetName() + " asked for a Pod and was refused.", Evidence: short(said, 200)}},
		Advice: "The words after \"forbidden\" say which rule stands in the way.",
		Look:   []string{"kubectl describe " + ref(o)},
	}
	if strings.Contains(said, "exceeded quota") || strings.Contains(said, "failed quota") {
		p.Code, p.Title = "Quota", "Its Pods can't be made: the namespace's quota is used up"
		p.Advice = "Ask for fewer Pods or smaller ones, or have the quota raised."
		if strings.Contains(said, "must specify") {
			p.Advice = "The quota counts resources, so each container must say what it asks for."
		}
		p.Look = []string{"kubectl describe resourcequota"}
	}
	x.add(p.Code, o, p)
}

// workload is what owns an object in the end, or nil.
func (x *examiner) workload(o *unstructured.Unstructured) *unstructured.Unstructured {
	var top *unstructured.Unstructured
	for {
		owner := controllerOf(o)
		if owner == nil || x.w.alive[owner.UID] == nil {
			return top
		}
		o = x.w.alive[owner.UID]
		top = o
	}
}

// olderImage is what a container ran in the version before this Pod's; empty when there was none.
func (x *examiner) olderImage(o *unstructured.Unstructured, container string) string {
	own := controllerOf(o)
	w := x.workload(o)
	if own == nil || w == nil {
		return ""
	}
	image, newest := "", ""
	for _, s := range kindIn(x.now, "ReplicaSet") {
		if !ownedBy(s, w.GetUID()) || s.GetUID() == own.UID {
			continue
		}
		created := s.GetCreationTimestamp().UTC().Format("2006-01-02T15:04:05Z")
		t := template(s)
		if t == nil || created < newest {
			continue
		}
		for _, c := range t.Spec.Containers {
			if c.Name == container {
				image, newest = c.Image, created
			}
		}
	}
	return image
}

// repository is an image's name without its tag or digest.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		return image[:i]
	}
	return image
}

// nearImage guesses the image that was meant: the one of the version before with nearly the same
// name, or one that many people run. Empty when the name is no slip of a few letters.
func nearImage(image, old string) string {
	name := repository(image)
	tag := strings.TrimPrefix(image, name)
	if old != "" && repository(old) == name {
		return old
	}
	candidates := []string{"nginx", "httpd", "busybox", "alpine", "curlimages/curl", "hashicorp/http-echo", "redis", "postgres", "mysql", "ubuntu", "debian"}
	if old != "" {
		candidates = append([]string{repository(old)}, candidates...)
	}
	near := snapshot.Nearest(name, candidates)
	if near == "" || near == name {
		return ""
	}
	if old != "" && near == repository(old) {
		return old
	}
	return near + tag
}

// service examines why a Service has nobody to send to, or not everybody.
func (x *examiner) service(o *unstructured.Unstructured, pods []*unstructured.Unstructured) {
	s := serviceOf(o)
	if _, unread := x.now.Errors["endpointslices"]; unread || len(s.Spec.Selector) == 0 {
		return
	}
	answering := len(x.w.answering(s.Namespace, s.Name))
	wants := labelLine(s.Spec.Selector)
	switch {
	case len(pods) == 0:
		p := Problem{
			Code: "SelectorMismatch", Title: "It sends to no Pod: no Pod has the labels that it looks for",
			Chain:  []Link{{Claim: "The Service takes in Pods with these labels.", Evidence: "spec.selector " + wants}},
			Advice: "A selector and labels must be the same, letter by letter.",
			Look:   []string{"kubectl get pods --show-labels", "kubectl describe service " + s.Name},
		}
		if near := x.nearestLabels(s.Spec.Selector); near != "" {
			p.Chain = append(p.Chain, Link{Claim: "Pods that are there have others.", Evidence: near})
		} else {
			p.Chain = append(p.Chain, Link{Claim: "There are no Pods here at all.", Evidence: "kubectl get pods: none"})
			p.Advice = "Something must make Pods with these labels first."
		}
		x.add("Selector", o, p)
	case answering == 0 && readyAmong(pods) == 0:
		x.add("NoEndpoints", o, Problem{
			Code: "NoEndpoints", Title: "It sends to no Pod: none of its Pods is ready",
			Chain: []Link{
				{Claim: fmt.Sprintf("%s with %s.", plural(len(pods), "Pod"), wants), Evidence: fmt.Sprintf("%d of them ready", readyAmong(pods))},
			},
			Advice: "A Service sends only to Pods that are ready. What stands in their way comes next.",
			Look:   []string{"kubectl get pods -l " + wants},
		})
	case answering == 0:
		x.add("NoEndpoints", o, Problem{
			Code: "NoEndpoints", Title: "It sends to no Pod, although some are ready",
			Chain: []Link{{
				Claim: "The list of endpoints is empty.", Evidence: "EndpointSlice of " + s.Name + ": no ready endpoint; port " + targetPorts(o),
			}},
			Advice: "A port by name must be a container's port of that name in the Pods.",
			Look:   []string{"kubectl describe service " + s.Name, "kubectl get endpointslices"},
		})
	}
}

func labelLine(set map[string]string) string {
	var parts []string
	for _, k := range sortedKeys(set) {
		parts = append(parts, k+"="+set[k])
	}
	return strings.Join(parts, ",")
}

func targetPorts(o *unstructured.Unstructured) string {
	var said []string
	for _, p := range serviceOf(o).Spec.Ports {
		said = append(said, p.TargetPort.String())
	}
	return strings.Join(said, ", ")
}

// nearestLabels shows the labels of a Pod that has most of the keys which a selector names.
func (x *examiner) nearestLabels(selector map[string]string) string {
	best, most := "", -1
	for _, o := range kindIn(x.now, "Pod") {
		n := 0
		for k := range selector {
			if _, ok := o.GetLabels()[k]; ok {
				n++
			}
		}
		if n > most {
			best, most = fmt.Sprintf("pod/%s  labels %s", o.GetName(), labelLine(o.GetLabels())), n
		}
	}
	return best
}
