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

The context is called kubectl-learn-NAME. This is the only command that writes
into your kubeconfig; cluster delete takes out again what it wrote.
The practice shell needs none of it.`,
		Example: cmd.Examples(
			"kubectl talks to the practice cluster everywhere", "cluster use",
			"The context alone, for kubectl --context", "cluster use --no-switch",
		),
		Args: byFlag("--name"),
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
	files := kubeconfigs(o.Getenv)
	options := in(files[0])
	to, err := options.GetStartingConfig()
	if err != nil {
		return fmt.Errorf("read your kubeconfig: %w", err)
	}
	before, err := current(files)
	if err != nil {
		return err
	}
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
	note, err := o.note(files, before)
	if err != nil {
		return err
	}
	o.say(note, before)
	return nil
}

// kubeconfigs are the user's kubeconfig files as kubectl finds them, by absolute paths; the first is
// the one that is written.
func kubeconfigs(getenv func(string) string) []string {
	files := split(getenv(clientcmd.RecommendedConfigPathEnvVar))
	if len(files) == 0 {
		files = []string{clientcmd.RecommendedHomeFile}
	}
	for i, f := range files {
		if abs, err := filepath.Abs(f); err == nil {
			files[i] = abs
		}
	}
	return files
}

// in has clientcmd read and write one file alone.
func in(file string) *clientcmd.PathOptions {
	return &clientcmd.PathOptions{GlobalFile: file, LoadingRules: &clientcmd.ClientConfigLoadingRules{}}
}

// current is the context that is current in all files together.
func current(files []string) (string, error) {
	config, err := (&clientcmd.ClientConfigLoadingRules{Precedence: files}).Load()
	if err != nil {
		return "", fmt.Errorf("read your kubeconfig: %w", err)
	}
	return config.CurrentContext, nil
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

// say names the context, what is current now, and how to go back.
func (o *UseOptions) say(w written, before string) {
	n, name := o.Narrator(), contextName(o.Cluster)
	now := "is current there now"
	if o.NoSwitch && before != name {
		now = "is not current there"
	}
	n.Say("Context %s is in %s, and %s.", name, w.Files[0], now)
	switch {
	case o.NoSwitch && before != name:
		n.Advice("Switch to it", "kubectl config use-context "+name)
	case w.Before != "":
		n.Say("Before it, %s was current.", w.Before)
		n.Advice("Switch back", "kubectl config use-context "+w.Before)
	case before == name:
		n.Say("It was that already.")
	default:
		n.Say("Before it, no context was current.")
		n.Advice("Undo that", "kubectl config unset current-context")
	}
	n.Say("%s cluster delete takes it out again.", o.Prefix())
}
