package explain

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// refusal is a request that the API server refused for want of rights.
type refusal struct {
	user, verb, resource, group string
	// namespace is empty for what belongs to none.
	namespace string
}

// forbiddenWords is how the API server says so (k8s.io/apiserver/pkg/endpoints/handlers/responsewriters).
var forbiddenWords = regexp.MustCompile(`User "([^"]+)" cannot (\w+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)"| at the cluster scope)`)

// forbiddenBy is the refusal that a line tells of, or nil.
func forbiddenBy(line string) *refusal {
	if m := forbiddenWords.FindStringSubmatch(strings.ReplaceAll(line, `\"`, `"`)); m != nil {
		return &refusal{user: m[1], verb: m[2], resource: m[3], group: m[4], namespace: m[5]}
	}
	return nil
}

// mostRefusals is how many refusals of one container are told.
const mostRefusals = 5

// forbiddenIn tells of the requests that were refused by the lines of a log, the last first, each once; false where there are none, or
// they would be allowed by now. Chain leads from what is seen to the line. What somebody else was refused is none of the Pod's affairs: a
// log may tell of anybody, and of another cluster.
func (x *examiner) forbiddenIn(o *unstructured.Unstructured, p *corev1.Pod, lines []string, chain func(line string) []Link) bool {
	told, found := map[refusal]bool{}, false
	itself := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Name: p.Spec.ServiceAccountName}
	for _, line := range slices.Backward(lines) {
		f := forbiddenBy(line)
		if f == nil || !f.is(itself, p.Namespace) || told[*f] || len(told) == mostRefusals {
			continue
		}
		told[*f] = true
		found = x.forbidden(o, *f, chain(line)) || found
	}
	return found
}

// forbidden tells of a request that was refused, and which rule would allow it; false where one does by now.
func (x *examiner) forbidden(o *unstructured.Unstructured, f refusal, chain []Link) bool {
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
	allowing, bound := x.roleFor(f), x.boundTo(f)
	if slices.ContainsFunc(bound, func(r *unstructured.Unstructured) bool { return allows(r, f) }) {
		return false
	}
	bound = slices.DeleteFunc(bound, func(r *unstructured.Unstructured) bool { return strings.HasPrefix(r.GetName(), "system:") }) // which everybody has
	problem.Try = []string{f.createRole(role, what), f.createBinding(binding, role, f.roleName())}
	near, subject := x.nearBinding(f)
	far, given := x.farBinding(f)
	switch {
	case !x.knows("roles", "rolebindings"):
		problem.Advice = "Which Roles there are can't be seen: they may not be read."
	case near != nil:
		problem.Chain = append(problem.Chain, Link{
			Claim: "This would allow it, and is given to somebody else.", Evidence: fmt.Sprintf("%s  %s, to %s", ref(near), roleOf(near), subject), From: ref(near) + " subjects",
		})
		problem.Advice = fmt.Sprintf("It asked as %s. Is that what the subject was to say?", f.user)
		problem.Try = []string{fmt.Sprintf("kubectl set subject %s %s%s", ref(near), f.subjectFlag(), f.inNamespace())}
	case far != nil:
		problem.Chain = append(problem.Chain, Link{
			Claim:    fmt.Sprintf("This gives it to whom asked, in namespace %s alone.", far.GetNamespace()),
			Evidence: fmt.Sprintf("%s -n %s  %s", ref(far), far.GetNamespace(), roleOf(far)), From: ref(far) + " metadata.namespace",
		})
		problem.Advice = fmt.Sprintf("A RoleBinding gives rights in its own namespace. Bind it %s, if that is meant.", where)
		if given.GetKind() == "ClusterRole" {
			problem.Try = []string{f.createBinding(binding, given.GetKind(), given.GetName())}
		}
	case allowing != nil:
		problem.Chain = append(problem.Chain, Link{Claim: "This Role allows it, and is not bound to whom asked.", Evidence: ref(allowing) + "  " + ruleWords(allowing), From: ref(allowing) + " rules"})
		problem.Advice = "Bind it."
		problem.Try = []string{f.createBinding(binding, allowing.GetKind(), allowing.GetName())}
	case len(bound) > 0:
		for _, r := range bound {
			problem.Chain = append(problem.Chain, Link{Claim: "This is bound to whom asked, and does not allow it.", Evidence: ref(r) + "  " + ruleWords(r), From: ref(r) + " rules"})
		}
		problem.Advice = fmt.Sprintf("Its rules lack the verb %s for %s. Add it there, or give another Role besides.", f.verb, what)
	default:
		problem.Chain = append(problem.Chain, x.emptyBinding(f))
		problem.Advice = "Only what a Role names and a binding gives is allowed."
	}
	x.add("Forbidden/"+f.user+"/"+f.verb+"/"+what+"/"+f.namespace, o, problem)
	return true
}

// nearBinding is a binding that would allow a request if its subject were whom asked, and that subject: one of the same name in
// another namespace or of another kind, or one whose name is a slip away.
func (x *examiner) nearBinding(f refusal) (*unstructured.Unstructured, string) {
	_, name, ok := f.account()
	if !ok {
		return nil, ""
	}
	for _, kind := range []string{"RoleBinding", "ClusterRoleBinding"} {
		for _, o := range x.kinds[kind] {
			b := typed[rbacv1.RoleBinding](o)
			if b.Namespace != "" && b.Namespace != f.namespace || !slices.ContainsFunc(x.rolesOf(b), func(r *unstructured.Unstructured) bool { return allows(r, f) }) {
				continue
			}
			for _, s := range b.Subjects {
				if s.Name == name || s.Kind != rbacv1.GroupKind && snapshot.Nearest(s.Name, []string{name}) != "" {
					return o, strings.TrimSpace(fmt.Sprintf("%s %s", s.Kind, strings.TrimPrefix(s.Namespace+"/"+s.Name, "/")))
				}
			}
		}
	}
	return nil, ""
}

// farBinding is a RoleBinding of another namespace that gives whom asked what would allow the request if it were bound where that was
// made, and what it gives.
func (x *examiner) farBinding(f refusal) (binding, role *unstructured.Unstructured) {
	for _, o := range x.kinds["RoleBinding"] {
		b := typed[rbacv1.RoleBinding](o)
		if b.Namespace == f.namespace || !f.subjectOf(b) {
			continue
		}
		for _, r := range x.rolesOf(b) {
			if allows(r, f) {
				return o, r
			}
		}
	}
	return nil, nil
}

// roleOf is the Role that a binding names.
func roleOf(binding *unstructured.Unstructured) string {
	r := typed[rbacv1.RoleBinding](binding).RoleRef
	return r.Kind + " " + r.Name
}

// emptyBinding says that nothing is bound to whom asked, or that what is bound is not there.
func (x *examiner) emptyBinding(f refusal) Link {
	for _, o := range x.kinds["RoleBinding"] {
		b := typed[rbacv1.RoleBinding](o)
		if b.Namespace == f.namespace && len(x.rolesOf(b)) == 0 && f.subjectOf(b) {
			return Link{Claim: "What is bound to whom asked is not there.", Evidence: fmt.Sprintf("%s names %s, which is not there", ref(o), roleOf(o)), From: ref(o) + " roleRef"}
		}
	}
	from := "rolebindings in namespace " + f.namespace
	if f.namespace == "" {
		from = "clusterrolebindings"
	}
	return Link{Claim: "No Role is bound to whom asked.", Evidence: "no subject " + f.user, From: from}
}

// account takes apart the name of a ServiceAccount; false where somebody else asked.
func (f refusal) account() (namespace, name string, ok bool) {
	rest, ok := strings.CutPrefix(f.user, "system:serviceaccount:")
	namespace, name, _ = strings.Cut(rest, ":")
	return namespace, name, ok
}

// subjectFlag is how kubectl is told of whom asked.
func (f refusal) subjectFlag() string {
	if account, ok := strings.CutPrefix(f.user, "system:serviceaccount:"); ok {
		return "--serviceaccount=" + account
	}
	return "--user=" + f.user
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
	_, account, _ := f.account()
	name := strings.Trim(role+"-"+account, "-")
	return fmt.Sprintf("kubectl create %s %s --%s=%s %s%s", strings.ToLower(binding), name, strings.ToLower(roleKind), role, f.subjectFlag(), f.inNamespace())
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
			if kind == "RoleBinding" && b.Namespace != f.namespace || !f.subjectOf(b) {
				continue
			}
			found = append(found, x.rolesOf(b)...)
		}
	}
	return found
}

// rolesOf is the Role that a binding names, where that is there.
func (x *examiner) rolesOf(b *rbacv1.RoleBinding) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, r := range x.kinds[b.RoleRef.Kind] {
		if r.GetName() == b.RoleRef.Name && (r.GetNamespace() == "" || r.GetNamespace() == b.Namespace) {
			found = append(found, r)
		}
	}
	return found
}

// subjectOf says whether a binding is for whom asked.
func (f refusal) subjectOf(b *rbacv1.RoleBinding) bool {
	return slices.ContainsFunc(b.Subjects, func(s rbacv1.Subject) bool { return f.is(s, b.Namespace) })
}

// is says whether a subject of a binding is whom asked, or a group that each ServiceAccount is in.
func (f refusal) is(s rbacv1.Subject, here string) bool {
	switch s.Kind {
	case rbacv1.ServiceAccountKind:
		namespace := s.Namespace
		if namespace == "" {
			namespace = here
		}
		return f.user == "system:serviceaccount:"+namespace+":"+s.Name
	case rbacv1.GroupKind:
		namespace, _, ok := f.account()
		return s.Name == "system:authenticated" || ok && (s.Name == "system:serviceaccounts" || s.Name == "system:serviceaccounts:"+namespace)
	}
	return s.Name == f.user
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
