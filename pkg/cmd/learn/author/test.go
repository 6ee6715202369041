package author

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
)

// TestOptions is what proving lessons needs.
type TestOptions struct {
	*cmd.App
	Lessons []string
	// Trust lets lessons bring objects that reach beyond their namespace.
	Trust bool
	// Quiet leaves out what is done on the way.
	Quiet  bool
	Output cmd.Output
}

func newTest(app *cmd.App) *cobra.Command {
	o := &TestOptions{App: app}
	c := &cobra.Command{
		Use:   "test [LESSON|FILE|FOLDER...]",
		Short: "Prove lessons on a cluster",
		Long: `Prove lessons on a cluster.

A robot does every step. The checks of a step must not all pass before its
commands and must pass after them; each wrong turn must make its check say
what it promises; each reason that the lesson foresees must be met; every
question must have an answer; and nothing may be left behind. Without
arguments: all lessons that are built in. The exit code is 1 where something
is wrong.`,
		ValidArgsFunction: completeWithFiles(app),
		RunE: func(c *cobra.Command, args []string) error {
			o.Lessons = args
			return o.Run(c.Context())
		},
	}
	c.Flags().BoolVar(&o.Trust, "trust", false, "Allow objects that reach beyond the lesson's namespace.")
	c.Flags().BoolVarP(&o.Quiet, "quiet", "q", false, "Leave out what is done on the way.")
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

// Run proves the lessons one after the other. All are read before the first is tried.
func (o *TestOptions) Run(ctx context.Context) error {
	if err := o.Output.Validate(); err != nil {
		return err
	}
	sources, err := find(o.App, o.Lessons)
	if err != nil {
		return err
	}
	var lessons []*lesson.Lesson
	for _, s := range sources {
		l, err := s.parse(o.Trust)
		if err != nil {
			return err
		}
		lessons = append(lessons, l)
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
	return o.prove(ctx, h, lessons)
}

func (o *TestOptions) prove(ctx context.Context, h cluster.Handle, lessons []*lesson.Lesson) error {
	var proofs []*session.Proof
	proved := true
	for _, l := range lessons {
		s, err := o.Session(ctx, h, cmd.SessionOptions{Robot: true, Lessons: one{l}, Tell: o.see})
		if err != nil {
			return err
		}
		proof, err := s.Prove(ctx, l.ID, o.see)
		if err != nil {
			return fmt.Errorf("prove lesson %s: %w", l.ID, err)
		}
		proofs = append(proofs, proof)
		proved = proved && proof.Proved()
		if o.Output.ForPeople() {
			o.show(proof)
		}
	}
	if !o.Output.ForPeople() {
		var names []string
		for _, p := range proofs {
			names = append(names, "lesson/"+p.Lesson)
		}
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
	fmt.Fprintf(o.Out, "  %s %s: %d steps, %d checks, %d wrong turns, %s\n", sign, p.Lesson, p.Steps, p.Checks, p.Turns, took)
	for _, f := range p.Findings {
		fmt.Fprintf(o.Out, "    %s: %s\n", f.Where, style.Plain(f.What))
	}
}
