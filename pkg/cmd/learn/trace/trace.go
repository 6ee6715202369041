// Package trace is the command that tells what happened as a chain of causes: who did what, when, and what led to it.
package trace

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Options is what the run needs.
type Options struct {
	*cmd.Looking
	Output cmd.Output
	// Target is KIND/NAME as it was typed, in one word or two; empty for whatever somebody changes.
	Target []string
	// Command is kubectl's arguments, where a command is to be run.
	Command []string
	// Since tells of what happened before, and follows nothing.
	Since    time.Duration
	Timeout  time.Duration
	Evidence bool
}

// New is the command.
func New(app *cmd.App) *cobra.Command {
	o := &Options{Looking: cmd.NewLooking(app, false), Output: cmd.Output{Extra: []string{"mermaid", "svg"}}}
	c := &cobra.Command{
		Use:   "trace [KIND/NAME | -- kubectl ARGS...]",
		Short: "Tell who did what, when, and what led to it",
		Long: `Tell who did what, when, and what led to it: from you to the runtime, and back.

With a kubectl command after -- it runs that on the practice cluster, follows
what comes of it until all is as it should be, and tells. With KIND/NAME it
waits for a change of that, made elsewhere; without anything, for whatever
somebody changes in the namespace. With --since it tells what happened already.

What is told comes from the API server's audit log, where the cluster shows one
(sandbox, kind), else from watches, managedFields and events; the last line
says which. As mermaid and svg it is a sequence diagram.

The exit code is kubectl's where that failed, else 0.`,
		Example: cmd.Examples(
			"What a command causes", "trace -- kubectl scale deployment web --replicas=5",
			"What happens to it from now on", "trace deployment/web",
			"What happened to it, as a picture", "trace deployment/web --since 5m -o svg > web.svg",
		),
		RunE: func(c *cobra.Command, args []string) error {
			o.Target = args
			if dash := c.ArgsLenAtDash(); dash >= 0 {
				o.Target, o.Command = args[:dash], args[dash:]
			}
			return o.Run(c.Context())
		},
		ValidArgsFunction: o.CompleteTargets("deployment", "statefulset", "daemonset", "job", "pod", "service"),
	}
	c.Flags().DurationVar(&o.Since, "since", 0, "Tell what happened in the last while, for example 5m, and follow nothing.")
	c.Flags().DurationVar(&o.Timeout, "timeout", time.Minute, "Follow for that long at most. Ctrl-C ends it before, and tells.")
	c.Flags().BoolVar(&o.Evidence, "evidence", false, "Say how each row is known: the field, the event, the request.")
	o.AddTo(c)
	o.Output.AddTo(c)
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		if c.Flags().Arg(0) == "kubectl" {
			return errNoDash(app)
		}
		return c.Root().FlagErrorFunc()(c, err)
	})
	return c
}

func errNoDash(app *cmd.App) error {
	return fmt.Errorf("write -- before the command, as in %s trace -- kubectl get pods", app.Prefix())
}

// Run traces.
func (o *Options) Run(ctx context.Context) error {
	if err := o.Output.Validate(); err != nil {
		return err
	}
	if err := o.readCommand(); err != nil {
		return err
	}
	if o.Command != nil && o.Elsewhere() {
		return fmt.Errorf("-- kubectl runs on the practice cluster alone. Run your own kubectl elsewhere, and %s trace KIND/NAME with the same flags beside it", o.Prefix())
	}
	s, err := o.Open(ctx)
	if err != nil {
		return err
	}
	if o.Command != nil && s.Handle == nil {
		return fmt.Errorf("there is no practice cluster for kubectl to run on. Make one: %s cluster create", o.Prefix())
	}
	if ns := namespaceOf(o.Command); ns != "" {
		s.Namespace, s.Client = ns, s.Client.In(ns)
	}
	targets, err := o.targets(ctx, s)
	if err != nil {
		return err
	}
	if o.Since < 0 {
		return fmt.Errorf("--since %s: write how far back to look, for example 5m", o.Since)
	}
	if o.Since > 0 {
		return o.past(ctx, s, targets)
	}
	return o.live(ctx, s, targets)
}

func (o *Options) readCommand() error {
	switch {
	case len(o.Target) > 0 && o.Target[0] == "kubectl":
		return errNoDash(o.App)
	case o.Command == nil:
		return nil
	case len(o.Command) > 0 && o.Command[0] == "kubectl":
		o.Command = o.Command[1:]
	}
	switch {
	case len(o.Command) == 0:
		return fmt.Errorf("what is kubectl to do? For example: %s trace -- kubectl scale deployment web --replicas=5", o.Prefix())
	case o.Command[0] == "learn":
		return errors.New("-- takes kubectl's own commands, and not learn's")
	case o.Since > 0:
		return errors.New("--since tells what happened already; it runs no command")
	}
	return nil
}

func (o *Options) targets(ctx context.Context, s *cmd.Sight) ([]snapshot.Query, error) {
	if len(o.Target) == 0 {
		return nil, nil
	}
	q, err := s.Target(ctx, o.Target)
	if err != nil {
		return nil, err
	}
	return []snapshot.Query{q}, nil
}

// namespaceOf is the namespace that kubectl's arguments name; empty when they name none.
func namespaceOf(args []string) string {
	for i, a := range args {
		switch {
		case a == "--":
			return ""
		case (a == "-n" || a == "--namespace") && i+1 < len(args):
			return args[i+1]
		case strings.HasPrefix(a, "--namespace="):
			return strings.TrimPrefix(a, "--namespace=")
		case strings.HasPrefix(a, "-n") && !strings.HasPrefix(a, "--") && len(a) > 2:
			return strings.TrimPrefix(strings.TrimPrefix(a, "-n"), "=")
		}
	}
	return ""
}

// tell prints a trace.
func (o *Options) tell(t *explain.Trace) error {
	switch {
	case o.Output.Chosen() == "mermaid":
		return render.Mermaid(o.Out, t)
	case o.Output.Chosen() == "svg":
		return render.SequenceSVG(o.Out, t)
	case !o.Output.ForPeople():
		var names []string
		for _, s := range t.Steps {
			names = append(names, s.Object)
		}
		return o.Output.Print(o.Out, t, names...)
	}
	fmt.Fprintln(o.Out)
	if err := render.Trace(o.Out, t, o.Evidence, o.Style()); err != nil {
		return err
	}
	if t.Outcome == explain.Under {
		o.Narrator().Advice("Why?", o.Prefix()+" why")
	}
	return nil
}
