package explain

import (
	"fmt"
	"strings"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	kstatus "sigs.k8s.io/cli-utils/pkg/kstatus/status"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// doing is what the object does now.
func (s *scenery) doing() ([]Statement, Health) {
	var said []Statement
	if at := s.o.GetDeletionTimestamp(); at != nil {
		said = append(said, Statement{"It was deleted and is not gone yet.", "metadata.deletionTimestamp " + at.UTC().Format(time.RFC3339)})
	}
	own, health := s.doingByKind()
	said = append(said, own...)
	if len(own) == 0 {
		said = append(said, s.byStatus()...)
	}
	if health == "" {
		health = s.healthByStatus()
	}
	return said, health
}

func (s *scenery) doingByKind() ([]Statement, Health) {
	switch s.o.GetKind() {
	case "Pod":
		return s.podNow()
	case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController":
		return s.workloadNow()
	case "Job":
		words, h := condition(s.o)
		j := typed[batchv1.Job](s.o)
		return []Statement{{fmt.Sprintf("It is %s: %d done, %d failed.", words, j.Status.Succeeded, j.Status.Failed), "status.succeeded, status.failed"}}, h
	case "CronJob":
		return s.cronNow(), Well
	case "Service":
		return s.serviceNow()
	case "Node":
		return s.nodeNow()
	case "ConfigMap", "Secret":
		return s.keysNow(), Well
	case "ServiceAccount":
		return []Statement{{usedBy(s.users(), "Pod", "No Pod runs as it"), "Pod spec.serviceAccountName"}}, Well
	case "PersistentVolumeClaim":
		return s.claimNow()
	case "Namespace":
		return s.namespaceNow()
	}
	return nil, ""
}

func (s *scenery) podNow() ([]Statement, Health) {
	p := podOf(s.o)
	var said []Statement
	if p.Spec.NodeName == "" {
		why := "the scheduler has not looked at it yet"
		if c := podCondition(p, corev1.PodScheduled); c != nil && c.Message != "" {
			why = short(c.Message, 120)
		}
		return []Statement{{"It has no node.", "status.conditions[PodScheduled]: " + why}}, podHealth(p)
	}
	said = append(said, Statement{fmt.Sprintf("It is on node %s with address %s.", p.Spec.NodeName, orNone(p.Status.PodIP)), "spec.nodeName, status.podIP"})
	if l, known := s.placedBy(p); known {
		said = append(said, l)
	}
	for _, c := range p.Status.InitContainerStatuses {
		if c.State.Terminated == nil || c.State.Terminated.ExitCode != 0 {
			said = append(said, s.containerNow(c, "Init container", "initContainerStatuses"))
		}
	}
	for _, c := range p.Status.ContainerStatuses {
		said = append(said, s.containerNow(c, "Container", "containerStatuses"))
	}
	if c := readyCondition(p); c != nil {
		word := map[bool]string{true: "It is ready", false: "It is not ready"}[c.Status == corev1.ConditionTrue]
		said = append(said, Statement{fmt.Sprintf("%s, for %s.", word, age(s.now.At.Sub(c.LastTransitionTime.Time))), "status.conditions[Ready]=" + string(c.Status)})
	}
	for _, o := range s.inNamespace("Service") {
		if serves(serviceOf(o), s.o) {
			word := "sends it no requests"
			if s.w.answering(o.GetNamespace(), o.GetName())[p.Name] {
				word = "sends it requests"
			}
			said = append(said, Statement{fmt.Sprintf("Service %s %s.", o.GetName(), word), "Service spec.selector, EndpointSlice endpoints"})
		}
	}
	return said, podHealth(p)
}

// placedBy says who chose a Pod's node. Nobody writes spec.nodeName of a Pod that is there already: a binding sets it, of which managedFields
// keep nothing. Who made the Pod with a node in it is named there.
func (s *scenery) placedBy(p *corev1.Pod) (Statement, bool) {
	if len(s.o.GetManagedFields()) == 0 {
		return Statement{}, false
	}
	if who := manager(s.o, "spec", "nodeName"); who != "" {
		return Statement{fmt.Sprintf("No scheduler put it there: %s made it with that node in its spec.", program(who)), "metadata.managedFields: f:nodeName"}, true
	}
	who := "The scheduler"
	if name := p.Spec.SchedulerName; name != "" && name != corev1.DefaultSchedulerName {
		who = "Scheduler " + name
	}
	return Statement{who + " put it there.", "spec.schedulerName; spec.nodeName, which is in no managedFields: it came by a binding"}, true
}

func orNone(text string) string {
	if text == "" {
		return "none yet"
	}
	return text
}

func (s *scenery) containerNow(c corev1.ContainerStatus, word, field string) Statement {
	state := "waits"
	switch {
	case c.State.Running != nil:
		state = "runs for " + age(s.now.At.Sub(c.State.Running.StartedAt.Time))
	case c.State.Terminated != nil:
		state = "ended with " + exitWords(c.State.Terminated)
	case c.State.Waiting != nil && c.State.Waiting.Reason != "":
		state = "waits: " + c.State.Waiting.Reason
	}
	if c.RestartCount > 0 {
		state += ", after " + snapshot.Count(int(c.RestartCount), "restart")
	}
	return Statement{fmt.Sprintf("%s %s %s.", word, c.Name, state), fmt.Sprintf("status.%s[%s]: image %s", field, c.Name, c.Image)}
}

func (s *scenery) workloadNow() ([]Statement, Health) {
	words, health := condition(s.o)
	said := []Statement{{strings.ToUpper(words[:1]) + words[1:] + ".", "spec.replicas, status.readyReplicas"}}
	if s.o.GetKind() == "DaemonSet" {
		said[0].Evidence = "status.desiredNumberScheduled, status.numberReady"
	}
	if s.o.GetKind() == "Deployment" {
		for _, o := range s.owned(s.o.GetUID()) {
			if n := replicas(o); o.GetKind() == "ReplicaSet" && n > 0 {
				said = append(said, Statement{
					fmt.Sprintf("ReplicaSet %s wants %s of %s.", o.GetName(), snapshot.Count(n, "Pod"), images(replicaSetOf(o).Spec.Template.Spec)),
					"revision " + o.GetAnnotations()["deployment.kubernetes.io/revision"],
				})
			}
		}
	}
	if d := deploymentOf(s.o); s.o.GetKind() == "Deployment" && !complete(d) && s.o.GetDeletionTimestamp() == nil {
		said = append(said, Statement{
			fmt.Sprintf("A rollout is under way: %d of its %s of the newest version.", d.Status.UpdatedReplicas, snapshot.Count(int(d.Status.Replicas), "Pod")+be(int(d.Status.UpdatedReplicas))), "status.updatedReplicas",
		})
		if health == Well {
			health = Waiting
		}
	}
	if paused, _, _ := unstructured.NestedBool(s.o.Object, "spec", "paused"); paused {
		said = append(said, Statement{"It is paused: changes of its Pods' template wait.", "spec.paused=true"})
	}
	for _, h := range s.scalers() {
		least := int32(1)
		if h.Spec.MinReplicas != nil {
			least = *h.Spec.MinReplicas
		}
		said = append(said, Statement{
			fmt.Sprintf("HorizontalPodAutoscaler %s sets its number of Pods, from %d to %d; it wants %d now. Another number that you set is changed again.", h.Name, least, h.Spec.MaxReplicas, h.Status.DesiredReplicas),
			"HorizontalPodAutoscaler spec.scaleTargetRef, status.desiredReplicas",
		})
	}
	for _, b := range s.budgets() {
		said = append(said, Statement{
			fmt.Sprintf("PodDisruptionBudget %s lets %d of its Pods be evicted now, as kubectl drain does.", b.Name, b.Status.DisruptionsAllowed),
			"PodDisruptionBudget spec.selector, status.disruptionsAllowed",
		})
	}
	return said, health
}

// scalers are the HorizontalPodAutoscalers that change how many Pods the object asks for.
func (s *scenery) scalers() []*autoscalingv2.HorizontalPodAutoscaler {
	var found []*autoscalingv2.HorizontalPodAutoscaler
	for _, o := range s.inNamespace("HorizontalPodAutoscaler") {
		if h := typed[autoscalingv2.HorizontalPodAutoscaler](o); h.Spec.ScaleTargetRef.Kind == s.o.GetKind() && h.Spec.ScaleTargetRef.Name == s.o.GetName() {
			found = append(found, h)
		}
	}
	return found
}

// budgets are the PodDisruptionBudgets that count Pods of the object's template.
func (s *scenery) budgets() []*policyv1.PodDisruptionBudget {
	t := template(s.o)
	if t == nil {
		return nil
	}
	var found []*policyv1.PodDisruptionBudget
	for _, o := range s.inNamespace("PodDisruptionBudget") {
		if b := typed[policyv1.PodDisruptionBudget](o); matcher(b.Spec.Selector).Matches(labels.Set(t.Labels)) {
			found = append(found, b)
		}
	}
	return found
}

func (s *scenery) cronNow() []Statement {
	c := typed[batchv1.CronJob](s.o)
	said := []Statement{{"Its clock is " + c.Spec.Schedule + ".", "spec.schedule"}}
	if c.Spec.Suspend != nil && *c.Spec.Suspend {
		said = append(said, Statement{"It is suspended: it makes no Jobs.", "spec.suspend=true"})
	}
	if c.Status.LastScheduleTime != nil {
		said = append(said, Statement{"It made its last Job " + ago(s.now.At.Sub(c.Status.LastScheduleTime.Time)) + ".", "status.lastScheduleTime"})
	}
	return said
}

func (s *scenery) serviceNow() ([]Statement, Health) {
	service := serviceOf(s.o)
	if service.Spec.Type == corev1.ServiceTypeExternalName {
		return []Statement{{"It is another name for " + service.Spec.ExternalName + ".", "spec.externalName"}}, Well
	}
	answering := s.w.answering(service.Namespace, service.Name)
	var pods []*unstructured.Unstructured
	for _, o := range s.inNamespace("Pod") {
		if serves(service, o) && o.GetDeletionTimestamp() == nil {
			pods = append(pods, o)
		}
	}
	address := "It has the address " + service.Spec.ClusterIP
	if service.Spec.ClusterIP == corev1.ClusterIPNone {
		address = "It is headless: its name leads to the Pods' own addresses"
	}
	var ports []string
	for _, p := range service.Spec.Ports {
		ports = append(ports, fmt.Sprintf("port %d leads to port %s of the Pods", p.Port, p.TargetPort.String()))
	}
	said := []Statement{{fmt.Sprintf("%s; %s.", address, strings.Join(ports, ", ")), "spec.clusterIP, spec.ports"}}
	if len(service.Spec.Selector) == 0 {
		return append(said, Statement{"It has no selector: somebody else says where it leads.", "spec.selector"}), Well
	}
	said = append(said, Statement{
		fmt.Sprintf("Of %s with %s, %d answer.", snapshot.Count(len(pods), "Pod"), labelLine(service.Spec.Selector), len(answering)),
		"spec.selector, EndpointSlice endpoints[*].conditions.ready",
	})
	switch {
	case len(answering) == 0:
		return said, Unwell
	case len(answering) < len(pods):
		return said, Waiting
	}
	return said, Well
}

func (s *scenery) nodeNow() ([]Statement, Health) {
	d := describeNode(nodeOf(s.o))
	said := []Statement{{"It is " + d.Status + ".", "status.conditions[Ready]"}}
	if d.Why != "" {
		said = append(said, Statement{strings.ToUpper(d.Why[:1]) + d.Why[1:] + ".", "spec.unschedulable, spec.taints, status.conditions[Ready].message"})
	}
	pods := 0
	for _, o := range kindIn(s.now, "Pod") {
		if nodeName(o) == s.o.GetName() && !ended(podOf(o)) {
			pods++
			ask(d, podOf(o))
		}
	}
	said = append(said, Statement{
		fmt.Sprintf("%s that can be seen ask it for %.1f of %.0f CPUs and %.1f of %.0f GiB.", snapshot.Count(pods, "Pod"),
			float64(d.CPU.Asked)/1000, float64(d.CPU.Has)/1000, float64(d.Memory.Asked)/(1<<30), float64(d.Memory.Has)/(1<<30)),
		"Pod spec.containers[*].resources.requests, Node status.allocatable",
	})
	if d.Kernel != "" {
		said = append(said, Statement{fmt.Sprintf("They all share its kernel, Linux %s; %s starts their containers.", d.Kernel, d.Runtime), "status.nodeInfo"})
	}
	return said, d.Health
}

// keysNow tells a ConfigMap's or a Secret's keys, never its values.
func (s *scenery) keysNow() []Statement {
	keys := map[string]bool{}
	for _, field := range []string{"data", "binaryData", "stringData"} {
		m, _, _ := unstructured.NestedMap(s.o.Object, field)
		for k := range m {
			keys[k] = true
		}
	}
	line := "It has no keys."
	if len(keys) > 0 {
		line = "Its keys: " + strings.Join(sortedKeys(keys), ", ") + "."
	}
	return []Statement{
		{line, "data"},
		{usedBy(s.users(), "Pod", "No Pod reads it"), "Pod spec.volumes, env, envFrom"},
	}
}

func usedBy(list []*unstructured.Unstructured, one, none string) string {
	if len(list) == 0 {
		return none + ", as far as can be seen."
	}
	verb := "use"
	if len(list) == 1 {
		verb = "uses"
	}
	return fmt.Sprintf("%s %s it: %s.", snapshot.Count(len(list), one), verb, someNames(list, 5))
}

func (s *scenery) claimNow() ([]Statement, Health) {
	c := typed[corev1.PersistentVolumeClaim](s.o)
	said := []Statement{}
	health := Waiting
	if c.Status.Phase == corev1.ClaimBound {
		size := c.Status.Capacity[corev1.ResourceStorage]
		said, health = append(said, Statement{fmt.Sprintf("It is bound to volume %s of %s.", c.Spec.VolumeName, size.String()), "spec.volumeName, status.capacity"}), Well
	} else {
		said = append(said, Statement{fmt.Sprintf("It is %s: no volume belongs to it yet.", c.Status.Phase), "status.phase"})
	}
	return append(said, Statement{usedBy(s.users(), "Pod", "No Pod uses it"), "Pod spec.volumes[*].persistentVolumeClaim"}), health
}

func (s *scenery) namespaceNow() ([]Statement, Health) {
	n := typed[corev1.Namespace](s.o)
	said := []Statement{{fmt.Sprintf("It is %s.", n.Status.Phase), "status.phase"}}
	health := Well
	if n.Status.Phase == corev1.NamespaceTerminating {
		health = Waiting
	}
	for _, c := range n.Status.Conditions {
		if c.Status == corev1.ConditionTrue {
			said = append(said, Statement{short(c.Message, 160), "status.conditions[" + string(c.Type) + "]"})
		}
	}
	if text := s.contents(); text != "" {
		said = append(said, Statement{"In it: " + text + ".", "lists of its objects"})
	}
	return said, health
}

// contents counts what is in a namespace, by kind.
func (s *scenery) contents() string {
	counts := map[string]int{}
	for _, o := range s.now.Objects {
		if o.GetNamespace() == s.o.GetName() && o.GetKind() != "Event" {
			counts[o.GetKind()]++
		}
	}
	var parts []string
	for _, kind := range sortedKeys(counts) {
		parts = append(parts, snapshot.Count(counts[kind], kind))
	}
	return strings.Join(parts, ", ")
}

// byStatus tells the conditions of an object whose kind we know nothing of.
func (s *scenery) byStatus() []Statement {
	var said []Statement
	if r, err := kstatus.Compute(s.o); err == nil && r.Message != "" && r.Message != "Resource is current" {
		said = append(said, Statement{strings.TrimSuffix(r.Message, ".") + ".", "status, read by the rules of kstatus: " + string(r.Status)})
	}
	conditions, _, _ := unstructured.NestedSlice(s.o.Object, "status", "conditions")
	for _, c := range conditions {
		m, ok := c.(map[string]any)
		if !ok {
			continue
		}
		line := fmt.Sprintf("%v is %v", m["type"], m["status"])
		if text, _ := m["message"].(string); text != "" {
			line += ": " + short(text, 120)
		}
		said = append(said, Statement{strings.TrimSuffix(line, ".") + ".", fmt.Sprintf("status.conditions[%v]", m["type"])})
	}
	return said
}

// healthByStatus is how an object of any kind is, by its conditions.
func (s *scenery) healthByStatus() Health {
	r, err := kstatus.Compute(s.o)
	if err != nil {
		return Unknown
	}
	switch r.Status {
	case kstatus.CurrentStatus:
		return Well
	case kstatus.FailedStatus:
		return Unwell
	case kstatus.InProgressStatus, kstatus.TerminatingStatus:
		return Waiting
	}
	return Unknown
}
