package cluster

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
)

// StatusOptions is what telling of a cluster needs.
type StatusOptions struct {
	*cmd.App
	Output cmd.Output
}

func newStatus(app *cmd.App) *cobra.Command {
	o := &StatusOptions{App: app}
	c := &cobra.Command{
		Use:   "status",
		Short: "Tell how each part of the cluster is, and how real it is",
		Long: `Tell how each part of the cluster is, and how real it is.

Each process of it with its memory and its log, and each part as real, as a
process of this machine, or as emulated. The exit code is 1 where one is not well.`,
		Example: cmd.Examples(
			"The practice cluster", "cluster status",
			"Another one", "cluster status --name demo",
		),
		Args: byFlag("--name"),
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
	o.Output.AddTo(c)
	return c
}

// Run asks every part how it is. A part that is not well is told by the exit code 1.
func (o *StatusOptions) Run(ctx context.Context) error {
	if err := o.Output.Validate(); err != nil {
		return err
	}
	h, err := o.FindCluster(ctx)
	if err != nil {
		return err
	}
	s, err := h.Status(ctx)
	if err != nil {
		return fmt.Errorf("ask cluster %s: %w", o.Cluster, err)
	}
	if o.Output.ForPeople() {
		_, guest := h.(cluster.Guest)
		o.show(s, guest)
	} else if err := o.Output.Print(o.Out, s, "cluster/"+s.Info.Name); err != nil {
		return err
	}
	for _, p := range s.Parts {
		if !p.Healthy {
			return cmd.NotMet()
		}
	}
	return nil
}

// show shows the parts. Of a guest, a cluster that belongs to somebody else, it need not be said part by part
// that it is real.
func (o *StatusOptions) show(s cluster.Status, guest bool) {
	style := o.Style()
	i := s.Info
	head := []string{i.Name, i.Provider, "Kubernetes " + i.Version, count(i.Nodes) + " nodes", string(i.State)}
	fmt.Fprintf(o.Out, "  %s\n  %s\n\n", style.Bold(style.Plain(strings.Join(head, " · "))), style.Dim(i.Server))
	if len(s.Parts) == 0 {
		fmt.Fprintf(o.Out, "  Nothing of it is running. Start it: %s cluster start\n", o.Prefix())
	}
	name := 0
	for _, p := range s.Parts {
		name = max(name, len([]rune(p.Name)))
	}
	for _, p := range s.Parts {
		label := fmt.Sprintf("%-*s", name, o.Style().Plain(p.Name))
		if !guest {
			label += fmt.Sprintf("  %-13s", p.Realness)
		}
		o.showPart(p, label)
	}
	if guest {
		fmt.Fprintln(o.Out)
		o.Narrator().Say("The cluster is yours, and real; nothing else of it was looked into.")
	}
	o.showProcesses(s.Processes)
}

// showProcesses shows the parts' processes, and sums up their containers': -o json has each.
func (o *StatusOptions) showProcesses(all []cluster.Process) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(o.Out, "\n  %s\n", o.Style().Bold("Processes on this machine"))
	for i := 0; i < len(all); {
		part, node := all[i], all[i].Node
		paused := ""
		if part.Paused {
			paused = fmt.Sprintf("  paused: kill -CONT %d", part.PID)
		}
		containers, memory := 0, uint64(0)
		for i++; i < len(all) && all[i].Node == node; i++ {
			containers++
			memory += all[i].Memory
		}
		line := fmt.Sprintf("%-14s %8d %6d MB", o.Style().Plain(part.Name), part.PID, part.Memory/1e6)
		if containers > 0 {
			line += fmt.Sprintf(", %d in containers: %d MB", containers, memory/1e6)
		}
		fmt.Fprintf(o.Out, "    %s%s\n", line, paused)
		o.Narrator().Aside(o.Style().Plain(part.Log))
	}
}

// lineWidth is what fits on a line of a narrow terminal.
const lineWidth = 80

// showPart shows one part behind its label. Evidence that is too long for the line stands below.
func (o *StatusOptions) showPart(p cluster.Part, line string) {
	style, n := o.Style(), o.Narrator()
	sign := style.GoodSign()
	if !p.Healthy {
		sign = style.BadSign()
	}
	evidence := style.Plain(p.Evidence)
	if 4+len([]rune(line))+2+len([]rune(evidence)) <= lineWidth {
		fmt.Fprintf(o.Out, "  %s %s  %s\n", sign, line, style.Dim(evidence))
	} else {
		fmt.Fprintf(o.Out, "  %s %s\n", sign, strings.TrimSpace(line))
		n.Aside(evidence)
	}
	if p.Note != "" {
		n.Aside(p.Note)
	}
}
