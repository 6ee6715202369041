package kube

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Flags are kubectl's own that say which cluster is meant, which namespace, and as whom. What they lead to is still to
// be made a client of by New.
type Flags struct {
	flags *genericclioptions.ConfigFlags
}

// NewFlags are flags that nobody has set.
func NewFlags() *Flags {
	f := genericclioptions.NewConfigFlags(true)
	f.CacheDir, f.Username, f.Password = nil, nil, nil // nothing of a cluster is kept
	return &Flags{f}
}

// usual are those that usage shows; the others work all the same.
var usual = map[string]string{
	"kubeconfig": "Look at a cluster of this kubeconfig file, and not at the practice cluster.",
	"context":    "Look at the cluster of this context of your kubeconfig, and not at the practice cluster.",
	"namespace":  "Look at this namespace. Default: that of the lesson under way, or of the context.",
	"as":         "Look as somebody else: a user, or system:serviceaccount:NAMESPACE:NAME.",
	"as-group":   "Look as a member of this group; may be given several times.",
}

// AddTo adds the flags to those of a command.
func (f *Flags) AddTo(command *pflag.FlagSet) {
	ours := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.flags.AddFlags(ours)
	ours.VisitAll(func(flag *pflag.Flag) {
		text, shown := usual[flag.Name]
		if flag.Hidden = !shown; shown {
			flag.Usage = text
		}
	})
	command.AddFlagSet(ours)
}

// Elsewhere says that the flags name a cluster.
func (f *Flags) Elsewhere() bool {
	for _, text := range []*string{f.flags.KubeConfig, f.flags.Context, f.flags.ClusterName, f.flags.AuthInfoName, f.flags.APIServer, f.flags.BearerToken} {
		if text != nil && *text != "" {
			return true
		}
	}
	return false
}

// As is the somebody else as whom the cluster is to be asked; empty for nobody else.
func (f *Flags) As() string { return *f.flags.Impersonate }

// Namespace is the one that a flag names, or empty.
func (f *Flags) Namespace() string { return *f.flags.Namespace }

// Point names the cluster of a kubeconfig file, and the namespace where the flags name none.
func (f *Flags) Point(kubeconfig, namespace string) {
	*f.flags.KubeConfig = kubeconfig
	if *f.flags.Namespace == "" {
		*f.flags.Namespace = namespace
	}
}

// Resolve reads the kubeconfig: how the cluster that is meant is reached, the name of the context that leads there, and the
// namespace.
func (f *Flags) Resolve() (config *rest.Config, context, namespace string, err error) {
	raw := f.flags.ToRawKubeConfigLoader()
	if config, err = f.flags.ToRESTConfig(); err != nil {
		return nil, "", "", fmt.Errorf("read the kubeconfig: %w", err)
	}
	if namespace, _, err = raw.Namespace(); err != nil {
		return nil, "", "", fmt.Errorf("read the kubeconfig: %w", err)
	}
	if context = *f.flags.Context; context == "" {
		if c, err := raw.RawConfig(); err == nil {
			context = c.CurrentContext
		}
	}
	return config, context, namespace, nil
}

// HasContext says whether the user's own kubeconfig leads anywhere.
func HasContext() bool {
	c, err := clientcmd.NewDefaultClientConfigLoadingRules().Load()
	return err == nil && c.CurrentContext != ""
}

// Contexts are the names of those in a kubeconfig file, or without one in what the user's environment names; none
// where it can't be read.
func Contexts(kubeconfig string) []string {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = kubeconfig
	c, err := rules.Load()
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(c.Contexts))
}

// Kubeconfig is the file that a flag names, or empty.
func (f *Flags) Kubeconfig() string { return *f.flags.KubeConfig }
