package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// ForgetOptions is what forgetting a cluster needs.
type ForgetOptions struct {
	*cmd.App
	cluster.ForgetOptions
	// Yes stands for the answer to the question.
	Yes bool
}

func newForget(app *cmd.App) *cobra.Command {
	o := &ForgetOptions{App: app}
	c := &cobra.Command{
		Use:   "forget",
		Short: "Take back your yes to a cluster of your own",
		Long: `Take back your yes to a cluster of your own.

What lessons left there is deleted, and nothing else; the cluster goes on as
it is. What you did in lessons is remembered.`,
		Example: cmd.Examples(
			"The cluster that was adopted as mine", "cluster forget --name mine",
		),
		Args: byFlag("--name"),
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
	c.Flags().BoolVarP(&o.Yes, "yes", "y", false, "Do not ask, where a lesson is under way.")
	c.Flags().BoolVar(&o.LeaveBehind, "leave-behind", false, "Leave in the cluster what lessons left. Where it answers, only the practice shell's account is deleted.")
	return c
}

// Run clears away and forgets. A lesson that was under way there is over.
func (o *ForgetOptions) Run(ctx context.Context) error {
	if o.InShell() {
		return errors.New("this practice shell lives on the cluster; leave it first: exit, then " + plugin.Command + " cluster forget")
	}
	adopter, err := o.Adopter()
	if err != nil {
		return err
	}
	if err := o.adopted(ctx, adopter.Name()); err != nil {
		return err
	}
	if !o.Yes {
		if err := agree(ctx, o.App, "Forget the cluster?", o.goes); err != nil {
			return err
		}
	}
	if err := adopter.Forget(ctx, o.Cluster, o.ForgetOptions, o.Progress(fmt.Sprintf("Forgetting cluster %s", o.Cluster))); err != nil {
		return err
	}
	if err := o.ForgetLesson(ctx); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "  Cluster %s is forgotten. It goes on without "+plugin.Command+".\n", o.Cluster)
	return nil
}

// adopted refuses a cluster that was not adopted. One that we made is deleted.
func (o *ForgetOptions) adopted(ctx context.Context, provider string) error {
	all, err := o.Clusters(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, c := range all {
		switch {
		case c.Name == o.Cluster && c.Provider == provider:
			return nil
		case c.Name == o.Cluster:
			return fmt.Errorf("cluster %s was made by "+plugin.Command+" (%s): nobody's yes is needed for it. To end it: %s cluster delete", c.Name, c.Provider, o.Prefix())
		case c.Provider == provider:
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("no cluster %s is adopted, and no other either: there is nothing to forget", o.Cluster)
	}
	return fmt.Errorf("no cluster %s is adopted. Adopted: %s; say which with --name", o.Cluster, strings.Join(names, ", "))
}

// goes says what becomes of the lesson under way.
func (o *ForgetOptions) goes(string) string {
	if o.LeaveBehind {
		return "It ends; what is in its namespace stays there."
	}
	return "It ends, and what is in its namespace is deleted: the namespace too, if it was made for the lesson."
}
