// Package kubectl is the command that is kubectl itself, pointed at the practice cluster.
package kubectl

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
)

// Options is what the run needs.
type Options struct {
	*cmd.App
	// Args are kubectl's own.
	Args []string
}

// New is the command.
func New(app *cmd.App) *cobra.Command {
	o := &Options{App: app}
	command := &cobra.Command{
		Use:   "kubectl -- ARGS...",
		Short: "Run the built-in kubectl, on the practice cluster",
		Long: `Run the built-in kubectl, on the practice cluster, for machines that have none.

Plugins are not looked for.`,
		Example: cmd.Examples(
			"The Pods of the practice cluster", "kubectl -- get pods",
		),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 && args[0] == "kubectl" { // a whole line that was pasted
				args = args[1:]
			}
			o.Args = args
			return o.Run(c.Context())
		},
	}
	// From its first word on, all belongs to kubectl.
	command.Flags().SetInterspersed(false)
	return command
}

// Run runs kubectl. Without a kubeconfig among its arguments it gets the practice shell's, which
// knows the lesson's namespace.
func (o *Options) Run(ctx context.Context) error {
	if o.Kubectl == nil {
		return errors.New("this program was built without kubectl")
	}
	args := o.Args
	if !named(args) && !offline(args) {
		path, err := o.kubeconfig(ctx)
		if err != nil {
			return err
		}
		args = append([]string{"--kubeconfig", path}, args...)
	}
	return o.Kubectl(ctx, o.IOStreams, args)
}

// offline says that the arguments ask for something that kubectl answers without a cluster.
func offline(args []string) bool {
	if len(args) == 0 || slices.Contains([]string{"help", "options", "completion", "kustomize"}, args[0]) {
		return true
	}
	for _, a := range args {
		if a == "--" {
			return false
		}
		if a == "-h" || a == "--help" || args[0] == "version" && a == "--client" {
			return true
		}
	}
	return false
}

// named says that the arguments name a kubeconfig.
func named(args []string) bool {
	for _, a := range args {
		if a == "--" {
			return false
		}
		if a == "--kubeconfig" || len(a) > 13 && a[:13] == "--kubeconfig=" {
			return true
		}
	}
	return false
}

func (o *Options) kubeconfig(ctx context.Context) (string, error) {
	h, err := o.OpenCluster(ctx)
	if err != nil {
		return "", err
	}
	s, err := o.Session(ctx, h, cmd.SessionOptions{})
	if err != nil {
		return "", err
	}
	if err := o.NeedsLesson(h, s); err != nil {
		return "", err
	}
	if _, err := os.Stat(s.LearnerKubeconfig()); err != nil {
		return h.Kubeconfig(), nil
	}
	return s.LearnerKubeconfig(), nil
}
