// Package kubectl is the kubectl that is compiled in: k8s.io/kubectl as it is, without plugins. It is
// what kubectl learn kubectl runs, and in the sandbox what images with a kubectl run in containers.
package kubectl

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"
	"k8s.io/component-base/cli"
	upstream "k8s.io/kubectl/pkg/cmd"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/home"
)

// Run gives a kubectl that takes its arguments, "kubectl" itself not among them. As kubectl does, it
// ends the process when a command goes wrong; where it returns, all went well or an argument could
// not be understood, which it says. prepare is called first: kubectl minds signals by itself.
// version is what the API server is told. What is remembered of API servers is kept in dir, with all else.
func Run(version string, dir home.Dir, prepare func()) cmd.KubectlFunc {
	return func(ctx context.Context, streams genericiooptions.IOStreams, args []string) error {
		prepare()
		flags := configFlags(version, streams)
		if os.Getenv("KUBECACHEDIR") == "" {
			cache := dir.KubectlCache()
			flags.CacheDir = &cache
		}
		root := newRoot(flags, streams, args)
		root.SetContext(context.WithoutCancel(ctx)) // preparing may have ended it
		if err := cli.RunNoErrOutput(root); err != nil {
			fmt.Fprintf(streams.ErrOut, "error: %v\n", err)
			return &cmd.Exit{Code: 1}
		}
		return nil
	}
}

// configFlags are kubectl's flags of what it connects to.
func configFlags(version string, streams genericiooptions.IOStreams) *genericclioptions.ConfigFlags {
	flags := genericclioptions.NewConfigFlags(true).WithDeprecatedPasswordFlag().
		WithDiscoveryBurst(300).WithDiscoveryQPS(50).WithWarningPrinter(streams)
	// Otherwise the audit log would show what a learner does as what we do.
	flags.WrapConfigFn = func(c *rest.Config) *rest.Config {
		c.UserAgent = "kubectl/" + version + " (built into kubectl-learn)"
		return c
	}
	return flags
}

func newRoot(flags *genericclioptions.ConfigFlags, streams genericiooptions.IOStreams, args []string) *cobra.Command {
	root := upstream.NewKubectlCommand(upstream.KubectlOptions{
		ConfigFlags: flags, IOStreams: streams, Arguments: append([]string{"kubectl"}, args...),
	})
	root.SetArgs(args)
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.ErrOut)
	return root
}
