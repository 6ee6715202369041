package lesson

import (
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// helpers are the functions that lessons have on top of Kubernetes' own. They take any object.
func helpers() []cel.EnvOption {
	unary := func(name string, out *cel.Type, f func(map[string]any) ref.Val) cel.EnvOption {
		return cel.Function(name, cel.Overload(name+"_object", []*cel.Type{cel.DynType}, out,
			cel.UnaryBinding(func(v ref.Val) ref.Val {
				o, ok := v.Value().(map[string]any)
				if !ok {
					return types.NewErr("%s() takes an object, not %s", name, v.Type().TypeName())
				}
				return f(o)
			})))
	}
	return []cel.EnvOption{
		unary("ready", cel.BoolType, func(o map[string]any) ref.Val {
			return types.Bool(condition(o, "Ready") == "True" && !terminating(o))
		}),
		unary("terminating", cel.BoolType, func(o map[string]any) ref.Val { return types.Bool(terminating(o)) }),
		unary("owner", cel.StringType, func(o map[string]any) ref.Val { return types.String(controller(o)) }),
		unary("restarts", cel.IntType, func(o map[string]any) ref.Val { return types.Int(restarts(o)) }),
		cel.Function("condition", cel.Overload("condition_object_string", []*cel.Type{cel.DynType, cel.StringType}, cel.StringType,
			cel.BinaryBinding(func(v, name ref.Val) ref.Val {
				o, _ := v.Value().(map[string]any)
				s, _ := name.Value().(string)
				return types.String(condition(o, s))
			}))),
	}
}

func helperNames() []string {
	return []string{"ready", "terminating", "owner", "restarts", "condition"}
}

func child(o map[string]any, key string) map[string]any {
	m, _ := o[key].(map[string]any)
	return m
}

func children(o map[string]any, key string) []map[string]any {
	list, _ := o[key].([]any)
	var found []map[string]any
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			found = append(found, m)
		}
	}
	return found
}

func condition(o map[string]any, name string) string {
	for _, c := range children(child(o, "status"), "conditions") {
		if c["type"] == name {
			s, _ := c["status"].(string)
			return s
		}
	}
	return ""
}

func terminating(o map[string]any) bool {
	_, ok := child(o, "metadata")["deletionTimestamp"]
	return ok
}

func controller(o map[string]any) string {
	for _, r := range children(child(o, "metadata"), "ownerReferences") {
		if r["controller"] == true {
			s, _ := r["name"].(string)
			return s
		}
	}
	return ""
}

func restarts(o map[string]any) int64 {
	var sum int64
	for _, c := range children(child(o, "status"), "containerStatuses") {
		n, _ := c["restartCount"].(int64)
		sum += n
	}
	return sum
}
