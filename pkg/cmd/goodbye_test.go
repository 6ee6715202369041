package cmd

import (
	"bytes"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-learn/kubectl-learn/pkg/home"
)

// Who leaves the practice shell has their own kubectl back, which does not see the practice cluster.
func TestGoodbyeSaysWhereTheClusterIsSeen(t *testing.T) {
	var out bytes.Buffer
	a := NewApp(genericiooptions.IOStreams{Out: &out}, Deps{Home: home.Dir(t.TempDir())})
	a.Goodbye(nil)
	if want := "kubectl sees it only in that shell, or after  kubectl learn cluster use\n"; !strings.Contains(out.String(), want) {
		t.Errorf("it says\n%s", out.String())
	}
}
