package author

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// TestOptions is what proving lessons needs.
type TestOptions struct {
	*cmd.App
	Named []string
	// Trust lets lessons bring objects that reach beyond their namespace.
	Trust bool
	// Quiet leaves out what is done on the way.
	Quiet bool
	// JUnit is a file for the results as JUnit XML; empty means none.
	JUnit  string
	Output cmd.Output
}

func newTest(app *cmd.App) *cobra.Command {
	o := &TestOptions{App: app}
	c := &cobra.Command{
		Use:   "test [LESSON|FILE|FOLDER|BUNDLE...]",
		Short: "Prove lessons on a cluster",
		Long: `Prove lessons on a cluster.

A robot does every step. The checks of a step must not all pass before its
commands and must pass after them; each wrong turn must make its check say
what it promises; each reason that the lesson foresees must be met; every
question must have an answer; and nothing may be left behind. Without
arguments: the lessons of --lessons, or else all that are built in. The exit
code is 1 where something is wrong.`,
		Example: cmd.Examples(
			"One lesson, on a cluster for robots", "author test ./my-lesson --name robot",
			"In CI, on the sandbox", "author test ./my-lessons --provider sandbox --junit results.xml",
		),
		ValidArgsFunction: completeWithFiles(app),
		RunE: func(c *cobra.Command, args []string) error {
			o.Named = args
			return o.Run(c.Context())
		},
	}
	c.Flags().BoolVar(&o.Trust, "trust", false, "Allow objects that reach beyond the lesson's namespace.")
	c.Flags().BoolVarP(&o.Quiet, "quiet", "q", false, "Leave out what is done on the way.")
	c.Flags().StringVar(&o.JUnit, "junit", "", "Write the results into this file, as JUnit XML.")
	_ = c.MarkFlagFilename("junit", "xml")
	o.Output.AddTo(c)
	return c
}

// one is a session.Lessons of one lesson.
type one struct{ lesson *lesson.Lesson }

// Lesson implements session.Lessons.
func (o one) Lesson(id string) (*lesson.Lesson, error) {
	if id != o.lesson.ID {
		return nil, fmt.Errorf("lesson %q is not the one that is tested", id)
	}
	return o.lesson, nil
}

// trial is what becomes of one lesson.
type trial struct {
	source source
	lesson *lesson.Lesson // nil where it can't be read
	proof  *session.Proof // nil where it was not tried
	err    error          // what kept it from being read, or from being tried to its end
}

// Run proves the lessons one after the other. All are read before the first is tried. What was found out is
// written however it ends.
func (o *TestOptions) Run(ctx context.Context) (err error) {
	if err := o.Output.Validate(); err != nil {
		return err
	}
	asked, err := find(o.App, o.Named)
	if err != nil {
		return err
	}
	trials := make([]*trial, len(asked))
	for i, s := range asked {
		trials[i] = &trial{source: s}
	}
	if err := o.report(trials, nil); err != nil { // what can't be written is told before it takes minutes
		return err
	}
	err = o.try(ctx, trials)
	if err != nil && !slices.ContainsFunc(trials, func(t *trial) bool { return t.err != nil || t.proof != nil }) {
		trials[0].err = err // so that nobody takes results without a try for good ones
	}
	return errors.Join(err, o.report(trials, err))
}

// try proves all of them.
func (o *TestOptions) try(ctx context.Context, trials []*trial) error {
	var unread []error
	for _, t := range trials {
		t.lesson, t.err = t.source.parse(o.Trust)
		unread = append(unread, t.err)
	}
	if err := errors.Join(unread...); err != nil {
		return err
	}
	h, err := o.EnsureCluster(ctx)
	if err != nil {
		return err
	}
	release, err := o.TakeForRobot()
	if err != nil {
		return err
	}
	defer release()
	return o.prove(ctx, h, trials)
}

func (o *TestOptions) prove(ctx context.Context, h cluster.Handle, trials []*trial) error {
	var proofs []*session.Proof
	var names []string
	proved := true
	for _, t := range trials {
		s, err := o.Session(ctx, h, cmd.SessionOptions{Robot: true, Lessons: one{t.lesson}, Tell: o.see})
		if err != nil {
			t.err = err
			return err
		}
		if t.proof, t.err = s.Prove(ctx, t.lesson.ID, o.see); t.err != nil {
			return fmt.Errorf("prove lesson %s: %w", t.lesson.ID, t.err)
		}
		proofs, names = append(proofs, t.proof), append(names, "lesson/"+t.lesson.ID)
		proved = proved && t.proof.Proved()
		if o.Output.ForPeople() {
			o.show(t.proof)
		}
		if err := o.report(trials, nil); err != nil {
			return err
		}
	}
	if !o.Output.ForPeople() {
		if err := o.Output.Print(o.Out, proofs, names...); err != nil {
			return err
		}
	}
	if !proved {
		return cmd.NotMet()
	}
	return nil
}

// see tells on standard error what is being done.
func (o *TestOptions) see(e session.Event) {
	if o.Quiet {
		return
	}
	style := o.ErrStyle()
	switch e.Kind {
	case session.StepShown:
		fmt.Fprintf(o.ErrOut, "  %s\n", style.Bold(style.Plain(fmt.Sprintf("%s %d/%d %s", e.Lesson, e.Number, e.Of, e.Title))))
	case session.CommandRun:
		fmt.Fprintf(o.ErrOut, "    %s\n", style.Dim(style.Plain(e.Commands[0])))
	case session.Note, session.FaultDone, session.LoadOver:
		fmt.Fprintf(o.ErrOut, "    %s\n", style.Dim(style.Plain(e.Text)))
	}
}

func (o *TestOptions) show(p *session.Proof) {
	style := o.Style()
	took := (time.Duration(p.Millis) * time.Millisecond).Round(100 * time.Millisecond)
	sign := style.GoodSign()
	if !p.Proved() {
		sign = style.BadSign()
	}
	fmt.Fprintf(o.Out, "  %s %s: %s, %s, %s, %s\n", sign, p.Lesson, snapshot.Count(p.Steps, "step"),
		snapshot.Count(p.Checks, "check"), snapshot.Count(p.Turns, "wrong turn"), took)
	for _, f := range p.Findings {
		for i, line := range strings.Split(f.What, "\n") {
			if i == 0 {
				line = f.Where + ": " + line
			}
			fmt.Fprintf(o.Out, "    %s\n", style.Plain(line))
		}
	}
}
