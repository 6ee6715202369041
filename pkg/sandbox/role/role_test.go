package role

import "testing"

func TestOf(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want Role
	}{
		{[]string{"learn-node", "/home/x/clusters/learn", "worker-1", ""}, Node},
		{[]string{"/some/where/learn-kubectl"}, Kubectl},
		{[]string{"learn-control-plane.exe"}, ControlPlane},
		{[]string{"kubectl-learn", "learn-container"}, "kubectl-learn"},
		{nil, ""},
	} {
		if got := Of(tt.args); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.args, got, tt.want)
		}
	}
}
