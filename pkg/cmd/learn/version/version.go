// Package version is the command that tells which version this is.
package version

import (
	"context"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
)

// Options is what the run needs.
type Options struct {
	*cmd.App
	Output cmd.Output
}

// New is the command.
func New(app *cmd.App) *cobra.Command {
	o := &Options{App: app}
	c := &cobra.Command{
		Use:   "version",
		Short: "Tell which version this is",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
	o.Output.AddTo(c)
	return c
}

type version struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// Run tells the version.
func (o *Options) Run(context.Context) error {
	if err := o.Output.Validate(); err != nil {
		return err
	}
	v := version{Version: o.Version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	if !o.Output.ForPeople() {
		return o.Output.Print(o.Out, v, v.Version)
	}
	_, err := fmt.Fprintf(o.Out, "kubectl learn %s (%s, %s/%s)\n", v.Version, v.Go, v.OS, v.Arch)
	return err
}
