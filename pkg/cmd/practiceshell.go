package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/home"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
	"github.com/kubectl-learn/kubectl-learn/pkg/session/shell"
)

// PracticeShell opens the learner's shell on an open cluster and follows the lesson under way in
// it until they leave. program is the shell to take, empty for the learner's own.
func (a *App) PracticeShell(ctx context.Context, h cluster.Handle, program string) error {
	in, inOK := a.In.(*os.File)
	out, outOK := a.Out.(*os.File)
	errOut, errOK := a.ErrOut.(*os.File)
	if !inOK || !outOK || !errOK {
		return errors.New("open the practice shell: there is no terminal")
	}
	own, err := shell.Find(program, runtime.GOOS == "windows", a.Getenv, exec.LookPath)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	// What happens in the background must not write over what the learner types.
	s, err := a.Session(ctx, h, SessionOptions{Tell: func(session.Event) {}, Stays: true})
	if err != nil {
		return err
	}
	if err := a.NeedsLesson(h, s); err != nil {
		return err
	}
	style := a.Style()
	news := make(chan string, 16)
	follower := s.Follow(func(events []session.Event) {
		select {
		case news <- Text(style, shellPrefix, events) + next(style, events):
		case <-ctx.Done():
		}
	})
	followed := make(chan error, 1)
	go func() { followed <- follower.Run(ctx) }()
	host := &shell.Host{
		Shell: own, In: in, Out: out, Err: errOut, Environ: a.shellEnviron(), News: news,
		Place: shell.Place{
			Dir: filepath.Join(a.Home.Session(a.Cluster), "shell"), Kubeconfig: s.LearnerKubeconfig(), Self: a.Self,
			Kubectl: a.shellKubectl(), Windows: runtime.GOOS == "windows",
		},
		AtPrompt: func(ctx context.Context) string { return Text(style, shellPrefix, follower.AfterCommand(ctx)) },
	}
	err = host.Run(ctx)
	cancel()
	return errors.Join(err, <-followed)
}

// kubectlVariable is set by kubectl for its plugins: the kubectl that was called.
const kubectlVariable = "KUBECTL_PATH"

// kubectlCacheVariable tells kubectl where to keep what it remembers of API servers.
const kubectlCacheVariable = "KUBECACHEDIR"

// shellKubectl is what kubectl is to be in the practice shell: the one that called us as its plugin,
// else the first on PATH, for which nothing needs to be done, else the one that is compiled in.
func (a *App) shellKubectl() []string {
	found, missing := exec.LookPath("kubectl")
	if calling := a.Getenv(kubectlVariable); calling != "" && !sameFile(calling, a.Self) {
		if calling, err := exec.LookPath(calling); err == nil {
			if missing == nil && sameFile(calling, found) {
				return nil
			}
			return []string{calling}
		}
	}
	if missing == nil {
		return nil
	}
	return []string{a.Self, "kubectl", "--"}
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// next says what to type after a step that is passed.
func next(style render.Style, events []session.Event) string {
	if len(events) == 0 || events[len(events)-1].Kind != session.StepPassed {
		return ""
	}
	return fmt.Sprintf("\n  %s   %s\n", style.Dim("Next"), style.Accent(shellPrefix+" next"))
}

// shellEnviron is ours with what commands in the practice shell need to find their way.
func (a *App) shellEnviron() []string {
	env := append(slices.Clone(a.Environ), home.Variable+"="+string(a.Home), ClusterVariable+"="+a.Cluster)
	if path := a.packPath(); path != "" {
		env = append(env, LessonsVariable+"="+path)
	}
	if a.Getenv(kubectlCacheVariable) == "" { // whichever kubectl it is leaves nothing elsewhere
		env = append(env, kubectlCacheVariable+"="+a.Home.KubectlCache())
	}
	return env
}

// Goodbye says how to come back to a cluster.
func (a *App) Goodbye(h cluster.Handle) {
	n := a.Narrator()
	name := ""
	if a.Cluster != cluster.DefaultName {
		name = " --name " + a.Cluster
	}
	n.printf("\n")
	waits := ""
	if state, err := a.Log().State(); err == nil && state.Current[a.Cluster] != nil {
		waits = " The lesson waits where you left it."
	}
	if _, ok := h.(cluster.Guest); ok {
		n.Say("You left the practice shell.%s", waits)
		n.Advice("Go on", plugin.Command+" start"+name, "Take the lesson away", plugin.Command+" quit"+name)
		return
	}
	n.Say("You left the practice shell. The cluster goes on running.%s", waits)
	n.Advice("kubectl sees it only in that shell, or after", plugin.Command+" cluster use"+name)
	n.Advice("Go on", plugin.Command+" start"+name, "Stop the cluster", plugin.Command+" cluster stop"+name)
}
