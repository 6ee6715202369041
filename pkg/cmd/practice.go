package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/home"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/load"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
)

// SessionOptions differ from command to command.
type SessionOptions struct {
	// Lessons finds the lessons; nil means all that there are.
	Lessons session.Lessons
	// Robot keeps what is under way, and the record of it, apart from the learner's.
	Robot bool
	// Tell hears of what takes a while; nil prints it to standard error.
	Tell func(session.Event)
	// Stays says that the process goes on while the learner works. What it sees then is kept, where
	// the cluster itself keeps no record.
	Stays bool
}

// Session is the lesson under way on an open cluster.
func (a *App) Session(ctx context.Context, h cluster.Handle, o SessionOptions) (*session.Session, error) {
	config, err := clientcmd.BuildConfigFromFlags("", h.Kubeconfig())
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig of cluster %s: %w", a.Cluster, err)
	}
	client, err := kube.New(config, "", h.Permit())
	if err != nil {
		return nil, err
	}
	// Lessons clear away what a learner may have put a finalizer on.
	client = client.Telling(func(what string) { a.Progress("").Note("Still waiting for %s to go.", what) })
	options := session.Options{
		Cluster: a.Cluster, Capabilities: h.Capabilities, Stage: &stage{client: client},
		Kubectl: &child{app: a, credentials: always(h.Kubeconfig())}, Web: &web{client: client},
		Record: a.Log(), Lessons: o.Lessons, Dir: a.Home.Session(a.Cluster), Kubeconfig: h.Kubeconfig(),
		Now: a.Now, Tell: o.Tell,
	}
	options.Killer, _ = h.(cluster.ContainerKiller)
	options.Nodes, _ = h.(cluster.NodeManager)
	options.Presser, _ = h.(cluster.NodePresser)
	options.Metrics, _ = h.(cluster.MetricsInstaller)
	if g, ok := h.(cluster.Guest); ok {
		options.Stage = &guestStage{stage: stage{client: client}, guest: g, progress: a.Progress("")}
		options.Namespace, options.Credentials = g.Namespace, g.LearnerKubeconfig
		options.Kubectl = &child{app: a, credentials: g.LearnerKubeconfig}
	}
	if o.Robot {
		options.Dir = filepath.Join(options.Dir, "robot")
		options.Record = newRobotLog(options.Dir, a.Now)
	}
	options.Observe = a.observers(ctx, h, client, options.Dir, o.Robot || o.Stays)
	if options.Tell == nil {
		options.Tell = func(e session.Event) { fmt.Fprintf(a.ErrOut, "  %s\n", a.ErrStyle().Dim(a.ErrStyle().Plain(e.Text))) }
	}
	if options.Lessons == nil {
		options.Lessons = a
	}
	s := session.New(options)
	return s, s.Point(ctx)
}

// UnderWay opens the cluster and the session of the lesson that is under way on it. Where the
// record knows of none, no cluster is opened.
func (a *App) UnderWay(ctx context.Context) (*session.Session, error) {
	state, err := a.Log().State()
	if err != nil {
		return nil, err
	}
	if state.Current[a.Cluster] == nil {
		if _, err := os.Stat(filepath.Join(a.Home.Session(a.Cluster), "step.json")); err != nil {
			return nil, session.ErrNoLesson
		}
	}
	h, err := a.OpenCluster(ctx)
	if err != nil {
		return nil, err
	}
	return a.Session(ctx, h, SessionOptions{})
}

// CurrentStep is UnderWay and where the learner stands in the lesson.
func (a *App) CurrentStep(ctx context.Context) (*session.Session, *session.Position, error) {
	s, err := a.UnderWay(ctx)
	if err != nil {
		return nil, nil, err
	}
	p, err := s.Current(ctx)
	return s, p, err
}

// web is a session.Web through the API server.
type web struct{ client *kube.Client }

// Get implements session.Web.
func (w *web) Get(ctx context.Context, namespace, resource, name string, port int, path string) (int, string, error) {
	ask := w.client.GetService
	if resource == "pods" {
		ask = w.client.GetPod
	}
	answer, err := ask(ctx, namespace, name, strconv.Itoa(port), path)
	if refused, ok := errors.AsType[*kube.Refused](err); ok {
		return 0, "", &load.Barred{Cause: refused}
	}
	return answer.Status, string(answer.Body), err
}

// child is a session.Kubectl: this program's own kubectl, run as a process so that it has an exit
// code of its own and can do no harm to ours.
type child struct {
	app *App
	// credentials gives the path of the kubeconfig that is good for a namespace.
	credentials func(ctx context.Context, namespace string) (string, error)
}

// always gives the same kubeconfig, whatever the namespace.
func always(path string) func(context.Context, string) (string, error) {
	return func(context.Context, string) (string, error) { return path, nil }
}

// Run implements session.Kubectl.
func (c *child) Run(ctx context.Context, namespace string, args []string, out io.Writer) (int, error) {
	if len(args) > 0 && args[0] == "learn" {
		args = append([]string{"--name", c.app.Cluster}, args[1:]...)
	} else {
		path, err := c.credentials(ctx, namespace)
		if err != nil {
			return 0, err
		}
		args = append([]string{"kubectl", "--", "--kubeconfig", path, "--namespace", namespace}, args...)
	}
	return c.app.runSelf(ctx, args, nil, out, out)
}

// RunKubectl runs the built-in kubectl on the practice cluster, as a process of its own, with the rights of the learner,
// and returns its exit code.
func (a *App) RunKubectl(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) (int, error) {
	return a.runSelf(ctx, append([]string{"--name", a.Cluster, "kubectl", "--"}, args...), in, out, errOut)
}

// runSelf runs this program.
func (a *App) runSelf(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) (int, error) {
	cmd := exec.CommandContext(ctx, a.Self, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, errOut
	cmd.Env = a.childEnviron()
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok && ctx.Err() == nil {
		return failed.ExitCode(), nil
	}
	return 0, err
}

// childEnviron is ours without what would lead kubectl elsewhere.
func (a *App) childEnviron() []string {
	env := []string{home.Variable + "=" + string(a.Home), "KUBERC=off"}
	if path := a.packPath(); path != "" {
		env = append(env, LessonsVariable+"="+path)
	}
	for _, e := range a.Environ {
		if !strings.HasPrefix(e, "KUBE") {
			env = append(env, e)
		}
	}
	return env
}
