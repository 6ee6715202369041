package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// service examines why a Service has nobody to send to, or not everybody.
func (x *examiner) service(o *unstructured.Unstructured) {
	s := serviceOf(o)
	x.loadBalancer(o, s)
	if !x.knows("endpointslices", "pods") || s.Spec.Type == corev1.ServiceTypeExternalName {
		return
	}
	if len(s.Spec.Selector) == 0 {
		x.nobodyNamed(o, s)
		return
	}
	var pods, over []*unstructured.Unstructured
	for _, pod := range x.servedBy(s) {
		if ended(podOf(pod)) {
			over = append(over, pod)
		} else {
			pods = append(pods, pod)
		}
	}
	answering := len(x.answering(s))
	wants := labelLine(s.Spec.Selector)
	switch {
	case len(pods) == 0:
		x.nobodySelected(o, s, over)
	case x.portMismatch(o, s, pods):
	case answering == 0 && readyAmong(pods) == 0:
		x.add("NoEndpoints/"+s.Name, o, Problem{
			Code: NoEndpoints, Title: "It sends to no Pod: none of its Pods is ready",
			Chain: []Link{
				{Claim: fmt.Sprintf("%s with %s.", snapshot.Count(len(pods), "Pod"), wants), Evidence: fmt.Sprintf("%d of them ready", readyAmong(pods)), From: "pods status.conditions[Ready]"},
			},
			Advice: "A Service sends only to Pods that are ready. What stands in their way can't be seen from here.",
			Look:   []string{"kubectl get pods -l " + wants},
		}).symptom(noneReady(len(pods)), pods...)
	case answering == 0:
		x.add("NoEndpoints/"+s.Name, o, Problem{
			Code: NoEndpoints, Title: "It sends to no Pod, although some are ready",
			Chain: []Link{{
				Claim: "The list of endpoints is empty.", Evidence: "EndpointSlice of " + s.Name + ": no ready endpoint; port " + targetPorts(o), From: "endpointslices of " + ref(o),
			}},
			Advice: "A moment after Pods get ready that is so, and passes.",
			Look:   []string{"kubectl describe service " + s.Name, "kubectl get endpointslices"},
		})
	}
}

// noneReady is how a Service is told of as a symptom of what is wrong with its Pods.
func noneReady(pods int) string {
	if pods == 1 {
		return "sends to no Pod, since its Pod is not ready"
	}
	return fmt.Sprintf("sends to no Pod, since none of its %d Pods is ready", pods)
}

// symptom is hangsOn of what is no problem while that which it hangs on is only on its way.
func (f *finding) symptom(seen string, objects ...*unstructured.Unstructured) *finding {
	f.mild = true
	return f.hangsOn(seen, objects...)
}

// nobodyNamed tells of a Service without a selector that has no endpoints either.
func (x *examiner) nobodyNamed(o *unstructured.Unstructured, s *corev1.Service) {
	if len(x.slices[place{s.Namespace, s.Name}]) > 0 {
		return
	}
	x.add("NoEndpoints/"+s.Name, o, Problem{
		Code: NoEndpoints, Title: "It leads nowhere: it has no selector, and nobody gave it addresses", Waiting: x.youth(o) < patience,
		Chain: []Link{
			{Claim: "It takes in no Pods by itself.", Evidence: "spec.selector: none", From: ref(o) + " spec.selector"},
			{Claim: "No list of endpoints names it.", Evidence: "no EndpointSlice with the label kubernetes.io/service-name=" + s.Name, From: "endpointslices in namespace " + s.Namespace},
		},
		Advice: "Give it a selector, or make an EndpointSlice for it.",
		Look:   []string{"kubectl describe service " + s.Name, "kubectl get endpointslices"},
	})
}

// nobodySelected tells of a Service whose selector fits no Pod, or only such as are over.
func (x *examiner) nobodySelected(o *unstructured.Unstructured, s *corev1.Service, over []*unstructured.Unstructured) {
	made := x.makersOf(o, s)
	for _, w := range made {
		if replicas(w) == 0 || w.GetKind() == "Job" || w.GetKind() == "CronJob" {
			return // there is who would make such Pods, and none is wanted now
		}
	}
	if len(over) > 0 {
		said := snapshot.Count(len(over), "Pod")
		x.add("NoEndpoints/"+s.Name, o, Problem{
			Code: NoEndpoints, Title: "It sends to no Pod: those with its labels have ended",
			Chain: []Link{{
				Claim: said + " with " + labelLine(s.Spec.Selector) + ".", Evidence: fmt.Sprintf("pod/%s  phase %s", over[0].GetName(), podOf(over[0]).Status.Phase), From: ref(over[0]) + " status.phase",
			}},
			Advice: "What has ended answers nobody. For something that runs on, make a Deployment.",
			Look:   []string{"kubectl get pods -l " + labelLine(s.Spec.Selector)},
		}).symptom("sends to no Pod, since "+said+" with its labels ended", over...)
		return
	}
	p := Problem{
		Code: SelectorMismatch, Title: "It sends to no Pod: no Pod has the labels that it looks for",
		Chain:  []Link{{Claim: "The Service takes in Pods with these labels.", Evidence: "spec.selector " + labelLine(s.Spec.Selector), From: ref(o) + " spec.selector"}},
		Advice: "A selector and labels must be the same, letter by letter.",
		Look:   []string{"kubectl get pods --show-labels", "kubectl describe service " + s.Name},
	}
	if near := x.nearestPod(o, s.Spec.Selector); near != nil {
		p.Chain = append(p.Chain, Link{
			Claim: "Pods that are there have others.", Evidence: fmt.Sprintf("pod/%s  labels %s", near.GetName(), labelLine(near.GetLabels())), From: ref(near) + " metadata.labels",
		})
		if diff := labelDiff(s.Spec.Selector, near.GetLabels()); diff != "" {
			p.Chain = append(p.Chain, Link{Claim: "That is the difference.", Evidence: diff, From: ref(o) + " spec.selector, " + ref(near) + " metadata.labels"})
		}
		p.Try = fixSelector(o, s.Spec.Selector, near.GetLabels())
	} else {
		p.Chain = append(p.Chain, Link{Claim: "There are no Pods here at all.", Evidence: "kubectl get pods: none", From: "pods in namespace " + o.GetNamespace()})
		p.Advice = "Something must make Pods with these labels first."
	}
	x.add("Selector/"+s.Name, o, p).hangsOn("sends to no Pod, since none could be made", append(made, x.setsOf(made)...)...)
}

// setsOf are the ReplicaSets of workloads.
func (x *examiner) setsOf(workloads []*unstructured.Unstructured) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, w := range workloads {
		found = append(found, x.setsUnder(w)...)
	}
	return found
}

// makersOf are the workloads whose Pods a Service would take in.
func (x *examiner) makersOf(o *unstructured.Unstructured, s *corev1.Service) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, kind := range []string{"Deployment", "StatefulSet", "DaemonSet", "Job"} {
		for _, w := range x.beside(o, kind) {
			t := template(w)
			if t == nil {
				continue
			}
			pod := &unstructured.Unstructured{}
			pod.SetLabels(t.Labels)
			if serves(s, pod) {
				found = append(found, w)
			}
		}
	}
	return found
}

// nearestPod is a Pod that has most of the labels which a selector names.
func (x *examiner) nearestPod(o *unstructured.Unstructured, selector map[string]string) *unstructured.Unstructured {
	var best *unstructured.Unstructured
	most := -1
	for _, pod := range x.beside(o, "Pod") {
		n := 0
		for k, v := range selector {
			has, ok := pod.GetLabels()[k]
			switch {
			case ok && has == v:
				n += 3
			case ok && snapshot.Nearest(v, []string{has}) != "":
				n += 2
			case ok:
				n++
			}
		}
		if n > most {
			best, most = pod, n
		}
	}
	return best
}

// labelDiff is what labels lack of a selector.
func labelDiff(selector, labels map[string]string) string {
	var said []string
	for _, k := range sortedKeys(selector) {
		has, ok := labels[k]
		switch {
		case !ok:
			said = append(said, fmt.Sprintf("wanted %s=%s, the Pod has no label %s", k, selector[k], k))
		case has != selector[k]:
			said = append(said, fmt.Sprintf("wanted %s=%s, the Pod has %s=%s", k, selector[k], k, has))
		}
	}
	return strings.Join(said, "; ")
}

// fixSelector is the command that makes a selector fit, where only values differ.
func fixSelector(o *unstructured.Unstructured, selector, labels map[string]string) []string {
	right := map[string]string{}
	for k, v := range selector {
		has, ok := labels[k]
		if !ok || has != v && snapshot.Nearest(v, []string{has}) == "" {
			return nil
		}
		right[k] = has
	}
	return []string{fmt.Sprintf("kubectl set selector %s %s", ref(o), labelLine(right))}
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

// portMismatch tells of the ports of a Service that lead nowhere: those that it sends to by a name which no container of its
// Pods has. True when none of its ports leads anywhere. A number may have a program behind it, whatever the containers
// declare; of one that only others are declared beside, it is said that this can't be seen.
func (x *examiner) portMismatch(o *unstructured.Unstructured, s *corev1.Service, pods []*unstructured.Unstructured) bool {
	var lost []corev1.ServicePort
	containers := serving(pods)
	all, declared := portsOf(containers, "")
	at := 0 // of the last that is lost
	for i, port := range s.Spec.Ports {
		names, _ := portsOf(containers, port.Protocol)
		switch number := targetNumber(port); {
		case number == "":
			if !slices.Contains(names, port.TargetPort.StrVal) {
				lost, at = append(lost, port), i
			}
		case port.Protocol != corev1.ProtocolUDP && len(declared) > 0 && !slices.Contains(declared, number):
			x.doubt(o, fmt.Sprintf("%s sends to port %s, and its Pods declare %s. Whether a program listens at %s can't be seen from here; this asks it: kubectl get --raw %s",
				ref(o), number, strings.Join(declared, ", "), number, proxyPath(s, port)))
		}
	}
	if len(lost) == 0 {
		return false
	}
	there := strings.Join(append(declared, all...), ", ")
	if there == "" {
		there = "none"
	}
	var wanted, sends, near []string
	other := corev1.Protocol("") // under which the container has a port of that name
	for _, port := range lost {
		wanted = append(wanted, port.TargetPort.StrVal)
		sends = append(sends, fmt.Sprintf("%s, targetPort %s; port %s of no container", portWords(port), port.TargetPort.StrVal, port.TargetPort.StrVal))
		if p := protocolOf(containers, port.TargetPort.StrVal); p != "" {
			other = p
			continue
		}
		names, _ := portsOf(containers, port.Protocol)
		if n := snapshot.Nearest(port.TargetPort.StrVal, names); n != "" {
			near = append(near, n)
		}
	}
	nowhere := len(lost) == len(s.Spec.Ports)
	problem := Problem{
		Code: PortMismatch, Title: fmt.Sprintf("Its %s leads nowhere: no container has a port named %s", portWords(lost[0]), strings.Join(wanted, " or ")),
		Chain: []Link{
			{Claim: "That is where it sends.", Evidence: strings.Join(sends, "; "), From: ref(o) + " spec.ports[].targetPort"},
			{Claim: "These ports its Pods have, by number and name.", Evidence: there, From: "pods spec.containers[].ports"},
		},
		Advice: "A port by name must be a container's port of that name in the Pods.",
		Look:   []string{"kubectl describe service " + s.Name, "kubectl get endpointslices"},
	}
	switch {
	case nowhere && readyAmong(pods) > 0:
		problem.Title = "It sends to no Pod, although some are ready: no container has a port named " + strings.Join(wanted, " or ")
	case nowhere:
		problem.Title = "It sends to no Pod, and would not if they were ready: no container has a port named " + strings.Join(wanted, " or ")
	case len(lost) > 1:
		problem.Title = fmt.Sprintf("%d of its %d ports lead nowhere: no container has a port named %s", len(lost), len(s.Spec.Ports), strings.Join(wanted, " or "))
	}
	if other != "" && len(lost) == 1 {
		problem.Title += fmt.Sprintf(" and protocol %s", protocol(lost[0].Protocol))
		problem.Chain = append(problem.Chain, Link{
			Claim: "The port of that name has another protocol.", Evidence: fmt.Sprintf("port %s is %s, and the Service asks for %s", wanted[0], other, protocol(lost[0].Protocol)), From: "pods spec.containers[].ports[].protocol",
		})
		problem.Advice = "The Service's port and the container's must have one protocol."
		problem.Try = []string{fmt.Sprintf(`kubectl patch %s --type=json -p '[{"op":"replace","path":"/spec/ports/%d/protocol","value":%q}]'`, ref(o), at, other)}
	}
	if len(near) > 0 {
		problem.Advice = fmt.Sprintf("Did you mean %s? ", strings.Join(near, ", ")) + problem.Advice
	}
	if len(near) == 1 && len(lost) == 1 {
		problem.Try = []string{fmt.Sprintf(`kubectl patch %s --type=json -p '[{"op":"replace","path":"/spec/ports/%d/targetPort","value":%q}]'`, ref(o), at, near[0])}
	}
	x.add("Port/"+s.Name, o, problem)
	return nowhere
}

// protocol is a port's, TCP where it names none.
func protocol(p corev1.Protocol) corev1.Protocol {
	if p == "" {
		return corev1.ProtocolTCP
	}
	return p
}

// protocolOf is the protocol of the port that containers have under a name; empty where they have none of it.
func protocolOf(containers []corev1.Container, name string) corev1.Protocol {
	for _, c := range containers {
		for _, port := range c.Ports {
			if port.Name == name {
				return protocol(port.Protocol)
			}
		}
	}
	return ""
}

// targetNumber is the number of the port that a Service's port sends to; empty where it sends by name.
func targetNumber(p corev1.ServicePort) string {
	switch {
	case p.TargetPort.Type == intstr.String:
		return ""
	case p.TargetPort.IntVal == 0:
		return fmt.Sprint(p.Port)
	}
	return p.TargetPort.String()
}

// portWords name a port of a Service.
func portWords(p corev1.ServicePort) string {
	if p.Name == "" {
		return fmt.Sprintf("port %d", p.Port)
	}
	return fmt.Sprintf("port %d (%s)", p.Port, p.Name)
}

// proxyPath is where the API server asks a port of a Service for us.
func proxyPath(s *corev1.Service, p corev1.ServicePort) string {
	return fmt.Sprintf("/api/v1/namespaces/%s/services/%s:%d/proxy/", s.Namespace, s.Name, p.Port)
}

// serving are the containers of Pods that run beside each other: init containers where they stay.
func serving(pods []*unstructured.Unstructured) []corev1.Container {
	var all []corev1.Container
	for _, o := range pods {
		p := podOf(o)
		all = append(all, p.Spec.Containers...)
		for _, c := range p.Spec.InitContainers {
			if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
				all = append(all, c)
			}
		}
	}
	return all
}

// portsOf are the names and numbers of the ports that containers declare, of one protocol or of all.
func portsOf(containers []corev1.Container, protocol corev1.Protocol) (names, numbers []string) {
	for _, c := range containers {
		for _, port := range c.Ports {
			if protocol != "" && port.Protocol != "" && port.Protocol != protocol {
				continue
			}
			if port.Name != "" {
				names = append(names, port.Name)
			}
			numbers = append(numbers, fmt.Sprint(port.ContainerPort))
		}
	}
	slices.Sort(names)
	slices.Sort(numbers)
	return slices.Compact(names), slices.Compact(numbers)
}

// nobodyListens tells of a Service that refused a client although its Pods had been ready before: nothing listens at the
// port that it sends to.
func (x *examiner) nobodyListens(o, client *unstructured.Unstructured, at time.Time, link Link) {
	s := serviceOf(o)
	answering := x.answering(s)
	before := slices.ContainsFunc(x.beside(o, "Pod"), func(pod *unstructured.Unstructured) bool {
		c := readyCondition(podOf(pod))
		return answering[pod.GetName()] && c != nil && c.LastTransitionTime.Time.Before(at)
	})
	if !before {
		return
	}
	problem := Problem{
		Code: PortMismatch, Title: fmt.Sprintf("It sends to port %s, and connections are refused although Pods are ready", targetPorts(o)),
		Chain: []Link{
			{Claim: "That is where it sends.", Evidence: "targetPort " + targetPorts(o), From: ref(o) + " spec.ports[].targetPort"},
			{Claim: ref(client) + " tried to connect there, and was refused.", Evidence: link.Evidence, From: link.From},
		},
		Advice: "Compare the port with that at which the program in its Pods listens.",
		Look:   []string{"kubectl describe service " + s.Name, "kubectl get endpointslices"},
	}
	if _, numbers := portsOf(serving(x.servedBy(s)), ""); len(numbers) > 0 {
		problem.Chain = append(problem.Chain, Link{Claim: "These ports its Pods declare.", Evidence: strings.Join(numbers, ", "), From: "pods spec.containers[].ports"})
	}
	x.add("Port/"+s.Name, o, problem)
}

// loadBalancer tells of a Service that waits for an address from outside.
func (x *examiner) loadBalancer(o *unstructured.Unstructured, s *corev1.Service) {
	if s.Spec.Type != corev1.ServiceTypeLoadBalancer || len(s.Status.LoadBalancer.Ingress) > 0 {
		return
	}
	x.add("LoadBalancer/"+s.Name, o, Problem{
		Code: LoadBalancer, Title: "It is of type LoadBalancer, and nothing gives it an address", Waiting: x.youth(o) < patience,
		Chain: []Link{
			{Claim: "It has no address from outside.", Evidence: fmt.Sprintf("%s  <pending> for %s", ref(o), age(x.youth(o))), From: ref(o) + " status.loadBalancer.ingress"},
		},
		Advice: "A cloud's controller, or one such as MetalLB, gives such addresses. Whether there is one can't be seen from here. Inside the cluster the Service works.",
		Look:   []string{"kubectl describe service " + s.Name},
	})
}
