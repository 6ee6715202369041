package explain

import (
	"encoding/json"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

const (
	// learner is the user that a learner is on a practice cluster, lesson the one of a Fault that
	// the engine made.
	learner, lesson = "learner", "lesson"
	// admin is the user of the kubeconfig that kubeadm writes, and so the learner on a kind cluster.
	admin = "kubernetes-admin"
	// lessonAgent is how the engine's own client calls itself; package kube has it as UserAgent.
	lessonAgent = "kubectl-learn-lesson"
	// healAgent is how the command heal calls itself where it kills; package kube has it as HealAgent.
	healAgent = "kubectl-learn-heal"

	controllers = "system:serviceaccount:kube-system:"
	kubelets    = "system:node:"
)

// The actors of stories, as a learner reads them.
const (
	you           = "you"
	theLesson     = "the lesson"
	somebody      = "somebody"
	scheduler     = "scheduler"
	kubelet       = "kubelet"
	containers    = "runtime"
	endpoints     = "endpoints"
	nodeWatch     = "node controller"
	collector     = "garbage collector"
	replicaSet    = "ReplicaSet"
	deployment    = "Deployment"
	unknownReason = "the record does not say who"
)

// controllerActors names the actors behind the service accounts of kube-controller-manager
// (k8s.io/kubernetes/cmd/kube-controller-manager/app).
func controllerActors() map[string]string {
	return map[string]string{
		"deployment-controller":             deployment,
		"replicaset-controller":             replicaSet,
		"replication-controller":            "ReplicationController",
		"statefulset-controller":            "StatefulSet",
		"daemon-set-controller":             "DaemonSet",
		"job-controller":                    "Job",
		"cronjob-controller":                "CronJob",
		"endpointslice-controller":          endpoints,
		"endpoint-controller":               endpoints,
		"endpointslicemirroring-controller": endpoints,
		"node-controller":                   nodeWatch,
		"generic-garbage-collector":         collector,
		"pod-garbage-collector":             collector,
		"namespace-controller":              "namespace",
		"horizontal-pod-autoscaler":         "autoscaler",
		"disruption-controller":             "disruption",
		"ttl-after-finished-controller":     "TTL",
	}
}

// actor says who made a change, and how that is known. It never guesses: where neither the record
// nor the object tells, it is somebody.
func actor(c snapshot.Change) string {
	switch {
	case c.Source == FromFault && c.User == lesson, strings.HasPrefix(c.UserAgent, lessonAgent):
		return theLesson
	case c.Source == FromFault, c.User == learner, c.User == admin, strings.HasPrefix(c.UserAgent, "kubectl/"), byHeal(c):
		return you
	case c.User == "":
		return somebody
	case c.User == "system:kube-scheduler":
		return scheduler
	case strings.HasPrefix(c.User, kubelets):
		return kubelet
	case strings.HasPrefix(c.User, controllers):
		name := strings.TrimPrefix(c.User, controllers)
		if a, ok := controllerActors()[name]; ok {
			return a
		}
		return name
	}
	return c.User
}

// byHeal says that the command heal made a change, for whoever ran it.
func byHeal(c snapshot.Change) bool { return strings.HasPrefix(c.UserAgent, healAgent) }

// orElse takes the actor that the change's nature tells where the record does not.
func orElse(who, natural string) string {
	if who == somebody && natural != "" {
		return natural
	}
	return who
}

// byRecord is the evidence for an act that the record tells of.
func byRecord(c snapshot.Change) string {
	switch c.Source {
	case snapshot.FromAudit:
		verb := c.Verb
		if c.Subresource != "" {
			verb += " " + c.Subresource
		}
		by := "audit: " + verb + " by " + plainUser(c.User)
		if byHeal(c) {
			by += ", user agent " + healAgent
		}
		return by
	case FromFault:
		return "done outside the API"
	}
	if c.User == learner {
		return "this command did it"
	}
	return unknownReason
}

// plainUser leaves out of a user's name what all its kind have in common.
func plainUser(user string) string {
	for _, prefix := range []string{controllers, "system:"} {
		if short, ok := strings.CutPrefix(user, prefix); ok {
			return short
		}
	}
	return user
}

// manager is the program that wrote a field last, as managedFields tell; empty when they do not.
// Path is the names of the fields from the top.
func manager(o *unstructured.Unstructured, path ...string) string {
	name, newest := "", time.Time{}
	for _, m := range o.GetManagedFields() {
		if m.FieldsV1 == nil || !ownsField(m.FieldsV1.GetRawBytes(), path) {
			continue
		}
		if m.Time == nil && name == "" {
			name = m.Manager
		}
		if m.Time != nil && !m.Time.Time.Before(newest) {
			name, newest = m.Manager, m.Time.Time
		}
	}
	return name
}

// ownsField says whether a set of fields (FieldsV1) holds a path.
func ownsField(raw []byte, path []string) bool {
	var fields map[string]any
	if json.Unmarshal(raw, &fields) != nil {
		return false
	}
	for _, name := range path {
		next, ok := fields["f:"+name].(map[string]any)
		if !ok {
			return false
		}
		fields = next
	}
	return true
}
