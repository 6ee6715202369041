package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/observe"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Looking is what the commands have in common that look at live objects: the flags that say at which
// cluster and namespace, and as whom. They are kubectl's own.
type Looking struct {
	*App
	flags *genericclioptions.ConfigFlags
	// All is the flag -A, where the command has it.
	All bool
	all bool
}

// NewLooking is Looking of an App; all says that the command has the flag -A.
func NewLooking(app *App, all bool) *Looking {
	f := genericclioptions.NewConfigFlags(true)
	f.CacheDir, f.Username, f.Password = nil, nil, nil // nothing of a cluster is kept
	return &Looking{App: app, flags: f, all: all}
}

// usual are those of kubectl's flags that usage shows; the others work all the same.
var usual = map[string]string{
	"kubeconfig": "Look at a cluster of this kubeconfig file, and not at the practice cluster.",
	"context":    "Look at the cluster of this context of your kubeconfig, and not at the practice cluster.",
	"namespace":  "The namespace. Default: that of the lesson under way, or of the context.",
	"as":         "Look as somebody else: a user, or system:serviceaccount:NAMESPACE:NAME.",
	"as-group":   "A group of that somebody; may be given several times.",
}

// AddTo adds the flags to a command.
func (l *Looking) AddTo(c *cobra.Command) {
	own := c.Flags()
	l.flags.AddFlags(own)
	for _, name := range []string{
		"as-uid", "as-user-extra", "certificate-authority", "client-certificate", "client-key", "cluster", "disable-compression",
		"insecure-skip-tls-verify", "request-timeout", "server", "tls-server-name", "token", "user",
	} {
		if f := own.Lookup(name); f != nil {
			f.Hidden = true
		}
	}
	for name, text := range usual {
		own.Lookup(name).Usage = text
	}
	if l.all {
		own.BoolVarP(&l.All, "all-namespaces", "A", false, "Look at all namespaces.")
	}
}

// elsewhere says that the flags name another cluster than the practice cluster.
func (l *Looking) elsewhere() bool {
	for _, f := range []*string{l.flags.KubeConfig, l.flags.Context, l.flags.ClusterName, l.flags.AuthInfoName, l.flags.APIServer, l.flags.BearerToken} {
		if f != nil && *f != "" {
			return true
		}
	}
	return false
}

// Sight is a cluster that is looked at.
type Sight struct {
	// Client reads, and writes what the practice cluster's permit lets it.
	Client *kube.Client
	// Handle is the practice cluster; nil for one that this program knows nothing of.
	Handle cluster.Handle
	// Name is the practice cluster's, or that of the context.
	Name string
	// Namespace is what is looked at; empty for all namespaces.
	Namespace string
	// Kubeconfig is the path of the file that leads to the practice cluster; empty for another.
	Kubeconfig string
	now        func() time.Time
}

// Open finds the cluster: the practice cluster, or what the flags name. Where there is no practice cluster
// the current context of the user's kubeconfig is looked at, and that is said.
func (l *Looking) Open(ctx context.Context) (*Sight, error) {
	s := &Sight{now: l.Now}
	var permit kube.Permit
	if !l.elsewhere() {
		h, err := l.OpenCluster(ctx)
		switch {
		case err == nil:
			s.Handle, s.Name, s.Kubeconfig, permit = h, l.Cluster, h.Kubeconfig(), h.Permit()
			*l.flags.KubeConfig = s.Kubeconfig
			l.lessonNamespace()
		case l.Named || !errors.Is(err, cluster.ErrNotFound):
			return nil, err
		case !l.hasContext():
			return nil, err
		}
	}
	raw := l.flags.ToRawKubeConfigLoader()
	config, err := l.flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	if s.Handle == nil {
		if s.Name = *l.flags.Context; s.Name == "" {
			if c, err := raw.RawConfig(); err == nil {
				s.Name = c.CurrentContext
			}
		}
		if !l.elsewhere() {
			fmt.Fprintf(l.ErrOut, "  There is no practice cluster. Looking at context %s (%s); nothing is written there.\n",
				l.ErrStyle().Plain(s.Name), l.ErrStyle().Plain(config.Host))
		}
	}
	if s.Namespace, _, err = raw.Namespace(); err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	if l.All {
		s.Namespace = ""
	}
	if s.Client, err = kube.New(config, s.Namespace, permit); err != nil {
		return nil, err
	}
	return s, nil
}

// hasContext says whether the user's own kubeconfig leads anywhere.
func (l *Looking) hasContext() bool {
	c, err := clientcmd.NewDefaultClientConfigLoadingRules().Load()
	return err == nil && c.CurrentContext != ""
}

// lessonNamespace takes the namespace of the lesson under way, where no flag names one. It only reads files: to open the
// session would renew the learner's credentials, which is a write.
func (l *Looking) lessonNamespace() {
	if *l.flags.Namespace != "" {
		return
	}
	s := session.New(session.Options{Cluster: l.Cluster, Dir: l.Home.Session(l.Cluster), Now: l.Now})
	if !s.UnderWay() {
		return
	}
	config, err := clientcmd.LoadFromFile(s.LearnerKubeconfig())
	if err != nil {
		return
	}
	if c := config.Contexts[config.CurrentContext]; c != nil {
		*l.flags.Namespace = c.Namespace
	}
}

// Observer looks at the namespace of the sight.
func (s *Sight) Observer() *observe.Observer { return observe.Of(s.Client, s.now) }

// AuditLog is the path of the API server's audit log, brought up to date; empty where there is none to read.
func (s *Sight) AuditLog(ctx context.Context) (string, error) {
	a, ok := s.Handle.(cluster.Auditor)
	if !ok || !s.Handle.Capabilities().Audit {
		return "", nil
	}
	return a.AuditLog(ctx)
}

// Target reads what a command is to look at: KIND/NAME, KIND NAME, or a kind with labels (pods?app=web). Kinds that not every
// cluster has are asked of the server.
func (s *Sight) Target(args []string) (snapshot.Query, error) {
	text := strings.Join(args, "/")
	if len(args) == 1 && !strings.ContainsAny(text, "/?") {
		if _, ok := snapshot.KindNamed(text); !ok {
			return snapshot.Query{}, fmt.Errorf("%q names no object; write KIND/NAME, for example pod/%s", text, text)
		}
	}
	q, err := snapshot.ParseQuery(text)
	if err == nil {
		return q, nil
	}
	word := text[:max(strings.IndexAny(text+"/", "/?"), 0)]
	if _, known := snapshot.KindNamed(word); known {
		return snapshot.Query{}, err
	}
	kind, asked := s.Client.KindNamed(word)
	if asked != nil {
		if kube.IsNoSuchKind(asked) {
			return snapshot.Query{}, err // which proposes what may have been meant
		}
		return snapshot.Query{}, asked
	}
	return snapshot.ParseQueryOf(kind, text)
}

// CompleteTargets proposes kinds, and after KIND/ the names of the objects that there are.
func (l *Looking) CompleteTargets(kinds ...string) Completion {
	return func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		word, _, named := strings.Cut(begun, "/")
		if !named {
			found, directive := propose(1, func(context.Context, []string) []string {
				var all []string
				for _, k := range kinds {
					all = append(all, k+"/")
				}
				return all
			})(c, args, begun)
			return found, directive | cobra.ShellCompDirectiveNoSpace
		}
		return propose(1, func(ctx context.Context, _ []string) []string { return l.namesOf(ctx, word) })(c, args, begun)
	}
}

// namesOf are the objects of a kind, each as word/name; none where the cluster can't be asked at once.
func (l *Looking) namesOf(ctx context.Context, word string) []string {
	if !l.elsewhere() {
		if h, err := l.FindCluster(ctx); err == nil && h.Info().State != cluster.Running {
			return nil
		}
	}
	quiet := *l.App
	quiet.ErrOut = io.Discard
	s, err := (&Looking{App: &quiet, flags: l.flags, All: l.All}).Open(ctx)
	if err != nil {
		return nil
	}
	q, err := s.Target([]string{word + "/x"})
	if err != nil {
		return nil
	}
	if !q.Namespaced {
		s.Namespace = ""
	}
	all, err := s.Client.Dynamic().Resource(q.GVR()).Namespace(s.Namespace).List(ctx, metav1.ListOptions{Limit: 500})
	if err != nil {
		return nil
	}
	var names []string
	for _, o := range all.Items {
		names = append(names, word+"/"+o.GetName())
	}
	return names
}
