package check

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// object is a shorthand for what is read over and over.
type object = *unstructured.Unstructured

func number(o object, path ...string) (int64, bool) {
	n, ok, err := unstructured.NestedInt64(o.Object, path...)
	return n, ok && err == nil
}

func words(o object, path ...string) string {
	s, _, _ := unstructured.NestedString(o.Object, path...)
	return s
}

func maps(o map[string]any, path ...string) []map[string]any {
	list, _, _ := unstructured.NestedFieldNoCopy(o, path...)
	elements, _ := list.([]any)
	var found []map[string]any
	for _, e := range elements {
		if m, ok := e.(map[string]any); ok {
			found = append(found, m)
		}
	}
	return found
}

// condition returns a condition of an object's status, or nil.
func condition(o object, name string) map[string]any {
	for _, c := range maps(o.Object, "status", "conditions") {
		if c["type"] == name {
			return c
		}
	}
	return nil
}

func isTrue(o object, name string) bool { return condition(o, name)["status"] == "True" }

func moment(v any) time.Time {
	s, _ := v.(string)
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return at
}

// controllerOf returns the kind, name and UID of the object that controls this one.
func controllerOf(o object) (kind, name, uid string) {
	for _, r := range o.GetOwnerReferences() {
		if r.Controller != nil && *r.Controller {
			return r.Kind, r.Name, string(r.UID)
		}
	}
	return "", "", ""
}

// ref names an object as kubectl does: deployment/web.
func ref(o object) string { return strings.ToLower(o.GetKind()) + "/" + o.GetName() }

// ago says a span of time as a person does.
func ago(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
