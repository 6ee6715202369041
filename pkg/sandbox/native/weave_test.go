package native

import (
	"strings"
	"testing"
)

const addition = "package net\n\n//learn:field netFD pod *int\n\n//learn:replace\nfunc (d *Dialer) dial(a, b string) (int, error) { return d.host_dial(a, b) }\n"

func TestWeave(t *testing.T) {
	w := &weaver{pkg: "net", version: "go1.30"}
	changed, err := w.weave(addition, map[string]string{
		"dial.go":  "package net\n\n// dial dials.\nfunc (d *Dialer) dial(network string, address string) (n int, err error) { return 0, nil }\n",
		"fd.go":    "package net\n\ntype netFD struct {\n\tfd int\n}\n",
		"other.go": "package net\n\nfunc dial() {}\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := changed["dial.go"]; !strings.Contains(got, "func (d *Dialer) host_dial(network string") {
		t.Errorf("dial.go: %s", got)
	}
	if got := changed["fd.go"]; !strings.Contains(got, "struct {\n\tpod *int\n\tfd int") {
		t.Errorf("fd.go: %s", got)
	}
	if _, ok := changed["other.go"]; ok || len(changed) != 2 {
		t.Errorf("changed: %v", changed)
	}
}

// TestAnotherGo: a version of Go that differs is refused, whatever the difference is.
func TestAnotherGo(t *testing.T) {
	const dial, fd = "package net\nfunc (d *Dialer) dial(a, b string) (int, error) { return 0, nil }\n", "package net\ntype netFD struct {\n}\n"
	for _, tt := range []struct{ name, dial, fd, want string }{
		{"another parameter", strings.ReplaceAll(dial, "b string", "b int"), fd, "func (*Dialer).dial(int, int) (int, error), where (string, string) (int, error) is known"},
		{"another receiver", strings.ReplaceAll(dial, "*Dialer", "Dialer"), fd, "no func (*Dialer).dial"},
		{"none", "package net\n", fd, "no func (*Dialer).dial"},
		{"two", dial + "func (d *Dialer) dial(a, b string) (int, error) { return 0, nil }\n", fd, "no func"},
		{"no struct", dial, "package net\ntype netFD = int\n", "no struct netFD"},
	} {
		_, err := (&weaver{pkg: "net", version: "go1.30"}).weave(addition, map[string]string{"dial.go": tt.dial, "fd.go": tt.fd})
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "package net of go1.30 has") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}
