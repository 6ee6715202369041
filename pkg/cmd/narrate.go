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

	last session.EventKind
	// drawn says that a line stands there which is to be replaced.
	drawn bool
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
	if n.Robot && (e.Kind == session.DoShown || e.Kind == session.FaultShown) {
		return // each is shown when it is done
	}
	n.erase()
	n.breathe(e.Kind)
	switch e.Kind {
	case session.LessonShown:
		if e.Text != "" {
			n.printf("\n")
			n.markdown(e.Text)
		}
	case session.StepShown:
		n.heading(e)
	case session.ProseShown, session.HintGiven:
		n.markdown(e.Text)
	case session.PredictionAsked, session.QuestionAsked:
		n.show(render.Question(n.Out, e.Text, e.Options, n.Style))
	case session.Predicted:
		n.marked(n.Style.Accent(">"), e.Text)
	case session.DoShown:
		n.commands(e)
	case session.FaultShown:
		n.fault(e)
	case session.CommandRun:
		n.command(e)
	case session.Reported:
		n.show(render.Report(n.Out, *e.Report, n.Style))
	case session.Noticed:
		n.notice(e.Report.Results)
	case session.PredictionAnswered, session.QuestionAnswered:
		n.answer(e.Answer)
	case session.Explained:
		n.show(render.Explanation(n.Out, e.Explanation, n.Style))
	default:
		n.remark(e)
	}
	n.last = e.Kind
}

// Draw shows how something goes on, in one line that the next one replaces. Where lines can't be
// replaced it shows nothing.
func (n *Narrator) Draw(text string) {
	if !n.Style.Terminal {
		return
	}
	n.erase()
	n.printf("  %s %s", n.Style.WaitSign(), n.Style.Dim(n.wrap(text, n.width()-2)[0]))
	n.drawn = true
}

func (n *Narrator) erase() {
	if n.drawn {
		n.printf("\r\x1b[K")
		n.drawn = false
	}
}

// remark shows what takes a line.
func (n *Narrator) remark(e session.Event) {
	switch e.Kind {
	case session.FaultDone, session.LoadOver:
		n.marked(n.Style.Accent(n.Style.Plain("▸")), e.Text)
	case session.StepPassed:
		n.marked(n.Style.GoodSign(), "This step is done.")
	case session.StepSkipped:
		n.marked(n.Style.GoodSign(), fmt.Sprintf("The robot did step %q for you.", e.Title))
	case session.LessonFinished:
		n.marked(n.Style.GoodSign(), fmt.Sprintf("Lesson %q is done, and nothing of it is left on the cluster.", e.Title))
	case session.Note:
		n.marked(n.Style.Dim("-"), e.Text)
	case session.Failed:
		n.marked(n.Style.UnsureSign(), e.Text)
	}
}

// breathe leaves a line free where one thing ends and another begins.
func (n *Narrator) breathe(next session.EventKind) {
	if n.last == "" || n.last == next {
		return
	}
	switch next {
	case session.StepShown, session.LessonShown: // have their own
	case session.QuestionAnswered, session.Predicted, session.Noticed, session.Note, session.FaultDone, session.LoadOver:
	case session.CommandRun:
		if n.last != session.FaultDone {
			n.printf("\n")
		}
	case session.DoShown, session.FaultShown:
		if n.last != session.DoShown && n.last != session.FaultShown {
			n.printf("\n")
		}
	default:
		if n.last != session.StepShown {
			n.printf("\n")
		}
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

func (n *Narrator) commands(e session.Event) {
	head := "Do  "
	if e.Optional {
		head = "Try "
	}
	for _, line := range e.Commands {
		n.printf("  %s   %s\n", n.Style.Dim(head), n.Style.Accent(line))
		head = "    "
	}
}

func (n *Narrator) fault(e session.Event) {
	n.show(render.Markdown(n.Out, e.Text, n.Style))
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

// notice tells of single checks in a line or two each.
func (n *Narrator) notice(results []check.Result) {
	for _, r := range results {
		switch r.Verdict {
		case check.Pass:
			n.marked(n.Style.GoodSign(), r.That)
		case check.Converging:
			n.marked(n.Style.WaitSign(), "converging: "+oneOf(r.Why, r.That))
		case check.CantTell:
			n.marked(n.Style.UnsureSign(), "can't tell: "+r.Why)
		default:
			n.marked(n.Style.BadSign(), oneOf(r.Why, r.That))
		}
	}
}

// marked shows text behind a sign, wrapped so that nothing stands below the sign.
func (n *Narrator) marked(sign, text string) {
	for i, line := range n.wrap(text, n.width()-2) {
		if i > 0 {
			sign = " "
		}
		n.printf("  %s %s\n", sign, line)
	}
}

// Say shows a sentence or two.
func (n *Narrator) Say(format string, args ...any) {
	for _, line := range n.wrap(fmt.Sprintf(format, args...), n.width()) {
		n.printf("  %s\n", line)
	}
}

// Aside says a remark on the line before, further in.
func (n *Narrator) Aside(text string) {
	for _, line := range n.wrap(text, n.width()-4) {
		n.printf("      %s\n", n.Style.Dim(line))
	}
}

// wrap breaks text between words.
func (n *Narrator) wrap(text string, columns int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(n.Style.Plain(text)) {
		if line != "" && render.Width(line)+1+render.Width(word) > columns {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
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
}

// show is for what package render shows. A screen that takes nothing more is nothing to end for.
func (n *Narrator) show(error) {}

// Passed says of a step that was done before that it is, and where to go on.
func (n *Narrator) Passed() {
	n.Show(session.Event{Kind: session.StepPassed})
	n.Advice("Next", n.Prefix+" next")
}

// Advice says what to type next: pairs of a word and a command, as many on a line as fit.
func (n *Narrator) Advice(pairs ...string) {
	line, columns := "", 0
	for i := 0; i+1 < len(pairs); i += 2 {
		width := render.Width(pairs[i]) + 2 + render.Width(pairs[i+1])
		if columns > 0 && columns+3+width > n.width() {
			n.printf("  %s\n", line)
			line, columns = "", 0
		}
		if width > n.width() { // so that the command stays whole
			n.printf("  %s\n", n.Style.Dim(pairs[i]))
			line, columns = "  "+n.Style.Accent(pairs[i+1]), 2+render.Width(pairs[i+1])
			continue
		}
		if columns > 0 {
			line, columns = line+"   ", columns+3
		}
		line += n.Style.Dim(pairs[i]) + "  " + n.Style.Accent(pairs[i+1])
		columns += width
	}
	n.printf("  %s\n", line)
}
