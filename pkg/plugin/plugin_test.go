package plugin

import (
	"slices"
	"testing"
)

func TestArgs(t *testing.T) {
	for _, tt := range []struct{ args, want []string }{
		{[]string{"/usr/bin/kubectl-learn", "list", "-o", "json"}, []string{"list", "-o", "json"}},
		{[]string{"kubectl-learn"}, []string{}},
		{[]string{"/home/ann/.krew/bin/kubectl_complete-learn", "sta"}, []string{"__complete", "sta"}},
		{[]string{"kubectl_complete-learn", "start", ""}, []string{"__complete", "start", ""}},
		{nil, nil},
	} {
		if got := Args(tt.args); !slices.Equal(got, tt.want) {
			t.Errorf("Args(%q) = %q, want %q", tt.args, got, tt.want)
		}
	}
}

func TestVersion(t *testing.T) {
	if got := Version("v1.2.3"); got != "v1.2.3" {
		t.Errorf("a build of a module at v1.2.3 says %q", got)
	}
	if got := Version(""); got != "(devel)" {
		t.Errorf("a build of which nothing is known says %q", got)
	}
	version = "v9.9.9"
	t.Cleanup(func() { version = "" })
	if got := Version("v1.2.3"); got != "v9.9.9" {
		t.Errorf("a release says %q", got)
	}
}
