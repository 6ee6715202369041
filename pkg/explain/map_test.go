package explain_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
)

// A Service without Pods is not broken where what makes such Pods asks for none.
func TestAServiceAtRest(t *testing.T) {
	const service = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: learn-heal, uid: s1}\nspec: {selector: {app: web}, ports: [{port: 80}]}"
	deployment := func(name, replicas string) string {
		return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " + name + ", namespace: learn-heal, uid: d-" + name + "}\n" +
			"spec: {replicas: " + replicas + ", template: {metadata: {labels: {app: web}}, spec: {containers: []}}}"
	}
	elsewhere := strings.Replace(deployment("web", "0"), "namespace: learn-heal", "namespace: shop", 1)
	for name, c := range map[string]struct {
		objects []string
		health  explain.Health
		rests   string
	}{
		"scaled to 0":                 {[]string{deployment("web", "0")}, explain.Idle, "deployment/web"},
		"no Pods against the wish":    {[]string{deployment("web", "2")}, explain.Unwell, ""},
		"one of two is scaled to 0":   {[]string{deployment("web", "0"), deployment("canary", "1")}, explain.Unwell, ""},
		"nothing makes such Pods":     {nil, explain.Unwell, ""},
		"another namespace's, scaled": {[]string{elsewhere}, explain.Unwell, ""},
	} {
		m := explain.Draw(scene(t, append(c.objects, service)...))
		if sv := m.Services[0]; sv.Health != c.health || sv.AtRest != c.rests {
			t.Errorf("%s: %+v", name, sv)
		}
	}
	now := scene(t, service)
	now.Errors = map[string]string{"deployments": "deployments is forbidden"}
	if m := explain.Draw(now); m.Services[0].Health != explain.Unknown {
		t.Errorf("who may not see Deployments is told %+v", m.Services[0])
	}
}

// The map names for each NetworkPolicy the Pods that it selects.
func TestPoliciesOnTheMap(t *testing.T) {
	pod := func(name, labels string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: learn-heal, uid: " + name + ", labels: {" + labels + "}}\nspec: {nodeName: worker-1}\nstatus: {phase: Running}"
	}
	policy := func(name, spec string) string {
		return "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: " + name + ", namespace: learn-heal, uid: " + name + "}\nspec: " + spec
	}
	m := explain.Draw(scene(t, pod("b", "app: web"), pod("a", "app: web, tier: front"), pod("c", "app: db"),
		policy("deny", "{podSelector: {}}"), policy("front", "{podSelector: {matchExpressions: [{key: tier, operator: Exists}]}, policyTypes: [Egress]}"),
		policy("web", "{podSelector: {matchLabels: {app: web}}, egress: [{}]}"), policy("none", "{podSelector: {matchLabels: {app: x}}}")))
	want := []explain.PolicyMap{
		{Name: "deny", Types: []string{"Ingress"}, Selected: []string{"a", "b", "c"}, All: true},
		{Name: "front", Types: []string{"Egress"}, Selected: []string{"a"}},
		{Name: "none", Types: []string{"Ingress"}},
		{Name: "web", Types: []string{"Ingress", "Egress"}, Selected: []string{"a", "b"}},
	}
	if !reflect.DeepEqual(m.Policies, want) {
		t.Errorf("they are %+v", m.Policies)
	}
}
