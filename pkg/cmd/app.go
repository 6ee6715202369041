// Package cmd is what the commands of kubectl learn have in common: what they are given (App), how
// they find the practice cluster and the lesson under way, how they show what a learner is to see,
// and how errors become words and exit codes. The commands themselves are in the folder learn and
// those below it.
package cmd

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/term"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-learn/kubectl-learn/pkg/catalog"
	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/home"
	"github.com/kubectl-learn/kubectl-learn/pkg/pack"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
	"github.com/kubectl-learn/kubectl-learn/pkg/progress"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
)

// ClusterVariable names the practice cluster for commands in the practice shell.
const ClusterVariable = "KUBECTL_LEARN_CLUSTER"

// ProviderVariable names the provider that makes practice clusters, where no flag does.
const ProviderVariable = "KUBECTL_LEARN_PROVIDER"

// ShellVariable is set in the practice shell.
const ShellVariable = "KUBECTL_LEARN_SHELL"

// LessonsVariable names lessons of one's own, where no flag does.
const LessonsVariable = "KUBECTL_LEARN_LESSONS"

// KubectlFunc is the kubectl that is compiled in. It reads args as kubectl does and may end the
// process, as kubectl does.
type KubectlFunc func(ctx context.Context, streams genericiooptions.IOStreams, args []string) error

// Deps is what the commands are given by main, or by a test.
type Deps struct {
	// Home is the folder of all our files.
	Home home.Dir
	// Providers are the makers of clusters, the one to prefer first.
	Providers []cluster.Provider
	Lessons   fs.FS
	Kubectl   KubectlFunc
	// Self is the path of this program.
	Self string
	// Version is the plugin's, Kubernetes that of the Kubernetes which is compiled in.
	Version, Kubernetes string
	// Environ is the environment, as os.Environ gives it.
	Environ []string
	Now     func() time.Time
}

// App is what a command works with. What takes time to make is made when it is first asked for.
type App struct {
	genericiooptions.IOStreams
	Deps
	// Cluster is the name of the practice cluster that is meant; Named says that somebody chose it.
	Cluster string
	Named   bool
	// Provider is which provider is to make it: a name, or auto.
	Provider string
	// Own is where lessons beside those that are built in are: a folder, a file or a bundle. Empty: none
	// were named.
	Own string

	own   func() (*pack.Pack, error)
	index func() (*catalog.Catalog, error)
}

// NewApp puts an App together.
func NewApp(streams genericiooptions.IOStreams, deps Deps) *App {
	a := &App{IOStreams: streams, Deps: deps, Cluster: cluster.DefaultName, Provider: Auto}
	if name := a.Getenv(ClusterVariable); name != "" {
		a.Cluster, a.Named = name, true
	}
	a.Own = a.Getenv(LessonsVariable)
	a.own = sync.OnceValues(a.openOwn)
	a.index = sync.OnceValues(a.readIndex)
	return a
}

// Getenv looks into the environment that the App was given.
func (a *App) Getenv(name string) string {
	for i := len(a.Environ) - 1; i >= 0; i-- {
		if len(a.Environ[i]) > len(name) && a.Environ[i][:len(name)] == name && a.Environ[i][len(name)] == '=' {
			return a.Environ[i][len(name)+1:]
		}
	}
	return ""
}

// Log is the record of progress.
func (a *App) Log() *progress.Log { return progress.NewLog(a.Home.Progress(), a.Now) }

// Style is what standard output can show.
func (a *App) Style() render.Style { return render.Detect(a.Out, a.Getenv) }

// ErrStyle is what standard error can show.
func (a *App) ErrStyle() render.Style { return render.Detect(a.ErrOut, a.Getenv) }

// Interactive says that a person is at both ends.
func (a *App) Interactive() bool {
	in, ok := a.In.(*os.File)
	return ok && term.IsTerminal(int(in.Fd())) && a.Style().Terminal
}

// InShell says that the command was typed in a practice shell of the cluster that is meant.
func (a *App) InShell() bool {
	return a.Getenv(ShellVariable) != "" && filepath.Dir(a.Getenv(ShellVariable)) == a.Home.Session(a.Cluster)
}

// shellPrefix is how the learner calls us in the practice shell.
const shellPrefix = "learn"

// Prefix is how the learner calls us: "learn" in the practice shell, "kubectl learn" elsewhere, with
// the cluster's name where it is not the one that is meant anyway, and with the lessons that were named, unless
// the lesson under way is one of them: that is found without.
func (a *App) Prefix() string {
	if a.Getenv(ShellVariable) != "" {
		return shellPrefix
	}
	prefix := plugin.Command
	if a.Cluster != cluster.DefaultName {
		prefix += " --name " + a.Cluster
	}
	if a.saysLessons() {
		prefix += " --lessons " + Quoted(a.Own)
	}
	return prefix
}
