package author

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/catalog"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
)

// PreviewOptions is what showing a lesson without a cluster needs.
type PreviewOptions struct {
	*cmd.App
	// Named is a lesson, a file or a folder; empty means the lesson of --lessons, or of this folder.
	Named string
	// Step is the one step to show; empty means all.
	Step string
	// Width is the number of columns, 0 those of the screen.
	Width int
	// Watch shows the lesson anew when it changes, on a terminal.
	Watch bool
	// Trust lets it bring objects that reach beyond its namespace.
	Trust bool
}

const leastWidth, mostWidth = 40, 200

func newPreview(app *cmd.App) *cobra.Command {
	o := &PreviewOptions{App: app}
	c := &cobra.Command{
		Use:   "preview [LESSON|FILE|FOLDER|BUNDLE]",
		Short: "Show a lesson as a learner sees it, without a cluster",
		Long: `Show a lesson as a learner sees it, without a cluster. Names that only a cluster
knows stay as you wrote them.

On a terminal it goes on: it shows the lesson anew each time that you save it,
or what is wrong with it. Ctrl-C ends it. Without an argument: the lesson of
--lessons, or that of this folder.`,
		Example: cmd.Examples(
			"See it as a learner does, and anew whenever you save it", "author preview ./my-lesson",
			"One step alone", "author preview ./my-lesson --step delete-a-pod",
			"Once, in a narrow terminal", "author preview heal --watch=false --width 60",
		),
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeOneWithFiles(app),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.Named = args[0]
			}
			return o.Run(c.Context())
		},
	}
	c.Flags().StringVar(&o.Step, "step", "", "Show this step alone.")
	c.Flags().IntVar(&o.Width, "width", 0, "Show it this many columns wide. Default: as wide as the screen.")
	c.Flags().BoolVar(&o.Watch, "watch", true, "Stay on a terminal, and show it anew when you save it.")
	c.Flags().BoolVar(&o.Trust, "trust", false, "Allow objects that reach beyond the lesson's namespace.")
	_ = c.RegisterFlagCompletionFunc("step", o.completeSteps)
	_ = c.RegisterFlagCompletionFunc("width", cobra.NoFileCompletions)
	return c
}

// completeOneWithFiles is completeWithFiles for one argument.
func completeOneWithFiles(app *cmd.App) cmd.Completion {
	all := completeWithFiles(app)
	return func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return all(c, args, begun)
	}
}

func (o *PreviewOptions) completeSteps(_ *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		o.Named = args[0]
	}
	var found []string
	if s, err := o.find(); err == nil {
		h, _ := s.header() // of a broken lesson, what can be read of it
		for _, step := range h.Steps {
			if strings.HasPrefix(step.ID, begun) {
				found = append(found, step.ID+"\t"+step.Title)
			}
		}
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// Run shows the lesson once, or on a terminal until it is broken off.
func (o *PreviewOptions) Run(ctx context.Context) error {
	if o.Width != 0 && (o.Width < leastWidth || o.Width > mostWidth) {
		return fmt.Errorf("--width %d: give from %d to %d columns", o.Width, leastWidth, mostWidth)
	}
	s, err := o.find()
	if err != nil {
		return err
	}
	if o.Watch && o.Style().Terminal && !s.builtIn() {
		return o.follow(ctx, s)
	}
	parts, err := o.screen(s)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(o.Out, strings.Join(parts, ""))
	return err
}

// find is the one lesson that is meant.
func (o *PreviewOptions) find() (source, error) {
	var named []string
	switch {
	case o.Named != "":
		named = []string{o.Named}
	case o.Own == "":
		if _, err := os.Stat(catalog.FileName); err != nil {
			return source{}, errors.New("name a lesson, a file or a folder")
		}
		named = []string{catalog.FileName}
	}
	found, err := find(o.App, named)
	switch {
	case err != nil:
		return source{}, err
	case len(found) > 1:
		var ids []string
		for _, s := range found {
			if h, _ := s.header(); h.ID != "" {
				ids = append(ids, h.ID)
			}
		}
		from := cmp.Or(o.Named, o.Own)
		return source{}, fmt.Errorf("%s holds %d lessons, and one is shown at a time; name it by its ID: author preview --lessons %s ID. There are: %s",
			from, len(found), cmd.Quoted(from), strings.Join(ids, ", "))
	}
	return found[0], nil
}

// screen is the lesson as a learner sees it: what comes before the first step, and each step.
func (o *PreviewOptions) screen(s source) (parts []string, err error) {
	l, err := s.parse(o.Trust)
	if err != nil {
		return nil, err
	}
	only := -1
	if o.Step != "" {
		step, err := l.FindStep(o.Step)
		if err != nil {
			return nil, err
		}
		only = slices.Index(l.Steps, step)
	}
	v := &viewer{style: o.Style()}
	if o.Width > 0 {
		v.style.Width = o.Width
	}
	if only < 0 {
		v.head(l)
		parts = append(parts, v.taken())
	}
	for i := range l.Steps {
		if only < 0 || only == i {
			v.step(session.NewPreview(l, i), only < 0)
			parts = append(parts, v.taken())
		}
	}
	return parts, nil
}

// viewer puts what a learner sees one below the other.
type viewer struct {
	out   strings.Builder
	style render.Style
}

// taken is what was shown since it was last taken.
func (v *viewer) taken() string {
	defer v.out.Reset()
	return v.out.String()
}

func (v *viewer) narrator() *cmd.Narrator {
	return &cmd.Narrator{Out: &v.out, Style: v.style, Prefix: "learn"}
}

// head is how the list of lessons shows it.
func (v *viewer) head(l *lesson.Lesson) {
	fmt.Fprintf(&v.out, "\n  %s  %s\n", v.style.Bold(v.style.Plain(l.Title)), v.style.Dim(fmt.Sprintf("%s, %d min", l.ID, l.Minutes)))
	v.narrator().Say("%s", l.Summary)
}

// step shows what the learner sees at once, and then, each under a line that says when, what they see later.
func (v *viewer) step(p session.Preview, intro bool) {
	n := v.narrator()
	for _, e := range p.Opening {
		if intro || e.Kind != session.LessonShown {
			n.Show(e)
		}
	}
	if len(p.Checks.Results) > 0 {
		v.later("learn check, as long as it is not done", session.Event{Kind: session.Reported, Report: &p.Checks})
	}
	if len(p.Mistakes.Results) > 0 {
		v.later("learn check, after mistakes that were foreseen", session.Event{Kind: session.Reported, Report: &p.Mistakes})
	}
	v.later("learn hint, one at a time", p.Hints...)
	v.later("when it is done", p.Closing...)
}

func (v *viewer) later(when string, events ...session.Event) {
	if len(events) == 0 {
		return
	}
	fmt.Fprintf(&v.out, "\n  %s\n", v.style.Dim(v.style.Plain("── "+when)))
	n := v.narrator()
	for _, e := range events {
		n.Show(e)
	}
}
