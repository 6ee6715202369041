// Package check is the command that looks whether a step is done.
package check

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/check"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
)

// Options is what the run needs.
type Options struct {
	*cmd.App
	// Watch stays until the checks are met.
	Watch  bool
	Output cmd.Output
}

// New is the command.
func New(app *cmd.App) *cobra.Command {
	o := &Options{App: app}
	c := &cobra.Command{
		Use:   "check",
		Short: "Look whether this step is done, and why not",
		Long: `Look whether this step is done, and why not.

The exit code is 0 when all checks are met, 1 when one is not.`,
		Example: cmd.Examples(
			"Am I done?", "check",
			"Tell me as soon as I am", "check --watch",
		),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
	c.Flags().BoolVarP(&o.Watch, "watch", "w", false, "Stay until all checks are met.")
	o.Output.AddTo(c)
	return c
}

// result is what the command prints as data.
type result struct {
	Lesson string       `json:"lesson"`
	Step   string       `json:"step"`
	Passed bool         `json:"passed"`
	Report check.Report `json:"report"`
}

// Run looks at the checks.
func (o *Options) Run(ctx context.Context) error {
	if err := o.Output.Validate(); err != nil {
		return err
	}
	s, err := o.UnderWay(ctx)
	if err != nil {
		return err
	}
	outcome, err := s.Check(ctx)
	if err != nil {
		return err
	}
	if o.Watch && !outcome.Passed {
		if outcome, err = o.watch(ctx, s, outcome); err != nil {
			return err
		}
	}
	return o.tell(ctx, s, outcome)
}

func (o *Options) tell(ctx context.Context, s *session.Session, outcome *session.Outcome) error {
	if !o.Output.ForPeople() {
		p := outcome.Position
		r := result{Lesson: p.Lesson.ID, Step: p.Step.ID, Passed: outcome.Passed, Report: outcome.Report}
		if err := o.Output.Print(o.Out, r, "step/"+p.Step.ID); err != nil {
			return err
		}
	} else {
		w := o.Walker(s)
		if err := w.Told(ctx, outcome); err != nil {
			return err
		}
		if outcome.Passed {
			w.Narrate.Advice("Next", o.Prefix()+" next")
		}
	}
	if !outcome.Passed {
		return cmd.NotMet()
	}
	return nil
}

// watch shows each change until the checks are met.
func (o *Options) watch(ctx context.Context, s *session.Session, outcome *session.Outcome) (*session.Outcome, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reports, err := s.Watch(ctx, outcome.Position)
	if err != nil {
		return nil, err
	}
	shown := map[string]check.Result{}
	for report := range reports {
		o.changes(report, shown)
		if !report.Passed() {
			continue
		}
		settled, err := s.Settle(ctx, outcome.Position, report)
		if err != nil || settled != nil {
			return settled, err
		}
	}
	return nil, ctx.Err()
}

// changes shows the answers that were not shown before.
func (o *Options) changes(report check.Report, shown map[string]check.Result) {
	var fresh []check.Result
	for _, r := range report.Results {
		if was, ok := shown[r.That]; !ok || was.Verdict != r.Verdict || was.Why != r.Why {
			fresh = append(fresh, r)
		}
		shown[r.That] = r
	}
	if len(fresh) > 0 && o.Output.ForPeople() && !report.Passed() {
		o.Narrator().Show(session.Event{Kind: session.Noticed, Report: &check.Report{At: report.At, Results: fresh}})
	}
}
