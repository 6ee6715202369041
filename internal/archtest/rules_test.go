package archtest

import (
	"fmt"
	"slices"
	"strings"
)

// rule forbids imports.
type rule struct {
	why string
	// of are the packages that the rule binds.
	of func(pkg string) bool
	// never are the packages that they must not come to import.
	never func(pkg string) bool
	// deep is true when imports of packages outside the module count as well.
	deep bool
	// direct is true when only the packages' own imports count, not those of what they import.
	direct bool
}

// broken returns a line for each package that breaks the rule, with the way to what it imports.
func (r rule) broken(g graph) []string {
	var lines []string
	for _, p := range g.own() {
		if !r.of(p) {
			continue
		}
		stop := func(i string) bool { return r.direct || !r.deep && !isOwn(i) }
		if way := g.chain(p, stop, r.never); way != nil {
			lines = append(lines, fmt.Sprintf("%s\n    %s", strings.Join(way, "\n    imports "), r.why))
		}
	}
	return lines
}

// in accepts the packages of the given folders and below.
func in(folders ...string) func(string) bool {
	return func(p string) bool {
		return slices.ContainsFunc(folders, func(f string) bool { return within(p, f) })
	}
}

// only accepts exactly the given packages.
func only(packages ...string) func(string) bool {
	return func(p string) bool { return slices.Contains(packages, p) }
}

func not(f func(string) bool) func(string) bool { return func(p string) bool { return !f(p) } }

func all(fs ...func(string) bool) func(string) bool {
	return func(p string) bool {
		return !slices.ContainsFunc(fs, func(f func(string) bool) bool { return !f(p) })
	}
}

// clients are the packages of client-go that talk to a cluster or read the user's files.
var clients = in(
	"k8s.io/client-go/kubernetes", "k8s.io/client-go/dynamic", "k8s.io/client-go/rest", "k8s.io/client-go/discovery",
	"k8s.io/client-go/metadata", "k8s.io/client-go/informers", "k8s.io/client-go/restmapper", "k8s.io/client-go/tools",
	"k8s.io/client-go/transport", "k8s.io/cli-runtime", "k8s.io/kubectl",
)

var (
	pure      = in("pkg/snapshot", "pkg/lesson", "pkg/catalog", "pkg/check", "pkg/explain")
	providers = in("pkg/cluster/sandbox", "pkg/cluster/kind", "pkg/cluster/current")
	// roots build providers and hand them to the rest.
	roots = only("pkg/cmd/learn", "cmd/kubectl-learn")
	// contained is what a process in a container is made of: a program of a few megabytes.
	contained = in("cmd/learn-container", "pkg/sandbox/program", "pkg/sandbox/podnet", "pkg/sandbox/container")
)

// rules are the directions of docs/architecture.md.
var rules = []rule{
	{
		why: "snapshot is below everything: it imports no other package of the module",
		of:  in("pkg/snapshot"), never: all(isOwn, not(in("pkg/snapshot"))),
	},
	{
		why: "plugin has names that all may use: it imports no other package of the module",
		of:  in("pkg/plugin"), never: all(isOwn, not(in("pkg/plugin"))),
	},
	{
		why: "lesson knows snapshot, plugin and no other package of the module",
		of:  in("pkg/lesson"), never: all(isOwn, not(in("pkg/lesson", "pkg/snapshot", "pkg/plugin"))),
	},
	{
		why: "catalog knows lessons and no other package of the module",
		of:  in("pkg/catalog"), never: all(isOwn, not(in("pkg/catalog", "pkg/lesson", "pkg/snapshot", "pkg/plugin"))),
	},
	{
		why: "pack opens lessons, and leaves what they say to lesson and catalog",
		of:  in("pkg/pack"), never: all(isOwn, not(in("pkg/pack", "pkg/catalog", "pkg/lesson", "pkg/snapshot", "pkg/plugin"))),
	},
	{
		why: "check and explain are functions over a Snapshot: they know lesson and snapshot, and not each other",
		of:  in("pkg/check"), never: all(isOwn, not(in("pkg/check", "pkg/lesson", "pkg/snapshot", "pkg/plugin"))),
	},
	{
		why: "check and explain are functions over a Snapshot: they know lesson and snapshot, and not each other",
		of:  in("pkg/explain"), never: all(isOwn, not(in("pkg/explain", "pkg/lesson", "pkg/snapshot", "pkg/plugin"))),
	},
	{
		why: "a saved Snapshot must be all that tests of these packages need: they import no client",
		of:  pure, never: clients,
	},
	{
		why: "these packages do no I/O: they read from what they are handed (fs.FS, Snapshot)",
		of:  pure, never: in("os", "os/exec", "net", "net/http", "syscall", "golang.org/x/sys", "golang.org/x/term"),
		direct: true,
	},
	{
		why: "session walks a lesson for a person, a robot or a test alike: what shows it, and which cluster it is on, is not its business",
		of:  in("pkg/session", "pkg/observe", "pkg/progress"), never: either(in("pkg/cmd", "pkg/render", "pkg/sandbox"), providers),
	},
	{
		why: "session is above these packages",
		of:  in("pkg/observe", "pkg/progress", "pkg/kube", "pkg/cluster", "pkg/render", "pkg/sandbox", "pkg/home"), never: in("pkg/session"),
	},
	{
		why: "commands are at the top: nothing but commands and main imports them",
		of:  not(in("pkg/cmd", "cmd", "e2e")), never: in("pkg/cmd", "cmd"),
	},
	{
		why: "render is the one importer of tablewriter, so that it can be replaced",
		of:  not(in("pkg/render")), never: in("github.com/olekukonko"), direct: true,
	},
	{
		why: "only the root command knows concrete providers; ask for what you need in pkg/cluster's interfaces",
		of:  not(either(roots, providers)), never: providers, direct: true,
	},
	{
		why: "pkg/cluster/kind is the one importer of kind",
		of:  not(in("pkg/cluster/kind")), never: in("sigs.k8s.io/kind"), direct: true,
	},
	{
		why: "one provider does not build on another",
		of:  in("pkg/cluster/kind"), never: in("pkg/cluster/sandbox", "pkg/cluster/current"),
	},
	{
		why: "one provider does not build on another",
		of:  in("pkg/cluster/sandbox"), never: in("pkg/cluster/kind", "pkg/cluster/current"),
	},
	{
		why: "one provider does not build on another",
		of:  in("pkg/cluster/current"), never: in("pkg/cluster/kind", "pkg/cluster/sandbox"),
	},
	{
		why: "what runs in a container stays small: nothing of Kubernetes is linked into it",
		of:  contained, never: in("k8s.io", "sigs.k8s.io", "go.etcd.io"), deep: true,
	},
	{
		why: "Kubernetes' own code is compiled into the sandbox's processes and the main program only",
		of:  not(either(only("cmd/kubectl-learn"), in("pkg/sandbox"))), never: in("k8s.io/kubernetes"),
	},
	{
		why: "the sandbox is a cluster, not a teacher: it knows nothing of lessons",
		of:  in("pkg/sandbox", "pkg/cluster"), never: in("pkg/lesson", "pkg/catalog", "pkg/check", "pkg/explain", "pkg/observe", "pkg/progress", "lessons"),
	},
}

func either(fs ...func(string) bool) func(string) bool {
	return func(p string) bool {
		return slices.ContainsFunc(fs, func(f func(string) bool) bool { return f(p) })
	}
}
