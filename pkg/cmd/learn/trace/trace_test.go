package trace

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
)

func TestNamespaceOfACommand(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"scale deployment web --replicas=5":            "",
		"-n shop delete pod web":                       "shop",
		"delete pod web --namespace shop":              "shop",
		"delete pod web --namespace=shop":              "shop",
		"-nshop get pods":                              "shop",
		"exec web -- sh -n shop":                       "",
		"run web --image=nginx --namespace=a -- sh -c": "a",
	} {
		if got := namespaceOf(strings.Fields(line)); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

func TestWhatCantBeTraced(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		o    Options
		want string
	}{
		"without --":            {Options{Target: []string{"kubectl", "get", "pods"}}, "write -- before the command"},
		"no command":            {Options{Command: []string{"kubectl"}}, "what is kubectl to do"},
		"learn":                 {Options{Command: []string{"kubectl", "learn", "start"}}, "kubectl's own commands"},
		"a past with a command": {Options{Command: []string{"get", "pods"}, Since: time.Minute}, "--since tells"},
	} {
		streams := genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: &bytes.Buffer{}, ErrOut: &bytes.Buffer{}}
		tc.o.Looking = cmd.NewLooking(cmd.NewApp(streams, cmd.Deps{Now: time.Now}), false)
		if err := tc.o.Run(t.Context()); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}
