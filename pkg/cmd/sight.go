package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
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
	flags *kube.Flags
	// Agent is what the program calls itself to the API server; empty means as ever.
	Agent string
	// All is the flag -A, where the command has it.
	All bool
	all bool
}

// NewLooking is Looking of an App; all says that the command has the flag -A.
func NewLooking(app *App, all bool) *Looking {
	return &Looking{App: app, flags: kube.NewFlags(), all: all}
}

// AddTo adds the flags to a command.
func (l *Looking) AddTo(c *cobra.Command) {
	l.flags.AddTo(c.Flags())
	if l.all {
		c.Flags().BoolVarP(&l.All, "all-namespaces", "A", false, "Look at all namespaces.")
	}
	_ = c.RegisterFlagCompletionFunc("context", CompleteContexts(l.flags.Kubeconfig))
	_ = c.RegisterFlagCompletionFunc("namespace", propose(0, func(ctx context.Context, _ []string) []string {
		const kind = "namespace"
		names := l.namesOf(ctx, kind)
		for i := range names {
			names[i] = strings.TrimPrefix(names[i], kind+"/")
		}
		return names
	}))
}

// Elsewhere says that the flags name another cluster than the practice cluster.
func (l *Looking) Elsewhere() bool { return l.flags.Elsewhere() }

// As is the somebody else as whom the cluster is looked at, by --as; empty for nobody else.
func (l *Looking) As() string { return l.flags.As() }

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
	// As is the somebody else as whom it is looked at, or empty.
	As string
	// Now is the clock.
	Now func() time.Time
}

// Open finds the cluster: the practice cluster, or what the flags name. Where there is no practice cluster
// the current context of the user's kubeconfig is looked at, and that is said.
func (l *Looking) Open(ctx context.Context) (*Sight, error) {
	s := &Sight{Now: l.Now, As: l.As()}
	typed := l.flags.Namespace()
	var permit kube.Permit
	if !l.Elsewhere() {
		h, err := l.FindCluster(ctx)
		switch {
		case err == nil && h.Info().State == cluster.Stopped:
			return nil, fmt.Errorf("cluster %s is stopped, so that there is nothing to look at. Start it: %s cluster start", l.Cluster, l.Prefix())
		case err == nil:
			s.Handle, s.Name, s.Kubeconfig, permit = h, l.Cluster, h.Kubeconfig(), h.Permit()
			l.flags.Point(s.Kubeconfig, l.lessonNamespace())
		case l.Named || !errors.Is(err, cluster.ErrNotFound):
			return nil, err
		case !kube.HasContext():
			return nil, err
		}
	}
	asked := s.Handle != nil || l.Elsewhere()
	config, named, namespace, err := l.flags.Resolve()
	if err != nil {
		return nil, err
	}
	if s.Namespace = namespace; s.Handle == nil {
		s.Name = named
	}
	if !asked {
		fmt.Fprintf(l.ErrOut, "  There is no practice cluster. Looking at context %s (%s); nothing is written there.\n",
			l.ErrStyle().Plain(s.Name), l.ErrStyle().Plain(config.Host))
	}
	if l.All {
		s.Namespace = ""
	}
	if s.Client, err = kube.NewNamed(cmp.Or(l.Agent, kube.UserAgent), config, s.Namespace, permit); err != nil {
		return nil, err
	}
	if typed == "" || l.All {
		return s, nil
	}
	// An empty list is what a namespace has that is misspelt, too. Who may not look at namespaces is taken at their word.
	_, err = s.Client.Dynamic().Resource(corev1.SchemeGroupVersion.WithResource("namespaces")).Get(ctx, typed, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("there is no namespace %q; those that there are: kubectl get namespaces", typed)
	}
	return s, nil
}

// lessonNamespace is the namespace of the lesson under way, or empty. It only reads files: to open the
// session would renew the learner's credentials, which is a write.
func (l *Looking) lessonNamespace() string {
	s := session.New(session.Options{Cluster: l.Cluster, Dir: l.Home.Session(l.Cluster), Now: l.Now})
	if !s.UnderWay() {
		return ""
	}
	config, err := clientcmd.LoadFromFile(s.LearnerKubeconfig())
	if err != nil {
		return ""
	}
	if c := config.Contexts[config.CurrentContext]; c != nil {
		return c.Namespace
	}
	return ""
}

// Observer looks at the namespace of the sight.
func (s *Sight) Observer() *observe.Observer { return observe.Of(s.Client, s.Now) }

// TryDelete asks the API server to try a deletion without carrying it out, and returns what came of it as a sentence. It counts as a
// write: on a cluster where this program may not write it is refused.
func (s *Sight) TryDelete(ctx context.Context, q snapshot.Query) (string, error) {
	all := s.Client.Dynamic().Resource(q.GVR())
	var one dynamic.ResourceInterface = all
	if q.Namespaced {
		one = all.Namespace(s.Namespace)
	}
	err := one.Delete(ctx, q.Name, metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}})
	if _, refused := errors.AsType[*kube.Refused](err); refused {
		return "", fmt.Errorf("--try-delete is a write that is not carried out, and is left to practice clusters. Yourself: kubectl delete %s --dry-run=server", q.String())
	}
	if err != nil {
		return fmt.Sprintf("Tried, and not carried out: the API server refuses. It says: %v", err), nil
	}
	return "Tried, and not carried out: the API server would delete it.", nil
}

// Scope is the namespace that can be looked at: all of them where that is allowed, else the sight's own.
func (s *Sight) Scope(ctx context.Context) string {
	if _, err := s.Client.Dynamic().Resource(corev1.SchemeGroupVersion.WithResource("pods")).List(ctx, metav1.ListOptions{Limit: 1}); err != nil {
		return s.Namespace
	}
	return ""
}

// AuditLog is the path of the API server's audit log, brought up to date; empty where there is none to read. Where there is one that is
// left alone, why says so: it tells of more than somebody else may see.
func (s *Sight) AuditLog(ctx context.Context) (path, why string, err error) {
	a, ok := s.Handle.(cluster.Auditor)
	switch {
	case !ok || !s.Handle.Capabilities().Audit:
		return "", "", nil
	case s.As != "":
		return "", "the audit log was left alone, since it tells more than " + s.As + " may see", nil
	}
	path, err = a.AuditLog(ctx)
	return path, "", err
}

// Target reads what a command is to look at: KIND/NAME, KIND NAME, or a kind with labels (pods?app=web). Kinds that not every
// cluster has are asked of the server.
func (s *Sight) Target(ctx context.Context, args []string) (snapshot.Query, error) {
	text := strings.Join(args, "/")
	if word, name, named := strings.Cut(text, "/"); named {
		for _, gap := range []string{"…", "..."} {
			if head, tail, short := strings.Cut(name, gap); short {
				return s.shortened(ctx, word, head, tail)
			}
		}
	}
	if len(args) == 1 && !strings.ContainsAny(text, "/?") {
		if _, ok := snapshot.KindNamed(text); !ok {
			return snapshot.Query{}, fmt.Errorf("%q alone names no object; write its kind, too: KIND/NAME, such as deployment/web or node/worker-1", text)
		}
	}
	q, err := snapshot.ParseQuery(text)
	if err == nil {
		return q, nil
	}
	word := text[:max(strings.IndexAny(text+"/", "/?"), 0)]
	if word == "" {
		return snapshot.Query{}, err
	}
	if _, known := snapshot.KindNamed(word); known {
		return snapshot.Query{}, err
	}
	kind, asked := s.Client.KindNamed(word)
	if asked != nil {
		switch {
		case kube.IsNoSuchKind(asked) && strings.Contains(err.Error(), "did you mean"):
			return snapshot.Query{}, err
		case kube.IsNoSuchKind(asked):
			return snapshot.Query{}, fmt.Errorf("unknown kind %q; this cluster's are listed by: kubectl api-resources", word)
		}
		return snapshot.Query{}, asked
	}
	return snapshot.ParseQueryOf(kind, text)
}

// shortened finds the one object whose name begins and ends so, as names are shortened on screens: web-…-p9q7m.
func (s *Sight) shortened(ctx context.Context, word, head, tail string) (snapshot.Query, error) {
	kind, err := s.Client.KindNamed(word)
	if err != nil {
		return s.Target(ctx, []string{word + "/x"}) // which knows the words for that
	}
	all, err := snapshot.ParseQueryOf(kind, kind.Resource)
	if err != nil {
		return snapshot.Query{}, err
	}
	now := s.Observer().Snapshot(ctx, []snapshot.Query{all})
	found, err := now.Select(all)
	if err != nil {
		return snapshot.Query{}, err
	}
	var names []string
	for _, o := range found {
		if n := o.GetName(); len(n) >= len(head)+len(tail) && strings.HasPrefix(n, head) && strings.HasSuffix(n, tail) {
			names = append(names, n)
		}
	}
	switch len(names) {
	case 0:
		return snapshot.Query{}, fmt.Errorf("%s/%s…%s: no %s has such a name in namespace %s", word, head, tail, kind.Kind, s.Namespace)
	case 1:
		return snapshot.ParseQueryOf(kind, kind.Resource+"/"+names[0])
	}
	return snapshot.Query{}, fmt.Errorf("%s/%s…%s: that may be %s; write more of the name", word, head, tail, strings.Join(names[:min(len(names), 5)], ", "))
}

// OneTarget is the Args of a command that looks at one object.
func OneTarget(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("name an object: %s; for all flags: %s --help", strings.Replace(c.UseLine(), " [flags]", "", 1), c.CommandPath())
	}
	return cobra.MaximumNArgs(2)(c, args)
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
	if !l.Elsewhere() {
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
	q, err := s.Target(ctx, []string{word + "/x"})
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

// NotThere says that the target is not there, and what may have been meant.
func (s *Sight) NotThere(target snapshot.Query, now *snapshot.Snapshot) error {
	where := ""
	if target.Namespaced && s.Namespace != "" {
		where = " in namespace " + s.Namespace
	}
	var there []string
	for _, x := range now.Objects {
		if x.GetKind() == target.Kind {
			there = append(there, x.GetName())
		}
	}
	text := fmt.Sprintf("%s: there is no such object%s", target.String(), where)
	switch near := snapshot.Nearest(target.Name, there); {
	case near != "":
		text += fmt.Sprintf("; did you mean %s/%s?", strings.ToLower(target.Kind), near)
	case len(there) == 0:
		text += fmt.Sprintf(", and no other %s; -n names another namespace", target.Kind)
	default:
		text += "; there is " + strings.Join(there[:min(len(there), 5)], ", ")
	}
	return errors.New(text)
}
