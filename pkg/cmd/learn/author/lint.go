package author

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
)

// LintOptions is what reading lessons critically needs.
type LintOptions struct {
	*cmd.App
	Lessons []string
	// Strict makes advice count as a defect.
	Strict bool
	// Trust lets lessons bring objects that reach beyond their namespace.
	Trust  bool
	Output cmd.Output
}

func newLint(app *cmd.App) *cobra.Command {
	o := &LintOptions{App: app}
	c := &cobra.Command{
		Use:   "lint [LESSON|FILE|FOLDER...]",
		Short: "Say what is wrong with a lesson, and what could be better",
		Long: `Say what is wrong with a lesson, and what could be better.

Needs no cluster. Without arguments: all lessons that are built in. The exit
code is 1 where something must not stay as it is.`,
		ValidArgsFunction: completeWithFiles(app),
		RunE: func(c *cobra.Command, args []string) error {
			o.Lessons = args
			return o.Run(c.Context())
		},
	}
	c.Flags().BoolVar(&o.Strict, "strict", false, "Let advice count as an error.")
	c.Flags().BoolVar(&o.Trust, "trust", false, "Allow objects that reach beyond the lesson's namespace.")
	o.Output.AddTo(c)
	return c
}

// completeWithFiles proposes lessons, and files too.
func completeWithFiles(app *cmd.App) cmd.Completion {
	lessons := app.CompleteLessons(0)
	return func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		found, _ := lessons(c, args, begun)
		return found, cobra.ShellCompDirectiveDefault
	}
}

// problem is one finding as data.
type problem struct {
	Where    string `json:"where"`
	Severity string `json:"severity"`
	Rule     string `json:"rule,omitempty"`
	Message  string `json:"message"`
}

// Run reads the lessons and tells all that it finds at once.
func (o *LintOptions) Run(context.Context) error {
	if err := o.Output.Validate(); err != nil {
		return err
	}
	sources, err := find(o.App, o.Lessons)
	if err != nil {
		return err
	}
	var found []problem
	for _, s := range sources {
		found = append(found, o.read(s)...)
	}
	between, err := order(o.App, sources)
	if err != nil {
		return err
	}
	found = append(found, between...)
	bad := 0
	for _, p := range found {
		if p.Severity == string(lesson.Defect) || o.Strict {
			bad++
		}
	}
	if err := o.tell(found, len(sources)); err != nil {
		return err
	}
	if bad > 0 {
		return cmd.NotMet()
	}
	return nil
}

func (o *LintOptions) read(s source) []problem {
	l, err := s.parse(o.Trust)
	if err != nil {
		var found []problem
		for line := range strings.Lines(err.Error()) {
			where, message := splitPlace(strings.TrimRight(line, "\n"))
			found = append(found, problem{Where: where, Severity: string(lesson.Defect), Message: message})
		}
		return found
	}
	var found []problem
	for _, p := range lesson.Lint(l) {
		p.Pos.File = s.shown
		found = append(found, problem{Where: p.Pos.String(), Severity: string(p.Severity), Rule: p.Rule, Message: p.Message})
	}
	return found
}

// splitPlace takes "file:line:column: message" apart.
func splitPlace(line string) (where, message string) {
	if where, message, ok := strings.Cut(line, ": "); ok {
		return where, message
	}
	return "", line
}

func (o *LintOptions) tell(found []problem, lessons int) error {
	if !o.Output.ForPeople() {
		var names []string
		for _, p := range found {
			names = append(names, p.Where)
		}
		return o.Output.Print(o.Out, found, names...)
	}
	style := o.Style()
	for _, p := range found {
		rule := ""
		if p.Rule != "" {
			rule = style.Dim(" (" + p.Rule + ")")
		}
		fmt.Fprintf(o.Out, "%s: %s: %s%s\n", p.Where, p.Severity, style.Plain(p.Message), rule)
	}
	if len(found) == 0 {
		noun := "lessons"
		if lessons == 1 {
			noun = "lesson"
		}
		fmt.Fprintf(o.Out, "  %s %d %s, nothing to say\n", style.GoodSign(), lessons, noun)
	}
	return nil
}
