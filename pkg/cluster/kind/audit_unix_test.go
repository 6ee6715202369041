//go:build unix

package kind

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/kind/pkg/exec"
)

// local is a node whose log folder is a folder of this machine.
type local struct{ dir string }

func (l local) Command(name string, args ...string) exec.Cmd {
	return l.CommandContext(context.Background(), name, args...)
}

func (l local) CommandContext(ctx context.Context, name string, args ...string) exec.Cmd {
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], logFolder, l.dir)
	}
	return exec.CommandContext(ctx, name, args...)
}

func (l local) String() string              { return "local" }
func (l local) Role() (string, error)       { return controlPlane, nil }
func (l local) IP() (string, string, error) { return "", "", nil }
func (l local) SerialLogs(io.Writer) error  { return nil }

// TestFetchAuditFollowsTheLog adds what is new, and loses nothing when the API server puts its log aside.
func TestFetchAuditFollowsTheLog(t *testing.T) {
	node, f := local{t.TempDir()}, folder(t.TempDir())
	remote := filepath.Join(node.dir, "audit.log")
	write := func(text string) {
		t.Helper()
		if err := appendTo(remote, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	fetch := func(want string) {
		t.Helper()
		if err := fetchAudit(t.Context(), node, f); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(f.audit()); err != nil || string(got) != want {
			t.Errorf("our copy is %q, %v, want %q", got, err, want)
		}
	}
	if err := fetchAudit(t.Context(), node, f); err == nil {
		t.Error("a log that is not there is no error")
	}
	write("one\n")
	fetch("one\n")
	write("two\nthr")
	fetch("one\ntwo\nthr")
	write("ee\n")
	const aside = "audit-2030-01-02T03-04-05.678.log"
	for range 2 { // the second time, the older one goes
		if err := os.Rename(remote, filepath.Join(node.dir, aside)); err != nil {
			t.Fatal(err)
		}
		write("four\n")
		fetch("four\n")
		got, err := os.ReadFile(filepath.Join(string(f), aside))
		if err != nil || !strings.HasSuffix(string(got), "ee\n") && string(got) != "four\nfive, which fills it\n" {
			t.Errorf("what was put aside is %q, %v", got, err)
		}
		write("five, which fills it\n")
		fetch("four\nfive, which fills it\n")
	}
}
