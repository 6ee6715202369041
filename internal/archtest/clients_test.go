package archtest

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// makers are the functions of client-go, and of what is built on it, of which a connection to a
// cluster comes.
var makers = []string{
	"NewForConfig", "NewForConfigOrDie", "NewForConfigAndClient", "NewDiscoveryClientForConfig", "NewDiscoveryClientForConfigAndClient",
	"NewDiscoveryClientForConfigOrDie", "HTTPClientFor", "TransportFor", "RESTClientFor", "RESTClientForConfigAndClient",
	"UnversionedRESTClientFor", "NewRESTClient", "NewSPDYExecutor", "NewSPDYExecutorForTransports", "NewWebSocketExecutor", "RoundTripperFor",
	"NewSharedInformerFactory", "InClusterConfig", "NewFactory", "NewConfigFlags", "NewDefaultKubectlCommand", "NewDefaultKubectlCommandWithArgs",
}

// connects are the packages that may make a client: the guarded one, those of clusters that we made,
// the kubectl that a learner types, and what is no part of the plugin: the benchmark and the soak, which have
// clusters of their own, and the images for tests.
var connects = in("pkg/kube", "pkg/cluster/sandbox", "pkg/cluster/kind", "pkg/sandbox", "pkg/cmd/kubectl", "internal/bench", "internal/fault", "hack")

// owners are the packages that may say that every write is allowed: their clusters we made.
var owners = in("pkg/kube", "pkg/cluster/sandbox", "pkg/cluster/kind")

// clientsIn finds what a file should leave to others.
func clientsIn(s source) []string {
	if s.test() {
		return nil
	}
	var found []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		name := selector.Sel.Name
		if slices.Contains(makers, name) && !connects(s.pkg()) {
			found = append(found, s.at(n)+": "+name+": only package kube makes clients, so that each write passes its guard; ask for a *kube.Client")
		}
		if name == "Unconditional" && !owners(s.pkg()) {
			found = append(found, s.at(n)+": only the provider that made a cluster permits every write to it; ask the Handle for its Permit")
		}
		return true
	})
	return found
}

// TestClients keeps the guard of package kube the one way to a cluster.
func TestClients(t *testing.T) {
	for _, s := range sources(t) {
		for _, line := range clientsIn(s) {
			t.Error(line)
		}
	}
}

// TestClientsCanFail plants clients where they do not belong.
func TestClientsCanFail(t *testing.T) {
	for _, tt := range []struct {
		path, call string
		fails      bool
	}{
		{"pkg/cmd/practice.go", "kubernetes.NewForConfig(nil)", true},
		{"pkg/observe/watch.go", "dynamic.NewForConfigOrDie(nil)", true},
		{"pkg/cluster/current/survey.go", "rest.HTTPClientFor(nil)", true},
		{"pkg/cluster/current/survey.go", "kube.Unconditional{}", true},
		{"pkg/session/build.go", "remotecommand.NewSPDYExecutor(nil)", true},
		{"pkg/cluster/sandbox/nodes.go", "kubernetes.NewForConfig(nil)", false},
		{"pkg/kube/client.go", "rest.HTTPClientFor(nil)", false},
		{"pkg/cmd/practice_test.go", "kubernetes.NewForConfig(nil)", false},
		{"pkg/cmd/practice.go", "kube.New(nil)", false},
	} {
		if said := clientsIn(planted(t, tt.path, "var x, _ = "+tt.call)); len(said) > 0 != tt.fails {
			t.Errorf("%s in %s: %s", tt.call, tt.path, strings.Join(said, "; "))
		}
	}
}
