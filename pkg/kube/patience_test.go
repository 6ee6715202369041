package kube_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
)

const stuckMap = "{apiVersion: v1, kind: ConfigMap, metadata: {name: held, namespace: learn-heal, finalizers: [example.com/hold], labels: {app.kubernetes.io/managed-by: kubectl-learn}}}"

func TestWhatDoesNotGo(t *testing.T) {
	for name, wait := range map[string]func(*kube.Client, *testing.T) error{
		"a namespace is cleared": func(c *kube.Client, t *testing.T) error {
			return c.Clear(t.Context(), "learn-heal", kube.Native)
		},
		"one is waited for": func(c *kube.Client, t *testing.T) error {
			return c.WaitGone(t.Context(), kube.Receipt{Version: "v1", Resource: "configmaps", Namespace: "learn-heal", Name: "held"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, client, _ := setUp(t)
			server.Put(stuckMap)
			server.Hold("configmaps", "learn-heal", "held")
			var told []string
			client = client.Telling(func(what string) { told = append(told, what) }).Hasty(100*time.Millisecond, 500*time.Millisecond)
			began := time.Now()
			err := wait(client, t)
			if err == nil {
				t.Fatal("it gave no error")
			}
			for _, want := range []string{"configmap/held", "example.com/hold", "kubectl --namespace learn-heal patch configmap/held"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in %v", want, err)
				}
			}
			if !slices.Equal(told, []string{"configmap/held"}) {
				t.Errorf("told was %v", told)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// As long as things go, it is worth to wait.
func TestWhatGoesSlowly(t *testing.T) {
	t.Parallel()
	server, client, ctx := setUp(t)
	names := []string{"a", "b", "c", "d"}
	for _, name := range names {
		server.Put("{apiVersion: v1, kind: ConfigMap, metadata: {name: " + name + ", namespace: learn-heal}}")
		server.Hold("configmaps", "learn-heal", name)
	}
	// A second goes by whenever the clock is read, and at each fifth one object goes: in time each, and late all together.
	began := time.Unix(0, 0)
	now := began
	client = client.Clocked(func() time.Time {
		if now = now.Add(time.Second); now.Unix()%5 == 0 && len(names) > 0 {
			server.Release("configmaps", "learn-heal", names[0])
			names = names[1:]
		}
		return now
	})
	const giveUp = 8 * time.Second
	if err := client.Hasty(giveUp, giveUp).Clear(ctx, "learn-heal", kube.Native); err != nil {
		t.Error(err)
	}
	if took := now.Sub(began); took < 2*giveUp {
		t.Errorf("all went within %s: that is no patience", took)
	}
}

func TestANamespaceThatDoesNotGo(t *testing.T) {
	t.Parallel()
	server, client, ctx := setUp(t)
	server.Put("{apiVersion: v1, kind: Namespace, metadata: {name: learn-heal, labels: {app.kubernetes.io/managed-by: kubectl-learn}}, " +
		"status: {conditions: [{type: NamespaceContentRemaining, status: 'True', message: some resources are remaining}]}}")
	server.Hold("namespaces", "", "learn-heal")
	err := client.Hasty(100*time.Millisecond, 400*time.Millisecond).DeleteNamespace(ctx, "learn-heal", nil)
	if err == nil || !strings.Contains(err.Error(), "some resources are remaining") {
		t.Errorf("it gave %v", err)
	}
}
