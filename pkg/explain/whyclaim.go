package explain

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// noClaim is how the scheduler says that a claim is not there.
var noClaim = regexp.MustCompile(`persistentvolumeclaim "([^"]+)" not found`)

// waitsForClaim tells of a Pod that no node takes since a claim of it is missing or has no volume.
func (x *examiner) waitsForClaim(o *unstructured.Unstructured, p *corev1.Pod, message string, chain []Link) bool {
	if m := noClaim.FindStringSubmatch(message); m != nil {
		problem := Problem{
			Code: ClaimMissing, Title: fmt.Sprintf("PersistentVolumeClaim %q is not there", m[1]), Chain: chain,
			Advice: "The Pod waits for it; nothing needs to be restarted once it is there.",
			Look:   []string{"kubectl get pvc", "kubectl describe pod " + p.Name},
		}
		var names []string
		for _, c := range x.beside(o, "PersistentVolumeClaim") {
			names = append(names, c.GetName())
		}
		if len(names) > 0 {
			problem.Chain = append(problem.Chain, Link{
				Claim: "These are there.", Evidence: strings.Join(names, ", "), From: "persistentvolumeclaims in namespace " + o.GetNamespace(),
			})
		}
		if near := snapshot.Nearest(m[1], names); near != "" {
			problem.Advice = fmt.Sprintf("Did you mean %s? ", near) + problem.Advice
		}
		x.add("ClaimMissing/"+m[1], o, problem)
		return true
	}
	unbound := false
	var claims []*unstructured.Unstructured
	for _, name := range claimsOf(p) {
		if c := x.named(o, "PersistentVolumeClaim", name); c != nil && !bound(c) && x.claim(c) != nil {
			claims, unbound = append(claims, c), true
		}
	}
	if !unbound || !strings.Contains(message, "PersistentVolumeClaim") && !strings.Contains(message, "persistent volume") && !strings.Contains(message, "storageclass") {
		return false
	}
	x.add("WaitsForClaim", o, Problem{
		Code: ClaimUnbound, Title: "It waits for a volume", Chain: chain, Look: []string{"kubectl get pvc"},
	}).hangsOn("has no node, since it waits for the volume", claims...)
	return true
}

func bound(claim *unstructured.Unstructured) bool {
	phase, _, _ := unstructured.NestedString(claim.Object, "status", "phase")
	return phase == string(corev1.ClaimBound)
}

// claimsOf are the names of the claims that a Pod uses.
func claimsOf(p *corev1.Pod) []string {
	var names []string
	for _, v := range p.Spec.Volumes {
		switch {
		case v.PersistentVolumeClaim != nil:
			names = append(names, v.PersistentVolumeClaim.ClaimName)
		case v.Ephemeral != nil:
			names = append(names, p.Name+"-"+v.Name)
		}
	}
	return names
}

// noClass is how the volume controller says that a StorageClass is not there.
var noClass = regexp.MustCompile(`storageclass\.storage\.k8s\.io "([^"]+)" not found`)

// claim examines a claim. Nil when nothing is wrong with it: one whose class waits for the first Pod waits rightly.
func (x *examiner) claim(o *unstructured.Unstructured) *finding {
	c := typed[corev1.PersistentVolumeClaim](o)
	if c.DeletionTimestamp != nil {
		return x.claimInUse(o, c)
	}
	if bound(o) {
		return nil
	}
	pending := Link{Claim: "It has no volume.", Evidence: fmt.Sprintf("%s  %s for %s", ref(o), c.Status.Phase, age(x.youth(o))), From: ref(o) + " status.phase"}
	problem := Problem{
		Code: ClaimUnbound, Title: fmt.Sprintf("Claim %s has no volume", c.Name), Chain: []Link{pending},
		Look: []string{"kubectl describe pvc " + c.Name, "kubectl get storageclasses"},
	}
	e := x.events.newest(c.UID, withReason("ProvisioningFailed", "FailedBinding", "ExternalProvisioning", "Provisioning", "WaitForFirstConsumer", "WaitForPodScheduled"))
	if e == nil {
		problem.Waiting = x.youth(o) < patience
		problem.Advice = "What it waits for can't be seen: there is no event about it that may be read."
		if name := c.Spec.VolumeName; name != "" && x.knows("persistentvolumes") && !slices.ContainsFunc(x.kinds["PersistentVolume"], func(v *unstructured.Unstructured) bool { return v.GetName() == name }) {
			problem.Waiting, problem.Title = false, fmt.Sprintf("Claim %s names the volume %s, which is not there", c.Name, name)
			problem.Chain = append(problem.Chain, Link{Claim: "That one it wants, and no other.", Evidence: "spec.volumeName " + name, From: ref(o) + " spec.volumeName"})
			problem.Advice = "Make that PersistentVolume, or make the claim anew without spec.volumeName."
			problem.Look = []string{"kubectl get pv", "kubectl describe pvc " + c.Name}
			return x.add("Claim/"+c.Name, o, problem)
		}
		if problem.Waiting || x.waitsForPod(c) {
			return nil
		}
		return x.add("Claim/"+c.Name, o, problem)
	}
	problem.Chain = append(problem.Chain, Link{Claim: "The volume controller says why.", Evidence: x.events.quote(e), From: eventFrom(o, e)})
	m := noClass.FindStringSubmatch(e.Message)
	switch {
	case m != nil:
		x.missingClass(c, m[1], &problem)
	case e.Reason == "FailedBinding":
		problem.Title = fmt.Sprintf("Claim %s names no storage class, and no PersistentVolume that is there fits it", c.Name)
		problem.Advice = "Make a PersistentVolume that fits, or name a class that makes one: spec.storageClassName (a claim can't be changed; make it anew)."
		problem.Look = append(problem.Look, "kubectl get pv")
	case e.Reason == "ExternalProvisioning":
		if problem.Waiting = x.youth(o) < patience; !problem.Waiting {
			problem.Title = fmt.Sprintf("Claim %s waits for a provisioner that does not answer", c.Name)
			problem.Advice = "Somebody must run the provisioner that the event names. Whether it runs can't be seen from here."
		}
	case e.Reason == "ProvisioningFailed":
		problem.Title = fmt.Sprintf("Claim %s gets no volume: its provisioner fails", c.Name)
		problem.Advice = "The provisioner's own words say why."
	default:
		return nil
	}
	return x.add("Claim/"+c.Name, o, problem)
}

// waitsForPod says that a claim's class makes a volume for the first Pod, as far as that may be read.
func (x *examiner) waitsForPod(c *corev1.PersistentVolumeClaim) bool {
	if c.Spec.StorageClassName == nil {
		return false
	}
	for _, class := range x.kinds["StorageClass"] {
		mode, _, _ := unstructured.NestedString(class.Object, "volumeBindingMode")
		if class.GetName() == *c.Spec.StorageClassName {
			return mode == "WaitForFirstConsumer"
		}
	}
	return len(x.kinds["StorageClass"]) == 0
}

func (x *examiner) missingClass(c *corev1.PersistentVolumeClaim, class string, problem *Problem) {
	problem.Code = ClaimClass
	problem.Title = fmt.Sprintf("Claim %s names the storage class %q, which is not there", c.Name, class)
	problem.Advice = "Make the class, or make the claim anew with one that there is."
	var names []string
	for _, o := range x.kinds["StorageClass"] {
		names = append(names, o.GetName())
	}
	if len(names) > 0 {
		problem.Chain = append(problem.Chain, Link{Claim: "These classes are there.", Evidence: strings.Join(names, ", "), From: "storageclasses"})
	}
	if near := snapshot.Nearest(class, names); near != "" {
		problem.Advice = fmt.Sprintf("Did you mean %s? ", near) + problem.Advice
	}
}

// claimInUse tells of a claim that was deleted and stays.
func (x *examiner) claimInUse(o *unstructured.Unstructured, c *corev1.PersistentVolumeClaim) *finding {
	var users []string
	for _, other := range x.beside(o, "Pod") {
		p := podOf(other)
		for _, name := range claimsOf(p) {
			if name == c.Name && !ended(p) {
				users = append(users, ref(other))
			}
		}
	}
	if len(users) == 0 {
		return nil
	}
	return x.add("ClaimInUse/"+c.Name, o, Problem{
		Code: ClaimInUse, Title: fmt.Sprintf("Claim %s was deleted and stays, since a Pod uses it", c.Name),
		Chain: []Link{
			{Claim: "It was deleted.", Evidence: "deletionTimestamp " + c.DeletionTimestamp.UTC().Format("15:04:05"), From: ref(o) + " metadata.deletionTimestamp"},
			{Claim: "A finalizer holds it while it is in use.", Evidence: strings.Join(c.Finalizers, ", "), From: ref(o) + " metadata.finalizers"},
			{Claim: "These use it.", Evidence: strings.Join(users, ", "), From: "pods spec.volumes[].persistentVolumeClaim"},
		},
		Advice: "It goes with the last Pod that uses it, and what is in the volume with it, unless the volume's reclaim policy is Retain.",
		Look:   []string{"kubectl describe pvc " + c.Name},
	})
}
