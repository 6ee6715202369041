package lesson

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

const (
	maxRate, usualRate = 200, 20
	minLoad, maxLoad   = time.Second, 5 * time.Minute
	usualLoad          = 30 * time.Second
)

func (y *yamlBlock) load(o *object, on snapshot.Query) *Load {
	return &Load{
		On: on, Port: o.integer("port", 80), Path: y.path(o),
		Rate: o.integer("rate", usualRate), For: o.span("for", minLoad, maxLoad, usualLoad),
	}
}

// answers says that objects of a query can be asked over HTTP: Pods, or one Service.
func answers(q snapshot.Query) bool {
	return q.Kind == "Pod" || (q.Kind == "Service" && q.Name != "")
}

// path reads what a request asks for.
func (y *yamlBlock) path(o *object) string {
	if !o.has("path") {
		return "/"
	}
	path := o.text("path")
	if path != "" && (!strings.HasPrefix(path, "/") || strings.ContainsAny(path, " \t\n#")) {
		y.add(o.where("path"), fmt.Sprintf("%q is not a path", path), "write path: /index.html")
	}
	return path
}

// loaded reads whom a load goes to.
func (y *yamlBlock) loaded(o *object, key string) snapshot.Query {
	if strings.Contains(o.text(key), "{{") {
		y.add(o.where(key), "a load takes no template", "write load: service/web or load: pods?app=web")
		return noQuery()
	}
	q := o.query(key)
	if !q.IsZero() && !answers(q) {
		y.add(o.where(key), "a load goes to a Service or to a Pod", "write load: service/web")
	}
	return q
}
