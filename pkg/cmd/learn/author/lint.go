package author

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// LintOptions is what reading lessons critically needs.
type LintOptions struct {
	*cmd.App
	Named []string
	// Strict makes advice count as a defect.
	Strict bool
	// Trust lets lessons bring objects that reach beyond their namespace.
	Trust  bool
	Output cmd.Output
}

// github is the output for workflows of GitHub Actions.
const github = "github"

func newLint(app *cmd.App) *cobra.Command {
	o := &LintOptions{App: app, Output: cmd.Output{Extra: []string{github}}}
	c := &cobra.Command{
		Use:   "lint [LESSON|FILE|FOLDER|BUNDLE...]",
		Short: "Say what is wrong with a lesson, and what could be better",
		Long: `Say what is wrong with a lesson, and what could be better: everything at once,
each with its file, line and column. Advice comes when there is no error left.

Needs no cluster. Without arguments: the lessons of --lessons, or else all that
are built in. The exit code is 1 where something must not stay as it is.`,
		Example: cmd.Examples(
			"A folder of lessons, or one lesson", "author lint ./my-lessons\nauthor lint ./my-lessons/config/lesson.md",
			"In a workflow on GitHub: each finding beside its line", "author lint ./my-lessons --strict -o github",
		),
		ValidArgsFunction: completeWithFiles(app),
		RunE: func(c *cobra.Command, args []string) error {
			o.Named = args
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
	place
	Severity lesson.Severity `json:"severity"`
	Rule     string          `json:"rule,omitempty"`
	Message  string          `json:"message"`
}

// Run reads the lessons and tells all that it finds at once.
func (o *LintOptions) Run(context.Context) error {
	if err := o.Output.Validate(); err != nil {
		return err
	}
	asked, err := find(o.App, o.Named)
	if err != nil {
		return err
	}
	var found []problem
	for _, s := range asked {
		found = append(found, o.read(s)...)
	}
	between, err := order(o.App, asked)
	if err != nil {
		return err
	}
	found = sorted(append(found, between...), asked)
	bad := 0
	for _, p := range found {
		if p.Severity == lesson.Defect || o.Strict {
			bad++
		}
	}
	if err := o.tell(found, len(asked)); err != nil {
		return err
	}
	if bad > 0 {
		return cmd.NotMet()
	}
	return nil
}

// sorted puts findings in the order of the lessons, and of their lines.
func sorted(found []problem, asked []source) []problem {
	order := map[string]int{}
	for i, s := range asked {
		order[s.shown()] = i - len(asked) // what lies elsewhere comes last
	}
	slices.SortStableFunc(found, func(a, b problem) int {
		return cmp.Or(order[a.File]-order[b.File], a.Line-b.Line, a.Column-b.Column)
	})
	return found
}

func (o *LintOptions) read(s source) []problem {
	l, err := s.parse(o.Trust)
	if err != nil {
		return s.defects(err)
	}
	var found []problem
	for _, p := range lesson.Lint(l) {
		found = append(found, problem{place: placeOf(p.Pos), Severity: p.Severity, Rule: p.Rule, Message: p.Message})
	}
	return found
}

func (o *LintOptions) tell(found []problem, lessons int) error {
	switch {
	case o.Output.Chosen() == github:
		annotate(o.Out, found)
		return nil
	case !o.Output.ForPeople():
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
		fmt.Fprintf(o.Out, "%s: %s: %s%s\n", style.Plain(p.Where), p.Severity, style.Plain(p.Message), rule)
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

// annotate writes workflow commands of GitHub Actions, which shows each finding beside its line.
// See https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands.
func annotate(w io.Writer, found []problem) {
	text := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for _, p := range found {
		title := plugin.Command + " author lint"
		if p.Rule != "" {
			title += ": " + p.Rule
		}
		at := "file=" + property.Replace(p.File)
		if p.Line > 0 {
			at += fmt.Sprintf(",line=%d,col=%d", p.Line, p.Column)
		}
		fmt.Fprintf(w, "::%s %s,title=%s::%s\n", p.Severity, at, property.Replace(title), text.Replace(p.Message))
	}
}
