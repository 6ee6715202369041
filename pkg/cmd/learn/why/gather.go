package why

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/observe"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

const (
	// rounds is how often what was read may hint at more to read.
	rounds = 3
	// logLines is how much of a log is read.
	logLines = 50
)

// logReader reads the last lines of what a container wrote.
type logReader interface {
	Logs(ctx context.Context, of snapshot.Log, lines int) ([]string, error)
}

// gatherer reads what tells why something is not well: first what every answer needs, then what that hints at.
type gatherer struct {
	here, anywhere *observe.Observer
	logs           logReader
}

func (g *gatherer) gather(ctx context.Context, target snapshot.Query) *snapshot.Snapshot {
	queries := explain.Needs(explain.KindWhy, target)
	if ns := g.here.Namespace(); ns != "" {
		if q, err := snapshot.ParseQuery("namespace/" + ns); err == nil {
			queries = append(queries, q)
		}
	}
	now := g.here.Snapshot(ctx, queries)
	asked := map[string]bool{}
	for range rounds {
		wish := explain.Wants(target, now)
		if !g.grant(ctx, now, wish, asked) {
			break
		}
	}
	for _, o := range now.Objects {
		trim(o)
	}
	return now
}

// grant reads what is wished for and was not asked yet; false when there was nothing.
func (g *gatherer) grant(ctx context.Context, now *snapshot.Snapshot, wish explain.Wish, asked map[string]bool) bool {
	fresh := func(place string, queries []snapshot.Query) (left []snapshot.Query) {
		for _, q := range queries {
			if key := place + q.String(); !asked[key] {
				asked[key] = true
				left = append(left, q)
			}
		}
		return left
	}
	more := false
	for place, o := range map[string]*observe.Observer{"here": g.here, "anywhere": g.anywhere} {
		queries := wish.Queries
		if place == "anywhere" {
			queries = wish.Anywhere
		}
		if left := fresh(place, queries); len(left) > 0 {
			join(now, o.Snapshot(ctx, left), place == "anywhere")
			more = true
		}
	}
	read := func(l snapshot.Log) (snapshot.Log, bool) {
		key := "log " + l.Namespace + "/" + l.Pod + "/" + l.Container
		if asked[key] {
			return l, false
		}
		asked[key] = true
		lines, err := g.logs.Logs(ctx, l, logLines)
		if l.Lines = lines; err != nil {
			l.Error = err.Error()
		}
		return l, true
	}
	for _, l := range wish.Logs {
		l, fresh := read(l)
		if !fresh {
			continue
		}
		more = true
		if l.Forbidden() {
			unread(now, "logs", l.Error)
		}
		now.Logs = append(now.Logs, l)
	}
	for _, l := range wish.Glances {
		switch l, fresh := read(l); {
		case !fresh:
		case l.Error != "":
			return more // the others could not be read either
		default:
			now.Logs, more = append(now.Logs, l), true
		}
	}
	return more
}

// join adds what was read to a snapshot. What other namespaces have is a help and not more: where it could not be read
// nothing is missing.
func join(now, more *snapshot.Snapshot, elsewhere bool) {
	known := map[string]bool{}
	for _, o := range now.Objects {
		known[string(o.GetUID())] = true
	}
	for _, o := range more.Objects {
		if !known[string(o.GetUID())] {
			now.Objects = append(now.Objects, o)
		}
	}
	if elsewhere {
		return
	}
	for resource, reason := range more.Errors {
		unread(now, resource, reason)
	}
}

func unread(now *snapshot.Snapshot, resource, reason string) {
	if now.Errors == nil {
		now.Errors = map[string]string{}
	}
	now.Errors[resource] = reason
}

// trim takes out of an object what no answer needs, and what nobody should keep: the contents of Secrets.
func trim(o *unstructured.Unstructured) {
	if o.GetDeletionTimestamp() == nil || len(o.GetFinalizers()) == 0 { // else they say who wrote the finalizers
		unstructured.RemoveNestedField(o.Object, "metadata", "managedFields")
	}
	switch o.GetKind() {
	case "Node":
		unstructured.RemoveNestedField(o.Object, "status", "images")
	case "Secret", "ConfigMap":
		unstructured.RemoveNestedField(o.Object, "metadata", "annotations")
		for _, field := range []string{"data", "binaryData"} {
			data, found, _ := unstructured.NestedMap(o.Object, field)
			for key := range data {
				data[key] = ""
			}
			if found {
				_ = unstructured.SetNestedMap(o.Object, data, field)
			}
		}
	}
}
