package explain

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// fate is what would come of the object's deletion, as far as it is told by finalizers, owners, what it owns, and what
// refers to it. It is foretold from how Kubernetes' own controllers work; nothing is tried.
func (s *scenery) fate() []Statement {
	var said []Statement
	if f := s.o.GetFinalizers(); len(f) > 0 && s.o.GetKind() != "Namespace" {
		said = append(said, Statement{
			"It would stay, marked as deleted, until whoever put a finalizer on it takes that off: " + strings.Join(f, ", ") + ".", "metadata.finalizers",
		})
	}
	if l, ok := s.again(); ok {
		said = append(said, l)
	}
	if owned := s.descendants(); len(owned) > 0 {
		said = append(said, Statement{
			fmt.Sprintf("The garbage collector deletes what it owns, directly or not: %s. With --cascade=orphan that stays.", byKind(owned)),
			"metadata.ownerReferences of theirs",
		})
		said = append(said, s.unanswered(owned)...)
	}
	return append(said, s.consequences()...)
}

// descendants are what the object owns, and what that owns.
func (s *scenery) descendants() []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for below := []*unstructured.Unstructured{s.o}; len(below) > 0; below = below[1:] {
		owned := s.owned(below[0].GetUID())
		found, below = append(found, owned...), append(below, owned...)
	}
	return found
}

// unanswered are the Services for which nobody is left to answer without these Pods.
func (s *scenery) unanswered(gone []*unstructured.Unstructured) []Statement {
	pods := map[string]bool{}
	for _, o := range gone {
		pods[o.GetName()] = o.GetKind() == "Pod"
	}
	var said []Statement
	for _, o := range s.inNamespace("Service") {
		answering := s.w.answering(o.GetNamespace(), o.GetName())
		left := 0
		for name := range answering {
			if !pods[name] {
				left++
			}
		}
		if len(answering) > 0 && left == 0 {
			said = append(said, Statement{fmt.Sprintf("Then nobody answers for Service %s.", o.GetName()), "EndpointSlice endpoints"})
		}
	}
	return said
}

// byKind counts objects by their kind.
func byKind(list []*unstructured.Unstructured) string {
	kinds := map[string][]*unstructured.Unstructured{}
	for _, o := range list {
		kinds[o.GetKind()] = append(kinds[o.GetKind()], o)
	}
	var parts []string
	for _, k := range sortedKeys(kinds) {
		parts = append(parts, k+" "+someNames(kinds[k], 3))
	}
	return strings.Join(parts, "; ")
}

// again says who would make the object anew; false where that can't be said.
func (s *scenery) again() (Statement, bool) {
	const evidence = "metadata.ownerReferences"
	owner := controllerOf(s.o)
	if owner == nil {
		return s.madeByItself()
	}
	up := s.w.alive[owner.UID]
	if up != nil && up.GetDeletionTimestamp() != nil {
		return Statement{fmt.Sprintf("Nothing makes it again: its owner %s %s is being deleted too.", owner.Kind, owner.Name), evidence}, true
	}
	switch owner.Kind {
	case "ReplicaSet", "ReplicationController":
		return Statement{fmt.Sprintf("%s %s counts one too few and makes another Pod, with another name and UID, perhaps on another node.", owner.Kind, owner.Name), evidence}, true
	case "Deployment":
		return Statement{fmt.Sprintf("Deployment %s makes a ReplicaSet for its version again, and that new Pods.", owner.Name), evidence}, true
	case "StatefulSet":
		if s.o.GetKind() == "Pod" {
			return Statement{fmt.Sprintf("StatefulSet %s makes a Pod of the same name again, with another UID and the same volumes.", owner.Name), evidence}, true
		}
	case "DaemonSet":
		if s.o.GetKind() == "Pod" {
			return Statement{fmt.Sprintf("DaemonSet %s makes another Pod, on the same node.", owner.Name), evidence}, true
		}
	case "Job":
		if ended(podOf(s.o)) {
			return Statement{fmt.Sprintf("Nothing makes it again: its work for Job %s is over.", owner.Name), evidence}, true
		}
		return Statement{fmt.Sprintf("Job %s makes another Pod, since the work is not done.", owner.Name), evidence}, true
	case "CronJob":
		return Statement{fmt.Sprintf("CronJob %s makes the next Job when its clock says so, not before.", owner.Name), evidence}, true
	case "Service":
		return Statement{"The EndpointSlice controller makes it again at once, from Service " + owner.Name + ".", evidence}, true
	case "Node":
		return Statement{"It is the picture of a static Pod: the kubelet of " + owner.Name + " goes on running it and makes the picture again.", evidence}, true
	}
	return Statement{fmt.Sprintf("Its owner %s %s may make it again; how that controller works can't be seen here.", owner.Kind, owner.Name), evidence}, true
}

// madeByItself is again of what no controller owns.
func (s *scenery) madeByItself() (Statement, bool) {
	switch s.o.GetKind() {
	case "ServiceAccount":
		if s.o.GetName() == "default" {
			return Statement{"The ServiceAccount controller makes it again at once: each namespace has one of that name.", "metadata.name"}, true
		}
	case "ConfigMap":
		if s.o.GetName() == "kube-root-ca.crt" {
			return Statement{"The controller that publishes the cluster's certificate makes it again at once.", "metadata.name"}, true
		}
	case "Node", "Lease":
		return Statement{}, false
	}
	return Statement{"Nothing makes it again: no controller owns it.", "metadata.ownerReferences: none"}, true
}

// consequences are what others would notice.
func (s *scenery) consequences() []Statement {
	switch s.o.GetKind() {
	case "Pod":
		return s.withoutPod()
	case "Service":
		return s.withoutService()
	case "Node":
		return s.withoutNode()
	case "Namespace":
		line := "Everything in it goes with it"
		if text := s.contents(); text != "" {
			line += ": " + text
		}
		return []Statement{{line + ".", "lists of its objects"}, {"It stays, Terminating, until the last of them is gone.", "spec.finalizers"}}
	case "ConfigMap", "Secret", "ServiceAccount":
		return s.withoutReference()
	case "PersistentVolumeClaim":
		return s.withoutClaim()
	case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController":
		return s.withoutWorkload()
	}
	return s.withoutRule()
}

func (s *scenery) withoutPod() []Statement {
	var said []Statement
	p := podOf(s.o)
	for _, o := range s.inNamespace("Service") {
		answering := s.w.answering(o.GetNamespace(), o.GetName())
		switch {
		case !answering[p.Name]:
		case len(answering) == 1:
			said = append(said, Statement{fmt.Sprintf("Nobody answers for Service %s until another Pod is ready: this is the only one.", o.GetName()), "EndpointSlice endpoints"})
		default:
			said = append(said, Statement{fmt.Sprintf("Service %s sends its requests to the other %s.", o.GetName(), snapshot.Count(len(answering)-1, "Pod")), "EndpointSlice endpoints"})
		}
	}
	for _, o := range s.inNamespace("PodDisruptionBudget") {
		b := typed[policyv1.PodDisruptionBudget](o)
		if selects(b.Spec.Selector, s.o) {
			said = append(said, Statement{
				fmt.Sprintf("PodDisruptionBudget %s lets %d more be evicted, as kubectl drain does. A deletion it does not stop.", b.Name, b.Status.DisruptionsAllowed),
				"PodDisruptionBudget spec.selector, status.disruptionsAllowed",
			})
		}
	}
	if g := p.Spec.TerminationGracePeriodSeconds; g != nil && p.Spec.NodeName != "" && !ended(p) {
		said = append(said, Statement{fmt.Sprintf("Its containers are asked to end with SIGTERM, and after %d s they are killed.", *g), "spec.terminationGracePeriodSeconds"})
	}
	return said
}

// withoutWorkload is what becomes of those that look after its Pods.
func (s *scenery) withoutWorkload() []Statement {
	var said []Statement
	for _, h := range s.scalers() {
		said = append(said, Statement{
			fmt.Sprintf("HorizontalPodAutoscaler %s stays, and has nothing to scale until one of that name is made again.", h.Name), "HorizontalPodAutoscaler spec.scaleTargetRef",
		})
	}
	for _, b := range s.budgets() {
		said = append(said, Statement{
			fmt.Sprintf("PodDisruptionBudget %s stays, and does not stop it: a budget holds up evictions, and not deletions.", b.Name), "PodDisruptionBudget spec.selector",
		})
	}
	return said
}

func (s *scenery) withoutService() []Statement {
	said := []Statement{{"Its name and address lead nowhere. Its Pods go on running.", "spec.clusterIP, spec.selector"}}
	for _, o := range s.inNamespace("Ingress") {
		if leadsTo(typed[networkingv1.Ingress](o), s.o.GetName()) {
			said = append(said, Statement{fmt.Sprintf("Ingress %s leads to it, and would have nowhere to send to.", o.GetName()), "Ingress spec.rules"})
		}
	}
	return said
}

// leadsTo says that an Ingress sends something to a Service.
func leadsTo(i *networkingv1.Ingress, service string) bool {
	is := func(b *networkingv1.IngressBackend) bool {
		return b != nil && b.Service != nil && b.Service.Name == service
	}
	if is(i.Spec.DefaultBackend) {
		return true
	}
	for _, r := range i.Spec.Rules {
		if r.HTTP != nil && slices.ContainsFunc(r.HTTP.Paths, func(p networkingv1.HTTPIngressPath) bool { return is(&p.Backend) }) {
			return true
		}
	}
	return false
}

func (s *scenery) withoutNode() []Statement {
	var here, moving []*unstructured.Unstructured
	for _, o := range kindIn(s.now, "Pod") {
		if nodeName(o) != s.o.GetName() || ended(podOf(o)) {
			continue
		}
		here = append(here, o)
		if c := controllerOf(o); c != nil && c.Kind != "DaemonSet" && c.Kind != "Node" {
			moving = append(moving, o)
		}
	}
	said := []Statement{{"The machine goes on running, but the cluster does not know it any more until its kubelet registers again.", "how kubelets register"}}
	if c := nodeReady(nodeOf(s.o)); c == nil || c.Status == corev1.ConditionUnknown {
		said = []Statement{{"The cluster does not know it any more until its kubelet registers again. Whether the machine runs can't be seen: nothing is heard from it.", "status.conditions[Ready]; how kubelets register"}}
	}
	if len(here) > 0 {
		said = append(said, Statement{fmt.Sprintf("Its %s are deleted from the API soon after.", snapshot.Count(len(here), "Pod")), "Pod spec.nodeName"})
	}
	if len(moving) > 0 {
		said = append(said, Statement{fmt.Sprintf("Owners of %d of them make others elsewhere: %s.", len(moving), someNames(moving, 3)), "Pod metadata.ownerReferences"})
	}
	return said
}

func (s *scenery) withoutReference() []Statement {
	users := s.users()
	if len(users) == 0 {
		return []Statement{{"No Pod in its namespace would miss it, as far as can be seen.", "Pod spec"}}
	}
	return []Statement{{
		fmt.Sprintf("%s that use it go on running, but a new container of theirs, or a Pod in their place, can't start without it: %s.", snapshot.Count(len(users), "Pod"), someNames(users, 3)),
		"Pod spec.volumes, env, envFrom, serviceAccountName",
	}}
}

func (s *scenery) withoutClaim() []Statement {
	var said []Statement
	if users := s.users(); len(users) > 0 {
		said = append(said, Statement{fmt.Sprintf("It stays until the last Pod that uses it is gone: %s.", someNames(users, 3)), "finalizer kubernetes.io/pvc-protection"})
	}
	c := typed[corev1.PersistentVolumeClaim](s.o)
	for _, o := range kindIn(s.now, "PersistentVolume") {
		if o.GetName() != c.Spec.VolumeName {
			continue
		}
		v := typed[corev1.PersistentVolume](o)
		switch v.Spec.PersistentVolumeReclaimPolicy {
		case corev1.PersistentVolumeReclaimDelete:
			said = append(said, Statement{"Its volume is deleted with it, and the data with that.", "PersistentVolume spec.persistentVolumeReclaimPolicy=Delete"})
		case corev1.PersistentVolumeReclaimRetain:
			said = append(said, Statement{"Its volume and the data stay, and no other claim gets them by itself.", "PersistentVolume spec.persistentVolumeReclaimPolicy=Retain"})
		}
	}
	return said
}

// withoutRule is what changes when something goes that only says how others are treated.
func (s *scenery) withoutRule() []Statement {
	line := map[string]string{
		"Ingress":                  "Requests from outside for its hosts and paths lead nowhere. Services and Pods go on.",
		"IngressClass":             "Its controller does not take up Ingresses any more that name it.",
		"NetworkPolicy":            "Pods that it selects lose its rules; those that no policy selects any more may connect to all.",
		"HorizontalPodAutoscaler":  "The number of replicas stays as it is now, and nobody changes it any more.",
		"PodDisruptionBudget":      "Nothing stops kubectl drain from evicting all of its Pods at once.",
		"ResourceQuota":            "Nothing bounds any more what the namespace asks for together.",
		"LimitRange":               "New containers get no limits by themselves. Those that run keep theirs.",
		"Role":                     "Whoever has rights by it loses them at once; the bindings stay and give nothing.",
		"ClusterRole":              "Whoever has rights by it loses them at once; the bindings stay and give nothing.",
		"RoleBinding":              "Those that it names lose these rights at once.",
		"ClusterRoleBinding":       "Those that it names lose these rights at once.",
		"StorageClass":             "New claims that name it wait. Volumes that are there stay.",
		"PriorityClass":            "New Pods that name it are refused. Those that are there keep their number.",
		"Lease":                    "Whoever holds it makes it again when it is next renewed.",
		"Event":                    "Nothing: it is a note.",
		"PersistentVolume":         "A claim that is bound to it loses its volume.",
		"CustomResourceDefinition": "All objects of the kind that it defines are deleted, in all namespaces.",
		"EndpointSlice":            "For a moment its Service leads to none of its addresses.",
		"CronJob":                  "No more Jobs are made by its clock.",
	}[s.o.GetKind()]
	if line == "" {
		return nil
	}
	return []Statement{{line, "how Kubernetes treats a " + s.o.GetKind()}}
}

// users are the Pods of the namespace that name the object in their spec.
func (s *scenery) users() []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, o := range s.inNamespace("Pod") {
		p := podOf(o)
		if !ended(p) && uses(&p.Spec, s.o.GetKind(), s.o.GetName()) {
			found = append(found, o)
		}
	}
	return found
}

// uses says that a Pod's spec names a ConfigMap, a Secret, a claim or a ServiceAccount.
func uses(spec *corev1.PodSpec, kind, name string) bool {
	if kind == "ServiceAccount" {
		return spec.ServiceAccountName == name
	}
	if kind == "Secret" && slices.ContainsFunc(spec.ImagePullSecrets, func(r corev1.LocalObjectReference) bool { return r.Name == name }) {
		return true
	}
	for _, v := range spec.Volumes {
		if volumeNames(&v, kind, name) {
			return true
		}
	}
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			if environmentNames(&list[i], kind, name) {
				return true
			}
		}
	}
	return false
}

func volumeNames(v *corev1.Volume, kind, name string) bool {
	switch {
	case kind == "ConfigMap" && v.ConfigMap != nil && v.ConfigMap.Name == name,
		kind == "Secret" && v.Secret != nil && v.Secret.SecretName == name,
		kind == "PersistentVolumeClaim" && v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == name:
		return true
	case v.Projected == nil:
		return false
	}
	return slices.ContainsFunc(v.Projected.Sources, func(p corev1.VolumeProjection) bool {
		return kind == "ConfigMap" && p.ConfigMap != nil && p.ConfigMap.Name == name || kind == "Secret" && p.Secret != nil && p.Secret.Name == name
	})
}

func environmentNames(c *corev1.Container, kind, name string) bool {
	for _, e := range c.EnvFrom {
		if kind == "ConfigMap" && e.ConfigMapRef != nil && e.ConfigMapRef.Name == name || kind == "Secret" && e.SecretRef != nil && e.SecretRef.Name == name {
			return true
		}
	}
	for _, e := range c.Env {
		if f := e.ValueFrom; f != nil && (kind == "ConfigMap" && f.ConfigMapKeyRef != nil && f.ConfigMapKeyRef.Name == name ||
			kind == "Secret" && f.SecretKeyRef != nil && f.SecretKeyRef.Name == name) {
			return true
		}
	}
	return false
}
