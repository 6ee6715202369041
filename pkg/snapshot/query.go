package snapshot

import (
	"errors"
	"fmt"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Query names objects of one kind: one by its name ("deployment/web"), those with some labels
// ("pods?app=web"), or all ("pods"). Its zero value names nothing.
type Query struct {
	// Kind is the kind as objects name it, for example Pod.
	Kind string
	// Resource is the plural in lower case, for example pods; it is the key of Snapshot.Errors.
	Resource string
	// Namespaced says whether objects of this kind live in a namespace.
	Namespaced bool
	// Name is the one object's name, or empty.
	Name string
	// Selector is the label selector as it was written, or empty.
	Selector string

	kind     Kind
	selector labels.Selector
}

// ParseQuery reads "pods?app=web", "deployment/web", "node/worker-1" or "pods". The kind may be
// written as kubectl takes it: plural, singular or short, in any case.
func ParseQuery(text string) (Query, error) {
	word, _, _ := splitQuery(text)
	kind, ok := KindNamed(word)
	if !ok {
		return Query{}, unknownKind(word)
	}
	return ParseQueryOf(kind, text)
}

// splitQuery takes a query apart: the word for its kind, "/" or "?" or nothing, and what comes after.
func splitQuery(text string) (word, sign, rest string) {
	text = strings.TrimSpace(text)
	i := strings.IndexAny(text, "/?")
	if i < 0 {
		return text, "", ""
	}
	return text[:i], text[i : i+1], text[i+1:]
}

// ParseQueryOf reads a query as ParseQuery does, of a kind that is known, whatever it is called in the text. So
// kinds are queried that not every cluster has.
func ParseQueryOf(kind Kind, text string) (Query, error) {
	_, sign, rest := splitQuery(text)
	named, selected, name, selector := sign == "/", sign == "?", rest, rest
	q := Query{Kind: kind.Kind, Resource: kind.Resource, Namespaced: kind.Namespaced, kind: kind, selector: labels.Everything()}
	if named {
		if problems := validation.IsDNS1123Subdomain(name); len(problems) > 0 {
			return Query{}, fmt.Errorf("%q is not the name of an object; write %s/NAME, with NAME in lower case", name, kind.Singular)
		}
		q.Name = name
	}
	if selected {
		s, err := labels.Parse(selector)
		if err != nil || s.Empty() {
			return Query{}, fmt.Errorf("%q is not a label selector; write %s?app=web", selector, kind.Resource)
		}
		q.Selector, q.selector = selector, s
	}
	return q, nil
}

func unknownKind(word string) error {
	if word == "" {
		return errors.New("a query begins with a kind; write pods?app=web, deployment/web or pods")
	}
	var names []string
	for _, k := range Kinds() {
		names = append(names, k.Resource, k.Singular)
		for _, short := range k.Short {
			if len(short) > 3 { // of shorter ones too much is near
				names = append(names, short)
			}
		}
	}
	if near := Nearest(strings.ToLower(word), names); near != "" {
		return fmt.Errorf("unknown kind %q; did you mean %q?", word, near)
	}
	return fmt.Errorf("unknown kind %q; write a built-in kind, for example pods?app=web or deployment/web", word)
}

// IsZero says that the query names nothing.
func (q Query) IsZero() bool { return q.Kind == "" }

// GVR is what a client needs to list the query's resource.
func (q Query) GVR() schema.GroupVersionResource { return q.kind.GVR() }

// GVK is the kind of the objects that the query names.
func (q Query) GVK() schema.GroupVersionKind { return q.kind.GVK() }

// String writes the query so that ParseQuery reads it again: "deployment/web", "pods?app=web".
func (q Query) String() string {
	switch {
	case q.IsZero():
		return ""
	case q.Name != "":
		return q.kind.Singular + "/" + q.Name
	case q.Selector != "":
		return q.Resource + "?" + q.Selector
	default:
		return q.Resource
	}
}

// MarshalText writes the query as String does.
func (q Query) MarshalText() ([]byte, error) { return []byte(q.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (q *Query) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*q = Query{}
		return nil
	}
	parsed, err := ParseQuery(string(text))
	if err != nil {
		return err
	}
	*q = parsed
	return nil
}

// Matches says whether the query names this object. The namespace is not looked at.
func (q Query) Matches(o *unstructured.Unstructured) bool {
	if o == nil || q.IsZero() {
		return false
	}
	gvk := o.GroupVersionKind()
	if gvk.Kind != q.kind.Kind || gvk.Group != q.kind.Group {
		return false
	}
	if q.Name != "" {
		return o.GetName() == q.Name
	}
	return q.selector == nil || q.selector.Matches(labels.Set(o.GetLabels()))
}

// Unreadable is the error of Select for a resource that could not be read.
type Unreadable struct {
	Resource string
	// Reason is the API's own text.
	Reason string
}

func (e *Unreadable) Error() string { return fmt.Sprintf("read %s: %s", e.Resource, e.Reason) }

// Select returns the objects that the query names, sorted by name. Of a namespaced kind only
// those of the snapshot's namespace count, where it has one. The error is an *Unreadable when the
// resource was asked for and could not be read. The objects are the snapshot's own: do not change them.
func (s *Snapshot) Select(q Query) ([]*unstructured.Unstructured, error) {
	if s == nil || q.IsZero() {
		return nil, nil
	}
	if reason, ok := s.Errors[q.Resource]; ok {
		return nil, &Unreadable{Resource: q.Resource, Reason: reason}
	}
	var found []*unstructured.Unstructured
	for _, o := range s.Objects {
		if !q.Matches(o) {
			continue
		}
		if q.Namespaced && s.Namespace != "" && o.GetNamespace() != s.Namespace {
			continue
		}
		found = append(found, o)
	}
	sort.SliceStable(found, func(i, j int) bool {
		if found[i].GetName() != found[j].GetName() {
			return found[i].GetName() < found[j].GetName()
		}
		return found[i].GetNamespace() < found[j].GetNamespace()
	})
	return found, nil
}
