package explain

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// refusal is a request that the API server refused for want of rights.
type refusal struct {
	user, verb, resource, group string
	// namespace is empty for what belongs to none.
	namespace string
}

// forbiddenWords is how the API server says so (k8s.io/apiserver/pkg/endpoints/handlers/responsewriters).
var forbiddenWords = regexp.MustCompile(`User "([^"]+)" cannot (\w+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)"| at the cluster scope)`)

// findForbidden finds the last such line.
func findForbidden(lines []string) (string, *refusal) {
	for _, line := range slices.Backward(lines) {
		if m := forbiddenWords.FindStringSubmatch(strings.ReplaceAll(line, `\"`, `"`)); m != nil {
			return line, &refusal{user: m[1], verb: m[2], resource: m[3], group: m[4], namespace: m[5]}
		}
	}
	return "", nil
}

// forbidden tells of a request that was refused, and which rule would allow it.
func (x *examiner) forbidden(o *unstructured.Unstructured, f refusal, chain []Link) {
	what := f.resource
	if f.group != "" {
		what += "." + f.group
	}
	where := "in namespace " + f.namespace
	if f.namespace == "" {
		where = "in the whole cluster"
	}
	problem := Problem{
		Code: Forbidden, Title: fmt.Sprintf("%s may not %s %s %s", f.user, f.verb, what, where), Chain: chain,
		Look: []string{f.canI(what)},
	}
	role, binding := "Role", "RoleBinding"
	if f.namespace == "" {
		role, binding = "ClusterRole", "ClusterRoleBinding"
	}
	switch allowing, bound := x.roleFor(f), x.boundTo(f); {
	case !x.knows("roles", "rolebindings"):
		problem.Advice = "Which Roles there are can't be seen: they may not be read."
		problem.Try = []string{f.createRole(role, what), f.createBinding(binding, role, f.roleName())}
	case allowing != nil:
		problem.Chain = append(problem.Chain, Link{Claim: "This Role allows it, and is not bound to whom asked.", Evidence: ref(allowing) + "  " + ruleWords(allowing), From: ref(allowing) + " rules"})
		problem.Advice = "Bind it."
		problem.Try = []string{f.createBinding(binding, allowing.GetKind(), allowing.GetName())}
	case len(bound) > 0:
		for _, r := range bound {
			problem.Chain = append(problem.Chain, Link{Claim: "This is bound to whom asked, and does not allow it.", Evidence: ref(r) + "  " + ruleWords(r), From: ref(r) + " rules"})
		}
		problem.Advice = fmt.Sprintf("Its rules lack the verb %s for %s. Add it there, or give another Role besides.", f.verb, what)
		problem.Try = []string{f.createRole(role, what), f.createBinding(binding, role, f.roleName())}
	default:
		problem.Chain = append(problem.Chain, Link{Claim: "No Role is bound to whom asked.", Evidence: "no subject " + f.user, From: "rolebindings in namespace " + f.namespace})
		problem.Advice = "Only what a Role names and a binding gives is allowed."
		problem.Try = []string{f.createRole(role, what), f.createBinding(binding, role, f.roleName())}
	}
	x.add("Forbidden/"+f.user+"/"+f.verb+"/"+what+"/"+f.namespace, o, problem)
}

func (f refusal) roleName() string {
	resource, _, _ := strings.Cut(f.resource, "/")
	return resource + "-" + f.verb
}

func (f refusal) inNamespace() string {
	if f.namespace == "" {
		return ""
	}
	return " -n " + f.namespace
}

func (f refusal) canI(what string) string {
	command := fmt.Sprintf("kubectl auth can-i %s %s --as %s", f.verb, what, f.user)
	return command + f.inNamespace()
}

func (f refusal) createRole(kind, what string) string {
	return fmt.Sprintf("kubectl create %s %s --verb=%s --resource=%s%s", strings.ToLower(kind), f.roleName(), f.verb, what, f.inNamespace())
}

func (f refusal) createBinding(binding, roleKind, role string) string {
	to := "--user=" + f.user
	if account, ok := strings.CutPrefix(f.user, "system:serviceaccount:"); ok {
		to = "--serviceaccount=" + account
	}
	_, account, _ := strings.Cut(strings.TrimPrefix(f.user, "system:serviceaccount:"), ":")
	name := strings.Trim(role+"-"+account, "-")
	return fmt.Sprintf("kubectl create %s %s --%s=%s %s%s", strings.ToLower(binding), name, strings.ToLower(roleKind), role, to, f.inNamespace())
}

// roleFor is a Role that allows a request, or nil; a ClusterRole only where the request is for the whole cluster.
func (x *examiner) roleFor(f refusal) *unstructured.Unstructured {
	kind := "Role"
	if f.namespace == "" {
		kind = "ClusterRole"
	}
	for _, o := range x.kinds[kind] {
		if o.GetNamespace() == f.namespace && !strings.HasPrefix(o.GetName(), "system:") && allows(o, f) && !slices.Contains([]string{"cluster-admin", "admin", "edit"}, o.GetName()) {
			return o
		}
	}
	return nil
}

func rulesOf(o *unstructured.Unstructured) []rbacv1.PolicyRule {
	return typed[rbacv1.Role](o).Rules
}

func allows(o *unstructured.Unstructured, f refusal) bool {
	has := func(list []string, word string) bool {
		return slices.Contains(list, "*") || slices.Contains(list, word)
	}
	return slices.ContainsFunc(rulesOf(o), func(r rbacv1.PolicyRule) bool {
		return has(r.APIGroups, f.group) && has(r.Resources, f.resource) && has(r.Verbs, f.verb) && len(r.ResourceNames) == 0
	})
}

// boundTo are the Roles that are bound to whom asked.
func (x *examiner) boundTo(f refusal) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, kind := range []string{"RoleBinding", "ClusterRoleBinding"} {
		for _, o := range x.kinds[kind] {
			b := typed[rbacv1.RoleBinding](o)
			if kind == "RoleBinding" && b.Namespace != f.namespace || !slices.ContainsFunc(b.Subjects, func(s rbacv1.Subject) bool { return f.is(s, b.Namespace) }) {
				continue
			}
			for _, r := range x.kinds[b.RoleRef.Kind] {
				if r.GetName() == b.RoleRef.Name && (r.GetNamespace() == "" || r.GetNamespace() == b.Namespace) {
					found = append(found, r)
				}
			}
		}
	}
	return found
}

func (f refusal) is(s rbacv1.Subject, here string) bool {
	if s.Kind == rbacv1.ServiceAccountKind {
		namespace := s.Namespace
		if namespace == "" {
			namespace = here
		}
		return f.user == "system:serviceaccount:"+namespace+":"+s.Name
	}
	return s.Kind == rbacv1.UserKind && s.Name == f.user
}

// ruleWords are a Role's rules in short.
func ruleWords(o *unstructured.Unstructured) string {
	var said []string
	for _, r := range rulesOf(o) {
		if len(r.Resources) > 0 {
			said = append(said, strings.Join(r.Verbs, ",")+" of "+strings.Join(r.Resources, ","))
		}
	}
	return short(strings.Join(said, "; "), 160)
}
