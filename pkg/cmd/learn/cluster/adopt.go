package cluster

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
)

// AdoptOptions is what adopting a cluster needs.
type AdoptOptions struct {
	*cmd.App
	Context, Kubeconfig, Namespace, Learner string
	// Yes stands for the answer to the question, ProductionToo for typing the context's name where the
	// cluster looks like one that people depend on.
	Yes, ProductionToo bool
}

func newAdopt(app *cmd.App) *cobra.Command {
	o := &AdoptOptions{App: app}
	c := &cobra.Command{
		Use:   "adopt --context NAME",
		Short: "Use a cluster of your own for lessons",
		Long: `Use a cluster of your own for lessons.

Shows which cluster it is and what will be done there, and asks. Until you
say yes, nothing is changed. Each lesson then gets a namespace of its own,
which is deleted when you leave the lesson, and nothing else is ever changed.
Where you may not make namespaces, name one that is yours alone, and empty:
--namespace.`,
		Example: cmd.Examples(
			"A cluster from your kubeconfig", "cluster adopt --name mine --context kind-dev\nstart --name mine",
			"A namespace that somebody gave you, in a workshop", "cluster adopt --context workshop --namespace ann",
		),
		Args: byFlag("--context"),
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
	f := c.Flags()
	f.StringVar(&o.Context, "context", "", "Take the cluster to which this context of your kubeconfig leads.")
	f.StringVar(&o.Kubeconfig, "kubeconfig", "", "Read this kubeconfig file. Default: $KUBECONFIG, or ~/.kube/config.")
	f.StringVarP(&o.Namespace, "namespace", "n", "", "Keep all lessons in this namespace, which is there and empty. Default: each gets its own.")
	f.StringVar(&o.Learner, "learner", "", "Tell you from other learners by this short name. Default: your user's name.")
	f.BoolVarP(&o.Yes, "yes", "y", false, "Do not ask.")
	f.BoolVar(&o.ProductionToo, "production-too", false, "Take it, with --yes, even where it looks like a production cluster.")
	_ = c.RegisterFlagCompletionFunc("context", cmd.CompleteContexts(func() string { return o.Kubeconfig }))
	return c
}

// Run looks at the cluster, asks, and keeps the answer if it is yes.
func (o *AdoptOptions) Run(ctx context.Context) error {
	adopter, err := o.Adopter()
	if err != nil {
		return err
	}
	if err := o.unused(ctx); err != nil {
		return err
	}
	options, err := o.options()
	if err != nil {
		return err
	}
	done := o.Progress("").Stage("look at the cluster of context " + options.Context)
	survey, err := adopter.Survey(ctx, options)
	done(err)
	if err != nil {
		return err
	}
	o.show(survey)
	if len(survey.Missing) == 0 {
		if err := o.consent(ctx, survey); err != nil {
			return err
		}
	}
	if _, err := adopter.Adopt(ctx, options, survey); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "  Cluster %s is adopted. Nothing was changed there yet.\n", o.Cluster)
	o.Narrator().Advice("Begin", o.Prefix()+" start", "Take your yes back", o.Prefix()+" cluster forget")
	return nil
}

// unused refuses a name that a cluster has already.
func (o *AdoptOptions) unused(ctx context.Context) error {
	all, err := o.Clusters(ctx)
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.Name == o.Cluster {
			return fmt.Errorf("there is a practice cluster %s already (%s). Give this one another name: --name NAME", c.Name, c.Provider)
		}
	}
	return nil
}

// options are the flags with what they stand for when they are not given.
func (o *AdoptOptions) options() (cluster.AdoptOptions, error) {
	options := cluster.AdoptOptions{
		Name: o.Cluster, Files: o.files(), Context: o.Context, Namespace: o.Namespace, Learner: o.Learner,
	}
	if options.Learner == "" {
		options.Learner = o.learner()
	}
	if o.Context != "" {
		return options, nil
	}
	rules := clientcmd.ClientConfigLoadingRules{Precedence: options.Files}
	config, err := rules.Load()
	if err != nil {
		return options, fmt.Errorf("read your kubeconfig: %w", err)
	}
	var names []string
	for name := range config.Contexts {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) == 0 {
		return options, fmt.Errorf("name the context that leads to the cluster: --context NAME. There is none in %s; name another file with --kubeconfig", strings.Join(options.Files, ", "))
	}
	return options, fmt.Errorf("name the context that leads to the cluster: --context NAME. There are %s", strings.Join(names, ", "))
}

// files are the user's kubeconfig files, as kubectl finds them; their paths are made absolute, since
// they are read again from elsewhere.
func (o *AdoptOptions) files() []string {
	if o.Kubeconfig == "" {
		return kubeconfigs(o.Getenv)
	}
	if abs, err := filepath.Abs(o.Kubeconfig); err == nil {
		return []string{abs}
	}
	return []string{o.Kubeconfig}
}

// learner is the user's name as far as it can be part of a namespace's.
func (o *AdoptOptions) learner() string {
	for _, variable := range []string{"USER", "LOGNAME", "USERNAME"} {
		if name := plain(o.Getenv(variable)); name != "" {
			return name
		}
	}
	return "learner"
}

// plain keeps lower-case letters and digits, and a hyphen for each run of all else; at most 20 of them.
func plain(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	short := strings.Trim(b.String(), "-")
	return strings.TrimRight(short[:min(len(short), 20)], "-")
}

// show tells which cluster it is, and what yes means.
func (o *AdoptOptions) show(s *cluster.Survey) {
	n := o.Narrator()
	fmt.Fprintf(o.Out, "\n  %s\n", n.Style.Bold(n.Style.Plain("Context "+s.Context)))
	n.Say("%s · Kubernetes %s", s.Server, s.Version)
	n.Say("You are %s there.", s.User)
	n.Say("%s", strings.Join(size(s), " · "))
	if len(s.Production) == 0 {
		n.Say("Nothing that can be seen says that people depend on it.")
	}
	o.list("It looks like a cluster that people depend on:", s.Production)
	o.list("What lessons will do there:", o.does())
	o.list("What they will not do:", []string{
		"change anything outside of that namespace, or any node",
		"touch your kubeconfig: it is read, and never written",
	})
	o.list("What your rights there leave out:", s.Lacking)
	fmt.Fprintln(o.Out)
	n.Say("Your yes is kept with the UID of namespace %s (%s). A context that leads elsewhere later is refused.", s.Identity.Namespace, s.Identity.UID)
	fmt.Fprintln(o.Out)
}

// size is what there is in the cluster.
func size(s *cluster.Survey) []string {
	others := seen(s.Others, s.Others >= 0, "Pod")
	if s.Others >= 0 {
		others += " of others"
	}
	all := []string{seen(len(s.Nodes), s.Nodes != nil, "node"), seen(s.Namespaces, s.Namespaces >= 0, "namespace"), others}
	if s.Age >= 0 {
		all = append(all, "up for "+cmd.Ago(s.Age))
	}
	return all
}

// seen is a number of things, where they could be seen.
func seen(n int, known bool, what string) string {
	switch {
	case !known:
		return "you may not list its " + what + "s"
	case n == 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (o *AdoptOptions) does() []string {
	if o.Namespace != "" {
		return []string{
			"work in namespace " + o.Namespace + ", which has to be empty, and for this use alone",
			"delete there, when you leave a lesson, what was made with kubectl since it began, whoever made it",
			"leave there, and name, what shows nobody who made it: objects without fields of their own (kubectl create configmap x)",
			"add no quota, no limits and no Pod security: those that the namespace has hold",
		}
	}
	learner := o.Learner
	if learner == "" {
		learner = o.learner()
	}
	return []string{
		"make a namespace for the lesson that you take, learn-LESSON-" + learner + ", and delete it when you leave the lesson",
		"bound it: 20 Pods, 2 CPUs and 2 GiB of memory reserved, no load balancers, Pod security baseline",
		"give the practice shell rights in that namespace, and in no other",
	}
}

func (o *AdoptOptions) list(title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	n := o.Narrator()
	fmt.Fprintln(o.Out)
	n.Say("%s", title)
	for _, line := range lines {
		n.Show(session.Event{Kind: session.Note, Text: line})
	}
}

// consent asks. A cluster that people depend on wants more than a y, which is quickly typed.
func (o *AdoptOptions) consent(ctx context.Context, s *cluster.Survey) error {
	production := len(s.Production) > 0
	switch {
	case o.Yes && production && !o.ProductionToo:
		return errors.New("adopt: --yes alone is not enough for a cluster that looks like production. If it is meant, add --production-too")
	case o.Yes:
		return nil
	case !o.Interactive():
		return errors.New("adopt: there is no terminal to ask on. If you agree to what is written above, add --yes")
	}
	question, wanted, agreed := "Use this cluster for lessons? [y/N] ", "y", yes
	if production {
		question, wanted = "To use it all the same, type the context's name: ", s.Context
		agreed = func(typed string) bool { return typed == s.Context }
	}
	fmt.Fprintf(o.Out, "  %s", question)
	typed, _, err := o.Asker().Line(ctx)
	if err != nil {
		return err
	}
	if !agreed(typed) {
		return fmt.Errorf("adopt: that was no yes, and nothing was kept.\n"+
			"To use this cluster after all, run the command again and answer %s.\n"+
			"For a practice cluster instead:\n  %s cluster create --provider sandbox", wanted, o.Prefix())
	}
	fmt.Fprintln(o.Out)
	return nil
}
