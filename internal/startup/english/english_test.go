package english

import "testing"

func TestKubectl(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want bool
	}{
		{[]string{"kubectl-learn", "list"}, false},
		{[]string{"learn-node", "worker-1"}, false},
		{[]string{"kubectl_complete-learn", "kubectl", ""}, true},
		{[]string{"/usr/bin/kubectl-learn", "kubectl", "--", "get", "--help"}, true},
		{[]string{"kubectl", "get", "pods"}, true},
		{[]string{"learn-kubectl"}, true},
		{nil, false},
	} {
		if got := kubectl(tt.args); got != tt.want {
			t.Errorf("%q: %t", tt.args, got)
		}
	}
}

// TestKept is about this very process, which is not kubectl.
func TestKept(t *testing.T) {
	if !Kept {
		t.Error("translations are read although this is not kubectl")
	}
}
