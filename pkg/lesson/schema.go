package lesson

import (
	"reflect"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// goType returns the Go type of a built-in kind, or nil.
func goType(group, kind string) reflect.Type {
	object := map[string]any{
		"Pod":                     corev1.Pod{},
		"Deployment":              appsv1.Deployment{},
		"ReplicaSet":              appsv1.ReplicaSet{},
		"StatefulSet":             appsv1.StatefulSet{},
		"DaemonSet":               appsv1.DaemonSet{},
		"ControllerRevision":      appsv1.ControllerRevision{},
		"Job":                     batchv1.Job{},
		"CronJob":                 batchv1.CronJob{},
		"Service":                 corev1.Service{},
		"Endpoints":               corev1.Endpoints{}, //nolint:staticcheck // deprecated, and still what kubectl get endpoints shows
		"EndpointSlice":           discoveryv1.EndpointSlice{},
		"Ingress":                 networkingv1.Ingress{},
		"IngressClass":            networkingv1.IngressClass{},
		"NetworkPolicy":           networkingv1.NetworkPolicy{},
		"ConfigMap":               corev1.ConfigMap{},
		"Secret":                  corev1.Secret{},
		"ServiceAccount":          corev1.ServiceAccount{},
		"PersistentVolumeClaim":   corev1.PersistentVolumeClaim{},
		"PersistentVolume":        corev1.PersistentVolume{},
		"StorageClass":            storagev1.StorageClass{},
		"Node":                    corev1.Node{},
		"Namespace":               corev1.Namespace{},
		"Event":                   corev1.Event{},
		"ReplicationController":   corev1.ReplicationController{},
		"ResourceQuota":           corev1.ResourceQuota{},
		"LimitRange":              corev1.LimitRange{},
		"HorizontalPodAutoscaler": autoscalingv2.HorizontalPodAutoscaler{},
		"PodDisruptionBudget":     policyv1.PodDisruptionBudget{},
		"Role":                    rbacv1.Role{},
		"RoleBinding":             rbacv1.RoleBinding{},
		"ClusterRole":             rbacv1.ClusterRole{},
		"ClusterRoleBinding":      rbacv1.ClusterRoleBinding{},
		"PriorityClass":           schedulingv1.PriorityClass{},
		"Lease":                   coordinationv1.Lease{},
	}[kind]
	if object == nil {
		return nil
	}
	t := reflect.TypeOf(object)
	if first, _, _ := strings.Cut(group, "."); first != packageGroup(t) {
		return nil
	}
	return t
}

// packageGroup is the group's first word, as the package path has it: "" for core, "apps", "rbac".
func packageGroup(t reflect.Type) string {
	parts := strings.Split(t.PkgPath(), "/")
	if group := parts[len(parts)-2]; group != "core" {
		return group
	}
	return ""
}

// typeName is how a struct is called in messages: v1.PodSpec.
func typeName(t reflect.Type) string {
	parts := strings.Split(t.PkgPath(), "/")
	if len(parts) < 2 {
		return t.Name()
	}
	return parts[len(parts)-2] + "." + parts[len(parts)-1] + "." + t.Name()
}

// leafType says what CEL makes of a Go type that is no plain struct, map or list, or nil.
func leafType(t reflect.Type) *types.Type {
	switch t {
	case reflect.TypeFor[metav1.Time](), reflect.TypeFor[metav1.MicroTime]():
		return types.TimestampType
	case reflect.TypeFor[metav1.Duration]():
		return types.StringType
	case reflect.TypeFor[resource.Quantity]():
		return types.StringType
	case reflect.TypeFor[intstr.IntOrString](), reflect.TypeFor[runtime.RawExtension](), reflect.TypeFor[metav1.FieldsV1]():
		return types.DynType
	}
	return nil
}

// celType is the CEL type of a Go type as it looks after a trip through JSON.
func celType(t reflect.Type) *types.Type {
	if leaf := leafType(t); leaf != nil {
		return leaf
	}
	switch t.Kind() {
	case reflect.Pointer:
		return celType(t.Elem())
	case reflect.String:
		return types.StringType
	case reflect.Bool:
		return types.BoolType
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return types.IntType
	case reflect.Float32, reflect.Float64:
		return types.DoubleType
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return types.BytesType
		}
		return types.NewListType(celType(t.Elem()))
	case reflect.Map:
		return types.NewMapType(types.StringType, celType(t.Elem()))
	case reflect.Struct:
		return types.NewObjectType(typeName(t))
	}
	return types.DynType
}

// fieldCache keeps what fieldsOf found: the answer for a type never changes.
var fieldCache sync.Map

// fieldsOf lists a struct's fields by their JSON names; inlined structs are part of it.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	if known, ok := fieldCache.Load(t); ok {
		return known.(map[string]reflect.Type)
	}
	fields := findFields(t)
	fieldCache.Store(t, fields)
	return fields
}

func findFields(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported():
		case name == "" && (f.Anonymous || strings.Contains(options, "inline")):
			for n, inner := range fieldsOf(deref(f.Type)) {
				fields[n] = inner
			}
		case name != "":
			fields[name] = f.Type
		}
	}
	return fields
}

func deref(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// isStruct says that a type has fields of its own for us.
func isStruct(t reflect.Type) bool { return t.Kind() == reflect.Struct && leafType(t) == nil }

// objectTypes tells CEL the types of the kinds in use, and remembers which field it did not find,
// because CEL's own message does not say of what type that was.
type objectTypes struct {
	types.Provider
	fields map[string]map[string]reflect.Type // type name -> field -> type
	missed map[string]string                  // field -> the type that lacks it
}

func newObjectTypes(base types.Provider, root reflect.Type) *objectTypes {
	p := &objectTypes{Provider: base, fields: map[string]map[string]reflect.Type{}, missed: map[string]string{}}
	p.learn(root)
	return p
}

func (p *objectTypes) learn(t reflect.Type) {
	switch t = deref(t); {
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Map:
		p.learn(t.Elem())
	case isStruct(t) && p.fields[typeName(t)] == nil:
		fields := fieldsOf(t)
		p.fields[typeName(t)] = fields
		for _, f := range fields {
			p.learn(f)
		}
	}
}

func (p *objectTypes) FindStructType(name string) (*types.Type, bool) {
	if _, ok := p.fields[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Provider.FindStructType(name)
}

func (p *objectTypes) FindStructFieldNames(name string) ([]string, bool) {
	if fields, ok := p.fields[name]; ok {
		return sortedKeys(fields), true
	}
	return p.Provider.FindStructFieldNames(name)
}

func (p *objectTypes) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	fields, ok := p.fields[name]
	if !ok {
		return p.Provider.FindStructFieldType(name, field)
	}
	t, ok := fields[field]
	if !ok {
		p.missed[field] = name
		return nil, false
	}
	return &types.FieldType{Type: celType(t)}, true
}

// NewValue refuses to make objects: expressions only read.
func (p *objectTypes) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if _, ok := p.fields[name]; ok {
		return types.NewErr("an expression can't make a %s", name)
	}
	return p.Provider.NewValue(name, fields)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// typed copies a JSON value for CEL: times become timestamps, bytes are decoded, nulls are left out.
func typed(v any, t reflect.Type) any {
	if t != nil {
		t = deref(t)
	}
	switch v := v.(type) {
	case map[string]any:
		return typedMap(v, t)
	case []any:
		var elem reflect.Type
		if t != nil && t.Kind() == reflect.Slice {
			elem = t.Elem()
		}
		list := make([]any, len(v))
		for i := range v {
			list[i] = typed(v[i], elem)
		}
		return list
	case string:
		return typedText(v, t)
	case int:
		return int64(v)
	case int32:
		return int64(v)
	}
	return v
}

func typedMap(v map[string]any, t reflect.Type) map[string]any {
	copied := make(map[string]any, len(v))
	var fields map[string]reflect.Type
	var elem reflect.Type
	if t != nil && isStruct(t) {
		fields = fieldsOf(t)
	} else if t != nil && t.Kind() == reflect.Map {
		elem = t.Elem()
	}
	for k, inner := range v {
		if inner == nil {
			continue
		}
		of := elem
		if fields != nil {
			of = fields[k]
		}
		copied[k] = typed(inner, of)
	}
	return copied
}

func typedText(v string, t reflect.Type) any {
	if t == nil {
		return v
	}
	switch celType(t) {
	case types.TimestampType:
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return at
		}
	case types.BytesType:
		if data, err := decodeBase64(v); err == nil {
			return data
		}
	}
	return v
}
