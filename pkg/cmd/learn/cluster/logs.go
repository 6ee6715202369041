package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// LogsOptions is what reading a part's log needs.
type LogsOptions struct {
	*cmd.App
	// Part is the part to read; empty means the control plane, or what the cluster names first.
	Part   string
	Follow bool
	// Export is a folder to fill with all logs there are, instead of showing one.
	Export string
}

func newLogs(app *cmd.App) *cobra.Command {
	o := &LogsOptions{App: app}
	c := &cobra.Command{
		Use:   "logs [PART]",
		Short: "Show the log of the control plane or of a node",
		Long: `Show the log of the control plane or of a node.

Without an argument it is the control plane's.`,
		Example: cmd.Examples(
			"Why does the control plane not start?", "cluster logs",
			"What a node is doing", "cluster logs worker-1 --follow",
		),
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: app.CompleteNodes(),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.Part = args[0]
			}
			return o.Run(c.Context())
		},
	}
	c.Flags().BoolVarP(&o.Follow, "follow", "f", false, "Go on showing what comes.")
	c.Flags().StringVar(&o.Export, "export", "", "Write all logs there are to this folder.")
	return c
}

func (o *LogsOptions) export(ctx context.Context, h cluster.Handle) error {
	e, ok := h.(cluster.LogExporter)
	if !ok {
		return fmt.Errorf("export logs: clusters of provider %s keep none that can be read", h.Info().Provider)
	}
	if err := e.ExportLogs(ctx, o.Export, o.Progress("")); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "  The logs are in %s.\n", o.Export)
	return nil
}

// Run copies the log to standard output.
func (o *LogsOptions) Run(ctx context.Context) error {
	h, err := o.FindCluster(ctx)
	if err != nil {
		return err
	}
	if o.Export != "" {
		return o.export(ctx, h)
	}
	reader, ok := h.(cluster.LogReader)
	if !ok {
		return fmt.Errorf("read logs: clusters of provider %s keep none that can be read", h.Info().Provider)
	}
	parts := reader.Parts()
	if o.Part == "" && len(parts) > 0 {
		o.Part = parts[0]
	}
	if !slices.Contains(parts, o.Part) {
		hint := "there are " + strings.Join(parts, ", ")
		if near := snapshot.Nearest(o.Part, parts); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		return fmt.Errorf("read logs: no part %q; %s", o.Part, hint)
	}
	err = reader.Logs(ctx, o.Part, o.Follow, o.Out)
	if o.Follow && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
