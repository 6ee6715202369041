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
	"github.com/kubectl-learn/kubectl-learn/pkg/observe"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// SessionOptions differ from command to command.
type SessionOptions struct {
	// Lessons finds the lessons; nil means those that are built in.
	Lessons session.Lessons
	// Robot keeps what is under way, and the record of it, apart from the learner's.
	Robot bool
	// Tell hears of what takes a while; nil prints it to standard error.
	Tell func(session.Event)
}

// Session is the lesson under way on an open cluster.
func (a *App) Session(h cluster.Handle, o SessionOptions) (*session.Session, error) {
	config, err := clientcmd.BuildConfigFromFlags("", h.Kubeconfig())
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig of cluster %s: %w", a.Cluster, err)
	}
	client, err := kube.New(config, "")
	if err != nil {
		return nil, err
	}
	options := session.Options{
		Cluster: a.Cluster, Capabilities: h.Capabilities, Stage: &stage{client: client},
		Observe: a.observers(h, client), Kubectl: &child{app: a, kubeconfig: h.Kubeconfig()}, Web: &web{client: client},
		Record: a.Log(), Lessons: o.Lessons, Dir: a.Home.Session(a.Cluster), Kubeconfig: h.Kubeconfig(),
		Now: a.Now, Tell: o.Tell,
	}
	options.Killer, _ = h.(cluster.ContainerKiller)
	options.Nodes, _ = h.(cluster.NodeManager)
	options.Metrics, _ = h.(cluster.MetricsInstaller)
	if o.Robot {
		options.Dir = filepath.Join(options.Dir, "robot")
		options.Record = newRobotLog(options.Dir, a.Now)
	}
	if options.Tell == nil {
		options.Tell = func(e session.Event) { fmt.Fprintf(a.ErrOut, "  %s\n", a.ErrStyle().Dim(a.ErrStyle().Plain(e.Text))) }
	}
	if options.Lessons == nil {
		if options.Lessons, err = a.Catalog(); err != nil {
			return nil, err
		}
	}
	s := session.New(options)
	return s, s.Point()
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
	return a.Session(h, SessionOptions{})
}

// observers makes eyes on one namespace or another, which share their connections.
func (a *App) observers(h cluster.Handle, client *kube.Client) func(string) (session.Observer, error) {
	auditor, _ := h.(cluster.Auditor)
	return func(namespace string) (session.Observer, error) {
		return &observer{Observer: observe.Of(client.In(namespace), a.Now), namespace: namespace, audit: auditor, now: a.Now}, nil
	}
}

var errNoAudit = errors.New("this cluster keeps no audit log")

// observer is a session.Observer on a cluster.
type observer struct {
	*observe.Observer
	namespace string
	audit     cluster.Auditor // nil where the cluster keeps no audit log
	now       func() time.Time
}

var _ session.Observer = (*observer)(nil)

// Watch implements session.Observer.
func (o *observer) Watch(ctx context.Context, queries []snapshot.Query) (<-chan *snapshot.Snapshot, error) {
	return o.Observer.Watch(ctx, queries)
}

// Timeline implements session.Observer.
func (o *observer) Timeline(ctx context.Context, since time.Time) (*snapshot.Timeline, error) {
	if o.audit == nil {
		return nil, errNoAudit
	}
	path, err := o.audit.AuditLog(ctx)
	if err != nil {
		return nil, err
	}
	if path == "" {
		return nil, errNoAudit
	}
	return observe.ReadAudit(path, since, o.namespace)
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
	return answer.Status, string(answer.Body), err
}

// child is a session.Kubectl: this program's own kubectl, run as a process so that it has an exit
// code of its own and can do no harm to ours.
type child struct {
	app        *App
	kubeconfig string
}

// Run implements session.Kubectl.
func (c *child) Run(ctx context.Context, namespace string, args []string, out io.Writer) (int, error) {
	if len(args) > 0 && args[0] == "learn" {
		args = append([]string{"--name", c.app.Cluster}, args[1:]...)
	} else {
		args = append([]string{"kubectl", "--", "--kubeconfig", c.kubeconfig, "--namespace", namespace}, args...)
	}
	cmd := exec.CommandContext(ctx, c.app.Self, args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Env = c.environ()
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok && ctx.Err() == nil {
		return failed.ExitCode(), nil
	}
	return 0, err
}

// environ is ours without what would lead kubectl elsewhere.
func (c *child) environ() []string {
	env := []string{home.Variable + "=" + string(c.app.Home), "KUBERC=off"}
	for _, e := range c.app.Environ {
		if !strings.HasPrefix(e, "KUBE") {
			env = append(env, e)
		}
	}
	return env
}
