package policy_test

import (
	"net/netip"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/policy"
)

// The peers of all cases: web and db in namespace shop, other in namespace ops, a node.
func web() policy.Peer {
	return policy.Peer{Addr: netip.MustParseAddr("10.244.1.2"), Pod: &policy.Pod{
		Namespace: "shop", Labels: labels.Set{"app": "web"}, NamespaceLabels: labels.Set{"team": "shop"},
		Ports: []policy.Port{{Name: "http", Protocol: corev1.ProtocolTCP, Number: 80}, {Name: "dns", Protocol: corev1.ProtocolUDP, Number: 53}},
	}}
}

func db() policy.Peer {
	return policy.Peer{Addr: netip.MustParseAddr("10.244.1.3"), Pod: &policy.Pod{
		Namespace: "shop", Labels: labels.Set{"app": "db"}, NamespaceLabels: labels.Set{"team": "shop"},
	}}
}

func other() policy.Peer {
	return policy.Peer{Addr: netip.MustParseAddr("10.244.2.9"), Pod: &policy.Pod{
		Namespace: "ops", Labels: labels.Set{"app": "db"}, NamespaceLabels: labels.Set{"team": "ops"},
	}}
}

func node() policy.Peer { return policy.Peer{Addr: netip.MustParseAddr("172.18.0.3")} }

const (
	toWeb = `{podSelector: {matchLabels: {app: web}}, `
	all   = `{podSelector: {}, `
)

// connection reads "tcp 80" or "udp 53".
func connection(from, to policy.Peer, what string) policy.Connection {
	protocol, port, _ := strings.Cut(what, " ")
	c := policy.Connection{From: from, To: to, Protocol: corev1.Protocol(strings.ToUpper(protocol))}
	for _, digit := range port {
		c.Port = c.Port*10 + uint16(digit-'0')
	}
	return c
}

func TestAllowed(t *testing.T) {
	for _, tt := range []struct {
		name     string
		specs    []string
		d        policy.Direction
		from, to policy.Peer
		what     string
		want     bool
	}{
		{"no policy", nil, policy.Ingress, other(), web(), "tcp 80", true},
		{"default deny", []string{all + `policyTypes: [Ingress]}`}, policy.Ingress, db(), web(), "tcp 80", false},
		{"default deny of UDP", []string{all + `policyTypes: [Ingress]}`}, policy.Ingress, db(), web(), "udp 80", false},
		{"the other direction stays open", []string{all + `policyTypes: [Ingress]}`}, policy.Egress, web(), db(), "tcp 80", true},
		{"default deny of egress", []string{all + `policyTypes: [Egress]}`}, policy.Egress, web(), db(), "tcp 80", false},
		{"default deny of egress, outside", []string{all + `policyTypes: [Egress]}`}, policy.Egress, web(), node(), "tcp 80", false},
		{"types left out, ingress", []string{`{podSelector: {}}`}, policy.Ingress, db(), web(), "tcp 80", false},
		{"types left out, no egress rules", []string{`{podSelector: {}}`}, policy.Egress, web(), db(), "tcp 80", true},
		{"types left out, egress rules", []string{all + `egress: [{to: [{podSelector: {matchLabels: {app: x}}}]}]}`}, policy.Egress, web(), db(), "tcp 80", false},
		{"not selected", []string{toWeb + `policyTypes: [Ingress]}`}, policy.Ingress, web(), db(), "tcp 80", true},
		{"no Pod is selected never", []string{all + `policyTypes: [Ingress]}`}, policy.Ingress, web(), node(), "tcp 80", true},
		{"allow all", []string{all + `ingress: [{}]}`}, policy.Ingress, node(), web(), "udp 80", true},
		{"rules left empty allow nothing", []string{all + `ingress: []}`}, policy.Ingress, db(), web(), "tcp 80", false},

		{"podSelector", []string{all + `ingress: [{from: [{podSelector: {matchLabels: {app: db}}}]}]}`}, policy.Ingress, db(), web(), "tcp 80", true},
		{"podSelector is of the policy's namespace", []string{all + `ingress: [{from: [{podSelector: {matchLabels: {app: db}}}]}]}`}, policy.Ingress, other(), web(), "tcp 80", false},
		{"podSelector never is a node", []string{all + `ingress: [{from: [{podSelector: {}}]}]}`}, policy.Ingress, node(), web(), "tcp 80", false},
		{"namespaceSelector", []string{all + `ingress: [{from: [{namespaceSelector: {matchLabels: {team: ops}}}]}]}`}, policy.Ingress, other(), web(), "tcp 80", true},
		{"namespaceSelector, another", []string{all + `ingress: [{from: [{namespaceSelector: {matchLabels: {team: ops}}}]}]}`}, policy.Ingress, db(), web(), "tcp 80", false},
		{"all namespaces", []string{all + `ingress: [{from: [{namespaceSelector: {}}]}]}`}, policy.Ingress, other(), web(), "tcp 80", true},
		{"both in one peer", []string{all + `ingress: [{from: [{namespaceSelector: {matchLabels: {team: ops}}, podSelector: {matchLabels: {app: web}}}]}]}`}, policy.Ingress, other(), web(), "tcp 80", false},
		{"both as two peers", []string{all + `ingress: [{from: [{namespaceSelector: {matchLabels: {team: ops}}}, {podSelector: {matchLabels: {app: web}}}]}]}`}, policy.Ingress, other(), web(), "tcp 80", true},
		{"expressions", []string{all + `ingress: [{from: [{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}}]}]}`}, policy.Ingress, db(), web(), "tcp 80", true},

		{"ipBlock", []string{all + `ingress: [{from: [{ipBlock: {cidr: 172.18.0.0/16}}]}]}`}, policy.Ingress, node(), web(), "tcp 80", true},
		{"ipBlock, outside of it", []string{all + `ingress: [{from: [{ipBlock: {cidr: 172.19.0.0/16}}]}]}`}, policy.Ingress, node(), web(), "tcp 80", false},
		{"ipBlock but", []string{all + `ingress: [{from: [{ipBlock: {cidr: 172.18.0.0/16, except: [172.18.0.3/32]}}]}]}`}, policy.Ingress, node(), web(), "tcp 80", false},
		{"ipBlock holds Pods too", []string{all + `egress: [{to: [{ipBlock: {cidr: 10.244.0.0/16, except: [10.244.2.0/24]}}]}], policyTypes: [Egress]}`}, policy.Egress, web(), db(), "tcp 80", true},
		{"what one block leaves out another lets in", []string{all + `ingress: [{from: [{ipBlock: {cidr: 172.18.0.0/16, except: [172.18.0.3/32]}}, {ipBlock: {cidr: 172.18.0.3/32}}]}]}`}, policy.Ingress, node(), web(), "tcp 80", true},
		{"ipBlock of IPv6", []string{all + `ingress: [{from: [{ipBlock: {cidr: "::/0"}}]}]}`}, policy.Ingress, node(), web(), "tcp 80", false},

		{"port", []string{all + `ingress: [{ports: [{port: 80}]}]}`}, policy.Ingress, other(), web(), "tcp 80", true},
		{"port, another", []string{all + `ingress: [{ports: [{port: 80}]}]}`}, policy.Ingress, other(), web(), "tcp 81", false},
		{"port is TCP by default", []string{all + `ingress: [{ports: [{port: 80}]}]}`}, policy.Ingress, other(), web(), "udp 80", false},
		{"port of UDP", []string{all + `ingress: [{ports: [{port: 80, protocol: UDP}]}]}`}, policy.Ingress, other(), web(), "udp 80", true},
		{"a protocol's every port", []string{all + `ingress: [{ports: [{protocol: UDP}]}]}`}, policy.Ingress, other(), web(), "udp 4711", true},
		{"endPort, first", []string{all + `ingress: [{ports: [{port: 80, endPort: 82}]}]}`}, policy.Ingress, other(), web(), "tcp 80", true},
		{"endPort, last", []string{all + `ingress: [{ports: [{port: 80, endPort: 82}]}]}`}, policy.Ingress, other(), web(), "tcp 82", true},
		{"endPort, beyond", []string{all + `ingress: [{ports: [{port: 80, endPort: 82}]}]}`}, policy.Ingress, other(), web(), "tcp 83", false},
		{"named port", []string{all + `ingress: [{ports: [{port: http}]}]}`}, policy.Ingress, other(), web(), "tcp 80", true},
		{"named port, another number", []string{all + `ingress: [{ports: [{port: http}]}]}`}, policy.Ingress, other(), web(), "tcp 81", false},
		{"named port, another protocol", []string{all + `ingress: [{ports: [{port: dns}]}]}`}, policy.Ingress, other(), web(), "tcp 53", false},
		{"named port is the other Pod's in egress", []string{all + `egress: [{ports: [{port: http}]}]}`}, policy.Egress, db(), web(), "tcp 80", true},
		{"named port of no Pod", []string{all + `egress: [{ports: [{port: http}]}]}`}, policy.Egress, db(), node(), "tcp 80", false},
		{"peer and port are of one rule", []string{all + `ingress: [{from: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 81}]}, {from: [{podSelector: {matchLabels: {app: x}}}], ports: [{port: 80}]}]}`}, policy.Ingress, db(), web(), "tcp 80", false},

		{"policies add up", []string{all + `policyTypes: [Ingress]}`, toWeb + `ingress: [{ports: [{port: 80}]}]}`}, policy.Ingress, db(), web(), "tcp 80", true},
		{"a policy for others adds nothing", []string{all + `policyTypes: [Ingress]}`, toWeb + `ingress: [{ports: [{port: 80}]}]}`}, policy.Ingress, web(), db(), "tcp 80", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var policies []*policy.Policy
			for _, s := range tt.specs {
				p, err := policy.Compile(parse(t, s))
				if err != nil {
					t.Fatal(err)
				}
				policies = append(policies, p)
			}
			if got := policy.Allowed(policies, tt.d, connection(tt.from, tt.to, tt.what)); got != tt.want {
				t.Errorf("Allowed = %v, want %v", got, tt.want)
			}
		})
	}
}

// parse reads a spec in the namespace shop.
func parse(t *testing.T, spec string) *networkingv1.NetworkPolicy {
	t.Helper()
	np := &networkingv1.NetworkPolicy{}
	np.Namespace, np.Name = "shop", "p"
	if err := yaml.UnmarshalStrict([]byte(spec), &np.Spec); err != nil {
		t.Fatalf("%s: %v", spec, err)
	}
	return np
}

func TestUnreadablePolicyOpensNothing(t *testing.T) {
	for _, spec := range []string{
		`{podSelector: {matchExpressions: [{key: app, operator: Like}]}, ingress: [{}]}`,
		all + `ingress: [{}, {from: [{ipBlock: {cidr: nonsense}}]}]}`,
		all + `ingress: [{}, {from: [{ipBlock: {cidr: 10.0.0.0/8, except: [x]}}]}]}`,
	} {
		p, err := policy.Compile(parse(t, spec))
		if err == nil || !strings.Contains(err.Error(), "shop/p") {
			t.Errorf("%s: error %v, want one that names the policy", spec, err)
		}
		if policy.Allowed([]*policy.Policy{p}, policy.Ingress, connection(db(), web(), "tcp 80")) {
			t.Errorf("%s lets a connection in", spec)
		}
	}
}
