package current

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
)

func TestProduction(t *testing.T) {
	const year = 365 * 24 * time.Hour
	node := func(labels map[string]string, provider string) corev1.Node {
		return corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1", Labels: labels}, Spec: corev1.NodeSpec{ProviderID: provider}}
	}
	for name, tc := range map[string]struct {
		survey cluster.Survey
		nodes  []corev1.Node
		names  []string
		says   string // empty: it does not look like production
	}{
		"kind":                     {nodes: []corev1.Node{node(nil, "kind://docker/kind/kind-control-plane")}, names: []string{"kind-kind", "default"}},
		"old, and nobody there":    {survey: cluster.Survey{Age: year}},
		"others there, and new":    {survey: cluster.Survey{Others: 40, Age: time.Hour}},
		"old, and others there":    {survey: cluster.Survey{Others: 4, Age: year}, says: "4 Pods of others run there, and it is 365 days old"},
		"EKS by its server":        {survey: cluster.Survey{Server: "https://ABC.gr7.eu-west-1.eks.amazonaws.com"}, says: "Amazon EKS: its server is"},
		"not EKS":                  {survey: cluster.Survey{Server: "https://eks.amazonaws.com.example.org"}},
		"GKE by a label":           {nodes: []corev1.Node{node(map[string]string{"cloud.google.com/gke-nodepool": "a"}, "")}, says: "Google GKE: node n1 has label"},
		"AKS by the provider's ID": {nodes: []corev1.Node{node(nil, "azure:///subscriptions/x")}, says: "Azure AKS: node n1 has providerID"},
		"many nodes":               {nodes: make([]corev1.Node, 6), says: "it has 6 nodes"},
		"a context":                {names: []string{"shop-prod"}, says: "a name says so: shop-prod"},
		"a namespace":              {names: []string{"dev", "production"}, says: "production"},
		"prod and a number":        {names: []string{"prod1"}, says: "prod1"},
		"prd":                      {names: []string{"eu-prd-2"}, says: "eu-prd-2"},
		"live":                     {names: []string{"live"}, says: "live"},
		"product":                  {names: []string{"product-dev", "products", "delivery", "olive"}},
	} {
		t.Run(name, func(t *testing.T) {
			said := strings.Join(production(&tc.survey, tc.nodes, tc.names), "; ")
			if tc.says == "" && said != "" || !strings.Contains(said, tc.says) {
				t.Errorf("it says %q, want %q", said, tc.says)
			}
		})
	}
}

func TestNamesOfNamespaces(t *testing.T) {
	for _, lesson := range []string{"deploy", strings.Repeat("a", 57)} {
		name := namespaceOf("", "ann", lesson)
		if len(name) > longestName || !strings.HasPrefix(name, "learn-") || strings.HasSuffix(name, "-") {
			t.Errorf("%s: %s", lesson, name)
		}
	}
	if a, b := namespaceOf("", "ann", strings.Repeat("a", 57)), namespaceOf("", "bob", strings.Repeat("a", 57)); a == b {
		t.Errorf("two learners have one namespace: %s", a)
	}
}
