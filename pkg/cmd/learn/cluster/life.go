package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
)

// LifeOptions is what starting, stopping and deleting a cluster need.
type LifeOptions struct {
	*cmd.App
	// Yes stands for the answer to the question before a lesson under way goes with its cluster.
	Yes bool
}

func newStop(app *cmd.App) *cobra.Command {
	o := &LifeOptions{App: app}
	return &cobra.Command{
		Use:   "stop",
		Short: "End the cluster's processes, and keep its state",
		Long: `End the cluster's processes, and keep its state.

Processes or containers end; what was made on the cluster is there again after
start.`,
		Example: cmd.Examples(
			"End it for today", "cluster stop",
		),
		Args: byFlag("--name"),
		RunE: func(c *cobra.Command, _ []string) error { return o.Stop(c.Context()) },
	}
}

func newStart(app *cmd.App) *cobra.Command {
	o := &LifeOptions{App: app}
	return &cobra.Command{
		Use:   "start",
		Short: "Start a cluster that was stopped",
		Long: `Start a cluster that was stopped.

All that was on it comes back.`,
		Example: cmd.Examples(
			"Go on tomorrow", "cluster start",
		),
		Args: byFlag("--name"),
		RunE: func(c *cobra.Command, _ []string) error { return o.Start(c.Context()) },
	}
}

func newDelete(app *cmd.App) *cobra.Command {
	o := &LifeOptions{App: app}
	c := &cobra.Command{
		Use:   "delete",
		Short: "End the cluster and remove its files",
		Long: `End the cluster and remove its files.

What you did in lessons is remembered; what you made on the cluster is gone.
What cluster use wrote into your kubeconfig is taken out of it.`,
		Example: cmd.Examples(
			"Remove the practice cluster", "cluster delete",
			"Another one, without a question", "cluster delete --name demo --yes",
		),
		Args: byFlag("--name"),
		RunE: func(c *cobra.Command, _ []string) error { return o.Delete(c.Context()) },
	}
	c.Flags().BoolVarP(&o.Yes, "yes", "y", false, "Do not ask, where a lesson is under way.")
	return c
}

// Stop stops the cluster; one that is stopped already stays so.
func (o *LifeOptions) Stop(ctx context.Context) error {
	h, err := o.FindCluster(ctx)
	if err != nil {
		return err
	}
	if h.Info().State == cluster.Stopped {
		fmt.Fprintf(o.Out, "  Cluster %s is stopped already.\n", o.Cluster)
		return nil
	}
	if err := h.Stop(ctx, o.Progress("")); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "  Cluster %s is stopped. Its state is kept.\n", o.Cluster)
	o.Narrator().Advice("Start it again", o.Prefix()+" cluster start")
	return nil
}

// Start starts the cluster, and says how it is.
func (o *LifeOptions) Start(ctx context.Context) error {
	h, err := o.OpenCluster(ctx)
	if err != nil {
		return err
	}
	if err := o.NotOurs(h, "start it"); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "  Cluster %s is running with %d nodes.\n", o.Cluster, len(h.Info().Nodes))
	return nil
}

// Delete deletes the cluster. A lesson that was under way on it is over.
func (o *LifeOptions) Delete(ctx context.Context) error {
	if o.InShell() {
		return errors.New("this practice shell lives on the cluster; leave it first: exit, then " + plugin.Command + " cluster delete")
	}
	if err := o.agreed(ctx); err != nil {
		return err
	}
	if err := o.DeleteCluster(ctx); err != nil {
		return err
	}
	if err := o.ForgetLesson(ctx); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "  Cluster %s is gone.\n", o.Cluster)
	return o.unuse()
}

// agreed asks where a lesson is under way on the cluster. One that belongs to somebody else is never deleted:
// there is nothing to ask.
func (o *LifeOptions) agreed(ctx context.Context) error {
	if o.Yes || !o.Interactive() {
		return nil
	}
	all, err := o.Clusters(ctx)
	if err != nil {
		return err
	}
	adopter, _ := o.Adopter()
	for _, c := range all {
		if c.Name == o.Cluster && (adopter == nil || c.Provider != adopter.Name()) {
			return agree(ctx, o.App, "Delete the cluster?", func(lesson string) string {
				return fmt.Sprintf("Its namespace %s goes with the cluster, and all that is in it.", session.Namespace(lesson))
			})
		}
	}
	return nil
}
