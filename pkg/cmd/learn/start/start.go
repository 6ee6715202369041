// Package start is the command that begins a lesson, or goes on with it.
package start

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/catalog"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
	"github.com/kubectl-learn/kubectl-learn/pkg/progress"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Options is what the run needs.
type Options struct {
	*cmd.App
	// Lesson is the lesson to begin; empty means to go on where the learner is.
	Lesson string
	// At is the step to begin with; the robot does those before it.
	At string
	// Shell is the shell to open; empty means the learner's own.
	Shell string
	// NoShell shows the step and ends.
	NoShell bool
}

// New is the command.
func New(app *cmd.App) *cobra.Command {
	o := &Options{App: app}
	c := &cobra.Command{
		Use:   "start [LESSON]",
		Short: "Begin a lesson, or go on where you are",
		Long: `Begin a lesson, or go on where you are.

Makes the practice cluster if there is none. On a terminal it opens the
practice shell: your own shell, whose kubectl talks to the practice cluster,
and in which "learn" is short for "` + plugin.Command + `". It changes none of your
files.`,
		Example: cmd.Examples(
			"Go on with the course", "start",
			"A lesson of your choice, from its third step on", "start heal --at delete-a-pod",
			"Without a container engine and without a download", "start --provider sandbox",
			"A lesson of your own", "start config --lessons ./my-lessons",
		),
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: app.CompleteLessons(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.Lesson = args[0]
			}
			return o.Run(c.Context())
		},
	}
	c.Flags().StringVar(&o.At, "at", "", "Begin with this step, by its ID or number; the robot does those before it.")
	c.Flags().StringVar(&o.Shell, "shell", "", "Open this shell: bash, zsh, fish or powershell. Default: your own.")
	c.Flags().BoolVar(&o.NoShell, "no-shell", false, "Show the step and open no shell.")
	_ = c.RegisterFlagCompletionFunc("at", app.CompleteSteps())
	_ = c.RegisterFlagCompletionFunc("shell", cobra.FixedCompletions([]string{"bash", "zsh", "fish", "powershell"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// Run begins the lesson and opens the practice shell where there is a terminal.
func (o *Options) Run(ctx context.Context) error {
	id, err := o.choose()
	if err != nil {
		return err
	}
	if err := o.checkStep(id); err != nil {
		return err
	}
	h, err := o.EnsureCluster(ctx)
	if err != nil {
		return err
	}
	if err := o.RefuseWhileRobotPlays(); err != nil {
		return err
	}
	s, err := o.Session(ctx, h, cmd.SessionOptions{})
	if err != nil {
		return err
	}
	begun, err := o.begun(id)
	if err != nil {
		return err
	}
	p, err := s.Begin(ctx, id, o.At)
	if err != nil {
		return err
	}
	opens := !o.NoShell && o.Interactive() && !o.InShell()
	w := o.Walker(s)
	if opens {
		w.Narrate.Prefix = "learn" // what is advised is typed in the practice shell
	}
	if begun != nil {
		w.Narrate.Advice(fmt.Sprintf("You did %d of its %s before. To go on there:", begun.done, snapshot.Count(begun.of, "step")),
			w.Narrate.Prefix+" start "+id+" --at "+begun.next)
	}
	if err := w.Again(ctx, p); err != nil || !opens {
		return err
	}
	if err := o.PracticeShell(ctx, h, o.Shell); err != nil {
		return err
	}
	o.Goodbye(h)
	return nil
}

// past is what was done of a lesson that was left.
type past struct {
	done, of int    // steps
	next     string // the first step that was not done
}

// begun is what was done of a lesson before, where it begins anew although some of it is done; else nil.
func (o *Options) begun(id string) (*past, error) {
	state, err := o.Log().State()
	if err != nil {
		return nil, err
	}
	at, did := state.Current[o.Cluster], state.Lessons[id]
	if o.At != "" || did == nil || !did.Finished.IsZero() || at != nil && at.Lesson == id {
		return nil, nil
	}
	c, err := o.Catalog()
	if err != nil {
		return nil, err
	}
	h, err := c.Lookup(id)
	if err != nil {
		return nil, err
	}
	p := &past{of: len(h.Steps)}
	for _, s := range h.Steps {
		switch {
		case did.Steps[s.ID].Done():
			p.done++
		case p.next == "":
			p.next = s.ID
		}
	}
	if p.done == 0 || p.next == "" {
		return nil, nil
	}
	return p, nil
}

// checkStep refuses a step that is not there before a cluster is made for it.
func (o *Options) checkStep(id string) error {
	if o.At == "" {
		return nil
	}
	l, err := o.App.Lesson(id)
	if err != nil {
		return err
	}
	_, err = l.FindStep(o.At)
	return err
}

// choose is the lesson that was named, else the one under way, else the next that is not done,
// else the first: somebody who has done all may begin again.
func (o *Options) choose() (string, error) {
	c, err := o.Catalog()
	if err != nil {
		return "", err
	}
	if o.Lesson != "" {
		h, err := c.Lookup(o.Lesson)
		return h.ID, err
	}
	state, err := o.Log().State()
	if err != nil {
		return "", err
	}
	if id, err := o.ofOwn(c, state); id != "" || err != nil {
		return id, err
	}
	if at := state.Current[o.Cluster]; at != nil {
		_, err := o.App.Lesson(at.Lesson)
		return at.Lesson, err
	}
	if h, ok := c.Next(finished(state)); ok {
		return h.ID, nil
	}
	return c.Order()[0].ID, nil
}

// ofOwn is the next of the lessons that --lessons names; empty where it names none.
func (o *Options) ofOwn(c *catalog.Catalog, state progress.State) (string, error) {
	own, err := o.OwnLessons()
	if err != nil || own == nil || o.Own == o.Getenv(cmd.LessonsVariable) {
		return "", err
	}
	first := ""
	for _, h := range c.Order() {
		if h.From != own.Path {
			continue
		}
		if at := state.Current[o.Cluster]; at != nil && at.Lesson == h.ID {
			return h.ID, nil
		}
		if first == "" || finished(state)(first) && !finished(state)(h.ID) {
			first = h.ID
		}
	}
	return first, nil
}

func finished(state progress.State) func(string) bool {
	return func(id string) bool { return state.Lessons[id] != nil && !state.Lessons[id].Finished.IsZero() }
}
