package explain

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// Writer is a program that wrote fields of an object, as managedFields tell.
type Writer struct {
	// Who is the program as people call it, Manager as it calls itself.
	Who     string `json:"who"`
	Manager string `json:"manager"`
	// Operation is Apply (server-side apply) or Update (any other write).
	Operation   string    `json:"operation"`
	Subresource string    `json:"subresource,omitempty"`
	At          time.Time `json:"at,omitzero"`
	// Ago is how long that was before the object was looked at.
	Ago string `json:"ago,omitempty"`
	// Fields are the paths of what it wrote last; where those below one are many they are counted.
	Fields []string `json:"fields"`
}

// writers are who wrote an object, in the order of time. The time is that of each one's last write.
func writers(o *unstructured.Unstructured, now time.Time) []Writer {
	var all []Writer
	for _, m := range o.GetManagedFields() {
		w := Writer{
			Who: writerName(o, m), Manager: m.Manager, Operation: string(m.Operation), Subresource: m.Subresource,
		}
		if m.Time != nil {
			w.At, w.Ago = m.Time.Time, ago(now.Sub(m.Time.Time))
		}
		if m.FieldsV1 != nil {
			w.Fields = fieldPaths(m.FieldsV1.GetRawBytes())
		}
		all = append(all, w)
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].At.Before(all[j].At) })
	return all
}

// writerName names a field manager as people do. The controllers all write as kube-controller-manager: which of them it was is told
// by what they write.
func writerName(o *unstructured.Unstructured, m metav1.ManagedFieldsEntry) string {
	switch {
	case m.Manager == "kubectl-learn":
		return plugin.Command
	case m.Manager == "kube-controller-manager":
		return controllerName(o, m.Subresource)
	case m.Manager == "kube-scheduler":
		return scheduler
	case m.Manager == "kubelet" || m.Manager == "kube-apiserver":
		return strings.TrimPrefix(m.Manager, "kube-")
	case strings.HasPrefix(m.Manager, "kubectl-"):
		return "kubectl " + strings.ReplaceAll(strings.TrimPrefix(m.Manager, "kubectl-"), "client-side-apply", "apply")
	}
	return program(m.Manager)
}

// controllerName is which controller writes that part of such an object.
func controllerName(o *unstructured.Unstructured, subresource string) string {
	const manager = "controller manager"
	switch kind := o.GetKind(); kind {
	case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicationController":
		if owner := controllerOf(o); owner != nil && subresource == "" {
			return owner.Kind + " controller"
		}
		return kind + " controller"
	case "Pod":
		if owner := controllerOf(o); owner != nil && subresource == "" {
			return owner.Kind + " controller"
		}
	case "EndpointSlice":
		return "EndpointSlice controller"
	case "HorizontalPodAutoscaler":
		return "autoscaler"
	case "PodDisruptionBudget":
		return "disruption controller"
	case "Node":
		return nodeWatch
	}
	return manager
}

// mostPaths is how many paths of one writer are told; where there are more, those below one are counted.
const mostPaths = 7

// fieldPaths are the paths of a set of fields (FieldsV1), as kubectl writes them: spec.containers[main].image.
func fieldPaths(raw []byte) []string {
	var fields map[string]any
	if json.Unmarshal(raw, &fields) != nil {
		return nil
	}
	root := &fieldNode{}
	root.fill(fields)
	return root.told(mostPaths)
}

// fieldNode is a field with those in it.
type fieldNode struct {
	below map[string]*fieldNode
}

func (n *fieldNode) fill(fields map[string]any) {
	for key, value := range fields {
		name := pathStep(key)
		if name == "" {
			continue
		}
		if n.below == nil {
			n.below = map[string]*fieldNode{}
		}
		child := &fieldNode{}
		n.below[name] = child
		if m, ok := value.(map[string]any); ok {
			child.fill(m)
		}
	}
}

// pathStep is a step of a path: f:name is .name, k:{"name":"main"} is [main], v:"x" is [x]; "." stands for the thing itself.
func pathStep(key string) string {
	kind, rest, _ := strings.Cut(key, ":")
	switch kind {
	case "f":
		return "." + rest
	case "k":
		var keys map[string]any
		if json.Unmarshal([]byte(rest), &keys) != nil {
			return "[" + rest + "]"
		}
		var values []string
		for _, k := range sortedKeys(keys) {
			values = append(values, fmt.Sprint(keys[k]))
		}
		return "[" + strings.Join(values, ",") + "]"
	case "v":
		return "[" + strings.Trim(rest, `"`) + "]"
	}
	return ""
}

// leaves counts the fields that have none in them.
func (n *fieldNode) leaves() int {
	if len(n.below) == 0 {
		return 1
	}
	sum := 0
	for _, c := range n.below {
		sum += c.leaves()
	}
	return sum
}

// told are at most so many paths that hold all fields: as deep as that allows, those with the most in them first.
func (n *fieldNode) told(most int) []string {
	open := map[string]*fieldNode{"": n}
	shut := map[string]bool{} // can't be opened without there being too many
	for {
		widest, found := "", false
		for _, path := range sortedKeys(open) {
			if at := open[path]; len(at.below) > 0 && !shut[path] && (!found || at.leaves() > open[widest].leaves()) {
				widest, found = path, true
			}
		}
		if !found {
			break
		}
		at := open[widest]
		if len(open)-1+len(at.below) > most && widest != "" {
			shut[widest] = true
			continue
		}
		delete(open, widest)
		for step, child := range at.below {
			open[widest+step] = child
		}
	}
	var all []string
	for _, path := range sortedKeys(open) {
		text := strings.TrimPrefix(path, ".")
		if count := open[path].leaves(); count > 1 {
			text += fmt.Sprintf(" (%d fields)", count)
		}
		if text != "" {
			all = append(all, text)
		}
	}
	return all
}
