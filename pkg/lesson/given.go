package lesson

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"strconv"
	"strings"

	"github.com/google/cel-go/common/types"
	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

const (
	maxGiven = 64
	maxDepth = 64
)

// readGiven reads the objects of a block, or of the file that it names.
func (p *parser) readGiven(f *fragment, at Pos) *Given {
	g := &Given{at: at}
	docs := p.documents(f)
	if len(docs) == 1 && docs[0].Kind == yaml.MappingNode && len(docs[0].Content) == 2 && docs[0].Content[0].Value == "file" {
		f, docs = p.manifest(f, docs[0])
		if f == nil {
			return g
		}
	}
	if len(docs) == 0 && len(p.list) == 0 {
		p.add(at, "the block gives nothing", "write an object, or file: manifest.yaml")
	}
	if len(docs) > maxGiven {
		p.add(at, fmt.Sprintf("the block gives more than %d objects", maxGiven), "give fewer")
		return g
	}
	seen := map[string]bool{}
	for _, d := range docs {
		u := p.givenObject(f, d)
		if u == nil {
			continue
		}
		name := u.GetKind() + "/" + u.GetName()
		if seen[name] {
			p.add(f.pos(d.Line, d.Column), name+" is given twice", "take one out")
		}
		seen[name] = true
		g.Objects = append(g.Objects, u)
	}
	return g
}

// manifest reads the file that `file:` names, in the lesson's own folder.
func (p *parser) manifest(f *fragment, d *yaml.Node) (*fragment, []*yaml.Node) {
	o := p.object(f, d, fileShape())
	name := o.text("file")
	if name == "" {
		return nil, nil
	}
	if !fs.ValidPath(name) || name == "." {
		p.add(o.where("file"), fmt.Sprintf("%q is not in the lesson's folder", name), "write the name of a file beside the lesson")
		return nil, nil
	}
	src, err := p.options.readSource(p.fsys, path.Join(path.Dir(p.name), name))
	var list Errors
	switch {
	case errors.As(err, &list):
		p.list = append(p.list, list...)
		return nil, nil
	case err != nil:
		p.add(o.where("file"), fmt.Sprintf("can't read %q: %v", name, err), "put the file beside the lesson")
		return nil, nil
	}
	whole := src.fragment(0, len(src.starts))
	return whole, p.documents(whole)
}

func (p *parser) givenObject(f *fragment, d *yaml.Node) *unstructured.Unstructured {
	at := f.pos(d.Line, d.Column)
	fields, ok := plainValue(d).(map[string]any)
	if d.Kind != yaml.MappingNode || !ok {
		p.add(at, "an object is "+describe(d), "write apiVersion, kind and metadata")
		return nil
	}
	u := &unstructured.Unstructured{Object: fields}
	if u.GetAPIVersion() == "" || u.GetKind() == "" {
		p.add(at, "an object has no apiVersion or no kind", "write both, as in apiVersion: v1 and kind: Pod")
		return nil
	}
	kind, known := snapshot.KindOf(u.GroupVersionKind())
	t := goType(u.GroupVersionKind().Group, u.GetKind())
	switch {
	case known && kind.Version != u.GroupVersionKind().Version:
		p.add(at, fmt.Sprintf("%s %s is not served", u.GetAPIVersion(), u.GetKind()), "write apiVersion: "+kind.GVK().GroupVersion().String())
		return nil
	case known && !kind.Namespaced && !p.options.Trust:
		p.add(at, fmt.Sprintf("a %s belongs to the whole cluster", u.GetKind()), "a lesson gives objects of its own namespace only, unless it is trusted")
		return nil
	case !known && !p.options.Trust:
		p.add(at, fmt.Sprintf("unknown kind %s of %s", u.GetKind(), u.GetAPIVersion()), kindAdvice(u.GroupVersionKind()))
		return nil
	}
	p.givenName(f, d, u)
	if t != nil {
		p.typeCheck(f, d, t, u.GetKind())
	}
	return u
}

func kindAdvice(gvk schema.GroupVersionKind) string {
	var names []string
	for _, k := range snapshot.Kinds() {
		if k.Kind == gvk.Kind {
			return "write apiVersion: " + k.GVK().GroupVersion().String()
		}
		names = append(names, k.Kind)
	}
	return didYouMean(gvk.Kind, names, "a lesson gives built-in kinds only, unless it is trusted: ")
}

func (p *parser) givenName(f *fragment, d *yaml.Node, u *unstructured.Unstructured) {
	at := f.pos(d.Line, d.Column)
	switch name := u.GetName(); {
	case name == "":
		p.add(at, fmt.Sprintf("a %s has no name", u.GetKind()), "write metadata: and name:")
	case len(validation.IsDNS1123Subdomain(name)) > 0 && !strings.Contains(name, ":"):
		p.add(at, fmt.Sprintf("%q is not the name of an object", name), "write lower-case letters, digits and hyphens")
	}
	if u.GetNamespace() != "" {
		p.add(at, fmt.Sprintf("%s %q names a namespace", u.GetKind(), u.GetName()), "take metadata.namespace out: the lesson has a namespace of its own")
	}
}

// plainValue turns YAML into what JSON would give: int64, float64, bool, string, nil, maps, lists.
func plainValue(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plainValue(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			list[i] = plainValue(c)
		}
		return list
	case yaml.ScalarNode:
		return plainScalar(n)
	}
	return nil
}

func plainScalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 0, 64); err == nil {
			return i
		}
	case "!!float":
		var f float64
		if n.Decode(&f) == nil {
			return f
		}
	}
	return n.Value
}

// typeCheck walks YAML along a Go type: unknown fields, wrong types, and what an untrusted lesson may not have.
func (p *parser) typeCheck(f *fragment, n *yaml.Node, t reflect.Type, what string) {
	(&typeWalk{parser: p, fragment: f}).value(n, t, what, 0)
}

type typeWalk struct {
	*parser
	*fragment
}

func (w *typeWalk) bad(n *yaml.Node, what, instead string) {
	w.add(w.pos(n.Line, n.Column), what, instead)
}

func (w *typeWalk) value(n *yaml.Node, t reflect.Type, what string, depth int) {
	if t = deref(t); depth > maxDepth {
		w.bad(n, "the object is nested too deeply", "")
		return
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return
	}
	switch {
	case leafType(t) != nil:
		w.leaf(n, t, what)
	case t.Kind() == reflect.Struct:
		w.fields(n, t, what, depth)
	case t.Kind() == reflect.Map:
		if w.is(n, yaml.MappingNode, what) {
			for i := 0; i+1 < len(n.Content); i += 2 {
				w.value(n.Content[i+1], t.Elem(), n.Content[i].Value, depth+1)
			}
		}
	case t.Kind() == reflect.Slice && celType(t) != types.BytesType:
		if w.is(n, yaml.SequenceNode, what) {
			for _, c := range n.Content {
				w.value(c, t.Elem(), what, depth+1)
			}
		}
	default:
		w.scalar(n, t, what)
	}
}

func (w *typeWalk) is(n *yaml.Node, kind yaml.Kind, what string) bool {
	if n.Kind == kind {
		return true
	}
	instead := "write a list: a line with - for each"
	if kind == yaml.MappingNode {
		instead = "write keys and values"
	}
	w.bad(n, fmt.Sprintf("%q is %s", what, describe(n)), instead)
	return false
}

func (w *typeWalk) fields(n *yaml.Node, t reflect.Type, what string, depth int) {
	if !w.is(n, yaml.MappingNode, what) {
		return
	}
	fields := fieldsOf(t)
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		field, ok := fields[key.Value]
		switch {
		case !ok:
			instead := "look at kubectl explain for the fields"
			if near := nearestField(key.Value, sortedKeys(fields)); near != "" {
				instead = fmt.Sprintf("did you mean %q?", near)
			}
			w.bad(key, fmt.Sprintf("unknown field %q of %s", key.Value, t.Name()), instead)
			continue
		case seen[key.Value]:
			w.bad(key, fmt.Sprintf("%q stands twice", key.Value), "take one out")
		}
		seen[key.Value] = true
		if !w.options.Trust {
			w.trusted(t, key, value)
		}
		w.value(value, field, key.Value, depth+1)
	}
}

// trusted refuses what lets a Pod reach its node.
func (w *typeWalk) trusted(t reflect.Type, key, value *yaml.Node) {
	no := func(what string) {
		w.bad(key, what, "a lesson from outside may not, unless it is trusted")
	}
	on := value.Kind == yaml.ScalarNode && value.ShortTag() == "!!bool" && strings.EqualFold(value.Value, "true")
	switch t {
	case reflect.TypeFor[corev1.PodSpec]():
		switch key.Value {
		case "hostNetwork", "hostPID", "hostIPC":
			if on {
				no(key.Value + " shares the node's own namespace")
			}
		}
	case reflect.TypeFor[corev1.Volume](), reflect.TypeFor[corev1.VolumeSource]():
		if key.Value == "hostPath" {
			no("hostPath opens the node's files")
		}
	case reflect.TypeFor[corev1.SecurityContext]():
		switch {
		case key.Value == "privileged" && on:
			no("a privileged container owns its node")
		case key.Value == "capabilities" && mappingHas(value, "add"):
			no("added capabilities reach beyond the container")
		case key.Value == "procMount" && value.Value != "Default":
			no("an unmasked /proc reaches beyond the container")
		}
	case reflect.TypeFor[corev1.WindowsSecurityContextOptions]():
		if key.Value == "hostProcess" && on {
			no("hostProcess runs on the node itself")
		}
	case reflect.TypeFor[corev1.ContainerPort]():
		if key.Value == "hostPort" && value.Value != "0" {
			no("hostPort takes a port of the node")
		}
	}
}

func mappingHas(n *yaml.Node, key string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return true
		}
	}
	return false
}

func (w *typeWalk) leaf(n *yaml.Node, t reflect.Type, what string) {
	var problem error
	switch t {
	case reflect.TypeFor[resource.Quantity]():
		_, problem = resource.ParseQuantity(n.Value)
	case reflect.TypeFor[intstr.IntOrString](), reflect.TypeFor[metav1.Duration]():
		if n.Kind != yaml.ScalarNode {
			problem = errors.New("no single value")
		}
	}
	if problem != nil {
		w.bad(n, fmt.Sprintf("%q can't be %q", what, n.Value), "write a number, with a unit where it has one: 64Mi, 100m")
	}
}

func (w *typeWalk) scalar(n *yaml.Node, t reflect.Type, what string) {
	wanted := celType(t)
	tag := n.ShortTag()
	if n.Kind != yaml.ScalarNode {
		w.bad(n, fmt.Sprintf("%q is %s", what, describe(n)), "write one value")
		return
	}
	switch wanted {
	case types.StringType, types.BytesType:
		if tag != "!!str" && tag != "!!binary" {
			w.bad(n, fmt.Sprintf("%q is %s", what, describe(n)), fmt.Sprintf("put it in quotes: %q", n.Value))
		}
	case types.IntType:
		if tag != "!!int" {
			w.bad(n, fmt.Sprintf("%q is %s", what, describe(n)), "write a whole number")
		}
	case types.BoolType:
		if tag != "!!bool" {
			w.bad(n, fmt.Sprintf("%q is %s", what, describe(n)), "write true or false")
		}
	case types.DoubleType:
		if tag != "!!int" && tag != "!!float" {
			w.bad(n, fmt.Sprintf("%q is %s", what, describe(n)), "write a number")
		}
	}
}
