package cmd

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/check"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
)

// Narrator shows what a learner is to see as text.
type Narrator struct {
	Out   io.Writer
	Style render.Style
	// Prefix is how the learner calls us.
	Prefix string
	// Robot says that commands are run and shown rather than asked for.
	Robot bool
}

// Narrator shows on standard output.
func (a *App) Narrator() *Narrator {
	return &Narrator{Out: a.Out, Style: a.Style(), Prefix: a.Prefix()}
}

// Text is what a narrator with this style would show.
func Text(style render.Style, prefix string, events []session.Event) string {
	var out strings.Builder
	n := &Narrator{Out: &out, Style: style, Prefix: prefix}
	for _, e := range events {
		n.Show(e)
	}
	return out.String()
}

func (n *Narrator) printf(format string, args ...any) { fmt.Fprintf(n.Out, format, args...) }

// Show shows one thing.
func (n *Narrator) Show(e session.Event) {
	switch e.Kind {
	case session.LessonShown:
		if e.Text != "" {
			n.printf("\n")
			n.markdown(e.Text)
		}
	case session.StepShown:
		n.heading(e)
	case session.ProseShown:
		n.markdown(e.Text)
	case session.PredictionAsked:
		n.question(e)
	case session.Predicted:
		n.printf("  %s %s\n\n", n.Style.Accent(">"), e.Text)
	case session.DoShown:
		n.commands(e)
	case session.FaultShown:
		n.fault(e)
	case session.FaultDone:
		n.printf("  %s %s\n", n.Style.Accent(n.Style.Plain("▸")), e.Text)
	case session.CommandRun:
		n.command(e)
	case session.Reported:
		n.report(e)
	case session.Noticed:
		n.notice(e.Report.Results)
	case session.Explained:
		n.show(render.Explanation(n.Out, e.Explanation, n.Style))
		n.printf("\n")
	case session.QuestionAsked:
		n.show(render.Question(n.Out, e.Text, nil, n.Style))
	case session.PredictionAnswered, session.QuestionAnswered:
		n.answer(e.Answer)
	case session.HintGiven:
		n.markdown(e.Text)
	case session.StepPassed:
		n.printf("  %s This step is done.\n", n.Style.GoodSign())
	case session.StepSkipped:
		n.printf("  The robot did step %q for you.\n", e.Title)
	case session.LessonFinished:
		n.printf("\n  %s %s is done, and nothing of it is left on the cluster.\n", n.Style.GoodSign(), n.Style.Bold(e.Title))
	case session.Note:
		n.printf("  %s\n", n.Style.Dim(e.Text))
	case session.Failed:
		n.printf("  %s %s\n", n.Style.UnsureSign(), n.Style.Plain(e.Text))
	}
}

func (n *Narrator) markdown(text string) { n.show(render.Markdown(n.Out, text, n.Style)) }

// width is how wide our own lines are.
func (n *Narrator) width() int { return min(max(n.Style.Width, 40), 100) - 4 }

func (n *Narrator) heading(e session.Event) {
	place := fmt.Sprintf("step %d of %d", e.Number, e.Of)
	title := []rune(fmt.Sprintf("%s · %s", e.Lesson, e.Title))
	if room := n.width() - len(place) - 2; len(title) > room {
		title = append(title[:max(room-1, 1)], '…')
	}
	gap := strings.Repeat(" ", max(2, n.width()-len(title)-len(place)))
	n.printf("\n  %s%s%s\n  %s\n", n.Style.Bold(n.Style.Plain(string(title))), gap, n.Style.Dim(place), n.Style.Dim(n.Style.Plain(strings.Repeat("─", n.width()))))
}

func (n *Narrator) question(e session.Event) {
	n.show(render.Question(n.Out, e.Text, e.Options, n.Style))
}

func (n *Narrator) commands(e session.Event) {
	if n.Robot {
		return // each is shown when it is run
	}
	head := "Do  "
	if e.Optional {
		head = "Or  "
	}
	for _, line := range e.Commands {
		n.printf("  %s   %s\n", n.Style.Dim(head), n.Style.Accent(line))
		head = "    "
	}
}

func (n *Narrator) fault(e session.Event) {
	if n.Robot {
		return // it is shown when it is done
	}
	n.printf("  %s\n", n.Style.Plain(e.Text))
	n.printf("  %s   %s\n", n.Style.Dim("Do  "), n.Style.Accent(n.Prefix+" strike"))
}

func (n *Narrator) command(e session.Event) {
	n.printf("  %s %s\n", n.Style.Dim("$"), n.Style.Accent(e.Commands[0]))
	for line := range strings.Lines(e.Output) {
		n.printf("  %s\n", n.Style.Plain(strings.TrimRight(line, "\n")))
	}
	if e.Code != 0 {
		n.printf("  %s\n", n.Style.Dim(fmt.Sprintf("(exit code %d)", e.Code)))
	}
}

func (n *Narrator) report(e session.Event) {
	n.printf("\n")
	n.show(render.Report(n.Out, *e.Report, n.Style))
	n.printf("\n")
}

// notice tells of single checks in a line each.
func (n *Narrator) notice(results []check.Result) {
	for _, r := range results {
		switch r.Verdict {
		case check.Pass:
			n.printf("  %s %s\n", n.Style.GoodSign(), n.Style.Plain(r.That))
		case check.Converging:
			n.printf("  %s converging: %s\n", n.Style.WaitSign(), n.Style.Plain(oneOf(r.Why, r.That)))
		case check.CantTell:
			n.printf("  %s can't tell: %s\n", n.Style.UnsureSign(), n.Style.Plain(r.Why))
		default:
			n.printf("  %s %s\n", n.Style.BadSign(), n.Style.Plain(oneOf(r.Why, r.That)))
		}
	}
}

func oneOf(first, second string) string {
	if first != "" {
		return first
	}
	return second
}

// answer says what was said and what is so.
func (n *Narrator) answer(a *session.Answer) {
	n.show(render.Answer(n.Out, render.Answered{
		Said: a.Said, Right: a.Right, So: a.So, Reply: a.Reply, Because: a.Because, Evidence: a.Evidence,
	}, n.Style))
	n.printf("\n")
}

// show is for what package render shows. A screen that takes nothing more is nothing to end for.
func (n *Narrator) show(error) {}

// Advice says what to type next: pairs of a word and a command.
func (n *Narrator) Advice(pairs ...string) {
	var parts []string
	for i := 0; i+1 < len(pairs); i += 2 {
		parts = append(parts, n.Style.Dim(pairs[i])+" "+n.Style.Accent(pairs[i+1]))
	}
	n.printf("  %s\n", strings.Join(parts, "   "))
}
