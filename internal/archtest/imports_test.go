package archtest

import (
	"strings"
	"testing"
)

func TestImports(t *testing.T) {
	g := loaded(t)
	for _, r := range rules {
		for _, line := range r.broken(g) {
			t.Error(line)
		}
	}
}

// TestRulesCanFail plants one forbidden import after the other into the real graph.
func TestRulesCanFail(t *testing.T) {
	for _, tt := range []struct{ from, to, want string }{
		{"pkg/snapshot", "pkg/home", "below everything"},
		{"pkg/lesson", "pkg/check", "lesson knows snapshot, plugin"},
		{"pkg/catalog", "pkg/session", "catalog knows lessons"},
		{"pkg/pack", "pkg/session", "pack opens lessons"},
		{"pkg/check", "pkg/explain", "not each other"},
		{"pkg/explain", "pkg/observe", "not each other"},
		{"pkg/explain", "k8s.io/client-go/tools/clientcmd", "import no client"},
		{"pkg/lesson", "os/exec", "do no I/O"},
		{"pkg/observe", "pkg/render", "what shows it"},
		{"pkg/session", "pkg/cluster/sandbox", "what shows it"},
		{"pkg/kube", "pkg/session", "session is above"},
		{"pkg/session", "pkg/cmd/learn/start", "commands are at the top"},
		{"pkg/cmd/learn/list", "github.com/olekukonko/tablewriter", "one importer"},
		{"pkg/cmd/learn/list", "pkg/cluster/sandbox", "only the root command"},
		{"pkg/cluster/sandbox", "pkg/cluster/kind", "one provider"},
		{"pkg/cluster/kind", "pkg/cluster/sandbox", "one provider"},
		{"pkg/cluster/current", "pkg/cluster/sandbox", "one provider"},
		{"pkg/cmd/learn/list", "sigs.k8s.io/kind/pkg/cluster", "one importer of kind"},
		{"pkg/sandbox/program/shell", "k8s.io/klog/v2", "stays small"},
		{"pkg/sandbox/podnet", "sigs.k8s.io/yaml", "stays small"},
		{"pkg/kube", "k8s.io/kubernetes/pkg/kubelet", "main program only"},
		{"pkg/cluster/sandbox", "pkg/sandbox/process", "main program only"},
		{"pkg/sandbox/node", "pkg/lesson", "not a teacher"},
	} {
		g := graph{}
		for p, imports := range loaded(t) {
			g[p] = imports
		}
		g[tt.from] = append([]string{tt.to}, g[tt.from]...)
		var said []string
		for _, r := range rules {
			said = append(said, r.broken(g)...)
		}
		want := tt.from + "\n    imports " + tt.to
		if all := strings.Join(said, "\n"); !strings.Contains(all, want) || !strings.Contains(all, tt.want) {
			t.Errorf("%s imports %s: no rule says %q; said were:\n%s", tt.from, tt.to, tt.want, all)
		}
	}
}

func TestChain(t *testing.T) {
	g := graph{"pkg/a": {"pkg/b", "pkg/c"}, "pkg/b": {"pkg/d"}, "pkg/c": {"x/y"}, "pkg/d": {"os"}, "x/y": {"os"}}
	for _, tt := range []struct {
		r    rule
		want string
	}{
		{rule{of: in("pkg/a"), never: in("os")}, "pkg/a pkg/b pkg/d os"},
		{rule{of: in("pkg/c"), never: in("os")}, ""},
		{rule{of: in("pkg/c"), never: in("os"), deep: true}, "pkg/c x/y os"},
		{rule{of: in("pkg/a"), never: in("pkg/d"), direct: true}, ""},
		{rule{of: in("pkg/a"), never: in("pkg/c"), direct: true}, "pkg/a pkg/c"},
	} {
		got := strings.Join(tt.r.broken(g), "; ")
		got = strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(got, "\n    imports ", " "), "\n", ""))
		if got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
