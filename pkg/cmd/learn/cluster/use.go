package cluster

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
)

// UseOptions is what writing into the user's own kubeconfig needs.
type UseOptions struct {
	*cmd.App
	// NoSwitch writes the context and leaves the current one as it is.
	NoSwitch bool
}

func newUse(app *cmd.App) *cobra.Command {
	o := &UseOptions{App: app}
	c := &cobra.Command{
		Use:   "use",
		Short: "Make the cluster the current context of your own kubeconfig",
		Long: `Make the cluster the current context of your own kubeconfig.

This is the only command that touches your kubeconfig. The practice shell
needs none of it.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
	c.Flags().BoolVar(&o.NoSwitch, "no-switch", false, "Leave your current context as it is.")
	return c
}

// contextName is what the context, the cluster and the user are called in the user's kubeconfig.
func contextName(cluster string) string { return "kubectl-learn-" + cluster }

// Run adds the context and says how to come back to the one before.
func (o *UseOptions) Run(ctx context.Context) error {
	if o.InShell() {
		return errors.New("the practice shell uses the cluster already; leave it first, with exit")
	}
	h, err := o.OpenCluster(ctx)
	if err != nil {
		return err
	}
	if g, ok := h.(cluster.Guest); ok {
		return fmt.Errorf("cluster %s came from your kubeconfig: it is %s already", o.Cluster, g.Origin())
	}
	from, err := clientcmd.LoadFromFile(h.Kubeconfig())
	if err != nil {
		return fmt.Errorf("read kubeconfig of cluster %s: %w", o.Cluster, err)
	}
	options := o.files()
	to, err := options.GetStartingConfig()
	if err != nil {
		return fmt.Errorf("read your kubeconfig: %w", err)
	}
	before := to.CurrentContext
	name := contextName(o.Cluster)
	if err := add(to, from, name); err != nil {
		return err
	}
	if !o.NoSwitch {
		to.CurrentContext = name
	}
	if err := clientcmd.ModifyConfig(options, *to, false); err != nil {
		return fmt.Errorf("write your kubeconfig: %w", err)
	}
	o.say(name, before, options.GetDefaultFilename())
	return nil
}

// files finds the user's kubeconfig as kubectl does, from the environment that we were given.
func (o *UseOptions) files() *clientcmd.PathOptions {
	options := clientcmd.NewDefaultPathOptions()
	options.EnvVar = ""
	if list := o.Getenv(clientcmd.RecommendedConfigPathEnvVar); list != "" {
		options.LoadingRules = &clientcmd.ClientConfigLoadingRules{Precedence: split(list)}
		options.GlobalFile = split(list)[0]
	}
	return options
}

func split(list string) []string {
	var files []string
	for _, f := range filepath.SplitList(list) {
		if f != "" {
			files = append(files, f)
		}
	}
	return files
}

// add copies the current context of one kubeconfig into another, under a name of ours. Nothing
// else of it is changed.
func add(to, from *api.Config, name string) error {
	current := from.Contexts[from.CurrentContext]
	if current == nil || from.Clusters[current.Cluster] == nil || from.AuthInfos[current.AuthInfo] == nil {
		return errors.New("read kubeconfig of the practice cluster: it has no current context")
	}
	// Files beside the kubeconfig must be found from elsewhere too.
	if err := api.FlattenConfig(from); err != nil {
		return fmt.Errorf("read kubeconfig of the practice cluster: %w", err)
	}
	cluster, user, context := from.Clusters[current.Cluster].DeepCopy(), from.AuthInfos[current.AuthInfo].DeepCopy(), current.DeepCopy()
	cluster.LocationOfOrigin, user.LocationOfOrigin, context.LocationOfOrigin = "", "", ""
	context.Cluster, context.AuthInfo = name, name
	to.Clusters[name], to.AuthInfos[name], to.Contexts[name] = cluster, user, context
	return nil
}

func (o *UseOptions) say(name, before, file string) {
	fmt.Fprintf(o.Out, "  Context %s is in %s.\n", name, file)
	n := o.Narrator()
	switch {
	case o.NoSwitch:
		n.Advice("Switch to it", "kubectl config use-context "+name)
	case before != "" && before != name:
		n.Advice("Switch back", "kubectl config use-context "+before)
	}
}
