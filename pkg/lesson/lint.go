package lesson

import (
	"fmt"
	"strings"
)

// Severity says whether a lesson may be shipped with a Problem.
type Severity string

const (
	// Defect: the lesson must not be shipped like this.
	Defect Severity = "error"
	// Advice: it teaches less well than it could.
	Advice Severity = "warning"
)

// Problem is something about how a lesson teaches, not about how its file is written.
type Problem struct {
	Pos      Pos
	Rule     string
	Message  string
	Severity Severity
}

func (p Problem) String() string {
	return fmt.Sprintf("%s: %s: %s (%s)", p.Pos, p.Severity, p.Message, p.Rule)
}

// Lint looks at how a lesson teaches. Each rule has its reason in docs/lessons.md.
func Lint(l *Lesson) []Problem {
	var found []Problem
	for _, rule := range []func(*Lesson) []Problem{
		lintPredict, lintConcepts, lintTeaches, lintHints, lintWrong, lintLook, lintOtherwise, lintExamples, lintLength, lintProof, lintNodes,
	} {
		found = append(found, rule(l)...)
	}
	return found
}

func (l *Lesson) stepPos(s *Step) Pos { return Pos{File: l.File, Line: s.Line, Col: 1} }

// lintPredict: what is only watched is not learned; a guess first makes it stick.
func lintPredict(l *Lesson) []Problem {
	var found []Problem
	for _, s := range l.Steps {
		asked := false
		for _, b := range s.Blocks {
			switch b := b.(type) {
			case *Predict:
				asked = true
			case *Fault:
				if !asked && b.Kind != StartNode {
					found = append(found, Problem{b.at, "predict", b.does() + " and nobody was asked before what will happen; put a predict before it", Defect})
					asked = true
				}
			case *Do:
				if c := disturbing(b); c != nil && !asked {
					found = append(found, Problem{c.Pos, "predict", fmt.Sprintf("%q changes what runs and nobody was asked before what will happen; put a predict before it", c.Line), Defect})
					asked = true
				}
			}
		}
	}
	return found
}

func (f *Fault) does() string {
	if f.Kind == SendLoad {
		return "this sends a crowd"
	}
	return "this breaks something"
}

// disturbing finds the first command that kills, breaks or scales.
func disturbing(d *Do) *Command {
	for i, c := range d.Commands {
		if len(c.Args) < 2 {
			continue
		}
		switch c.Args[1] {
		case "delete", "scale", "drain", "label", "taint":
			return &d.Commands[i]
		case "rollout":
			if len(c.Args) > 2 && (c.Args[2] == "restart" || c.Args[2] == "undo" || c.Args[2] == "pause" || c.Args[2] == "resume") {
				return &d.Commands[i]
			}
		case "exec":
			if strings.Contains(c.Line, " kill ") {
				return &d.Commands[i]
			}
		}
	}
	return nil
}

// lintConcepts: one idea a step.
func lintConcepts(l *Lesson) []Problem {
	var found []Problem
	seen := map[string]bool{}
	mark := func(text string) (fresh []string) {
		for _, word := range l.Teaches {
			if !seen[word] && strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
				seen[word] = true
				fresh = append(fresh, word)
			}
		}
		return fresh
	}
	for _, s := range l.Steps {
		if fresh := mark(s.reading()); len(fresh) > 1 {
			found = append(found, Problem{l.stepPos(s), "one-concept", fmt.Sprintf("the step brings in %d concepts at once: %s; make a step for each", len(fresh), strings.Join(fresh, ", ")), Advice})
		}
	}
	return found
}

// lintTeaches: what the front matter promises must come up.
func lintTeaches(l *Lesson) []Problem {
	all := strings.Builder{}
	for _, s := range l.Steps {
		all.WriteString(strings.ToLower(s.reading()))
	}
	var found []Problem
	for i, word := range l.Teaches {
		if !strings.Contains(all.String(), strings.ToLower(word)) {
			found = append(found, Problem{l.header.teachesAt[i], "teaches", fmt.Sprintf("the front matter says that the lesson teaches %q, and no step mentions it", word), Advice})
		}
	}
	return found
}

// reading is all the text of a step that a learner is sure to read.
func (s *Step) reading() string {
	text := []string{s.Title}
	for _, b := range s.Blocks {
		switch b := b.(type) {
		case *Prose:
			text = append(text, b.Markdown)
		case *Predict:
			text = append(text, b.Ask, b.Because)
			for _, o := range b.Options {
				text = append(text, o.Say)
			}
		case *Ask:
			text = append(text, b.Ask, b.Because)
		case *Fault:
			text = append(text, b.Say)
		}
	}
	return strings.Join(text, "\n")
}

// lintHints: a ladder is climbed from below.
func lintHints(l *Lesson) []Problem {
	order := map[Rung]int{}
	for i, r := range rungs() {
		order[r] = i
	}
	var found []Problem
	for _, s := range l.Steps {
		last := -1
		for _, h := range s.Hints() {
			if order[h.Rung] <= last {
				found = append(found, Problem{h.at, "hint-order", fmt.Sprintf("the hint %q comes too late; the order is orient, locate, principle, action, one of each", h.Rung), Defect})
			}
			last = max(last, order[h.Rung])
		}
		if last < 0 && len(s.Checks()) > 0 && s.Support != Worked {
			found = append(found, Problem{l.stepPos(s), "hints", "the step has checks and no hint", Advice})
		}
	}
	return found
}

const leastWrongTurns = 2

// lintWrong: feedback that was never provoked was never proved.
func lintWrong(l *Lesson) []Problem {
	turns := 0
	for _, s := range l.Steps {
		for _, w := range All[*Wrong](s) {
			turns += len(w.Turns)
		}
	}
	if turns >= leastWrongTurns {
		return nil
	}
	return []Problem{{l.header.At, "wrong-turns", fmt.Sprintf("the lesson has %d wrong turns; it needs at least %d: what does a learner plausibly do instead?", turns, leastWrongTurns), Defect}}
}

// lintLook: "not yet" alone teaches nothing. The engine makes a command of the query where the author names none;
// the author knows a better one.
func lintLook(l *Lesson) []Problem {
	var found []Problem
	for _, s := range l.Steps {
		for _, c := range s.Checks() {
			if c.Look == "" {
				found = append(found, Problem{c.Pos, "look", fmt.Sprintf("the check %q does not say where to look; write look: and a kubectl command that shows more than the general one", c.That), Advice})
			}
		}
	}
	return found
}

// lintOtherwise: an explanation of what went wrong teaches most.
func lintOtherwise(l *Lesson) []Problem {
	var found []Problem
	for _, s := range l.Steps {
		for _, c := range s.Checks() {
			if len(c.Otherwise) == 0 {
				found = append(found, Problem{c.Pos, "otherwise", fmt.Sprintf("the check %q foresees no reason why it would not pass; write otherwise: for the likeliest", c.That), Advice})
			}
		}
	}
	return found
}

// lintExamples: an example must make its otherwise speak, and no earlier one.
func lintExamples(l *Lesson) []Problem {
	var found []Problem
	for _, s := range l.Steps {
		for _, c := range s.Checks() {
			for i := range c.Otherwise {
				if problem := c.proveExample(i); problem != "" {
					found = append(found, Problem{c.Otherwise[i].Pos, "example", problem, Defect})
				}
			}
		}
	}
	return found
}

func (c *Check) proveExample(index int) string {
	o := &c.Otherwise[index]
	if o.Example == nil {
		return ""
	}
	v := exampleView(c, o)
	if holds, err := c.Holds(v); err == nil && holds {
		return "with the example the check passes, so nothing is said"
	}
	for i := range c.Otherwise[:index] {
		if fires, err := c.Otherwise[i].Fires(v); err == nil && fires {
			return fmt.Sprintf("with the example the otherwise in line %d speaks first", c.Otherwise[i].Pos.Line)
		}
	}
	if fires, err := o.Fires(v); err != nil || !fires {
		return "the example does not make \"when\" true"
	}
	if _, err := o.Text(v); err != nil {
		return fmt.Sprintf("with the example \"say\" can't be filled in: %v", err)
	}
	return ""
}

const (
	screenWidth = 80
	screenLines = 24
)

// lintLength: nothing scrolls off. What the screen adds (title, rules, the line at the end) takes six lines.
func lintLength(l *Lesson) []Problem {
	var found []Problem
	for _, s := range l.Steps {
		if n := s.lines(); n > screenLines-6 {
			found = append(found, Problem{l.stepPos(s), "length", fmt.Sprintf("what is read before the first act takes %d lines of %d columns; %d fit on a screen", n, screenWidth, screenLines-6), Advice})
		}
	}
	return found
}

// lines counts the screen lines of a step up to and with its first commands.
func (s *Step) lines() int {
	n := 0
	for _, b := range s.Blocks {
		switch b := b.(type) {
		case *Prose:
			n += wrapped(b.Markdown) + 1
		case *Predict:
			n += wrapped(b.Ask) + len(b.Options) + 1
		case *Fault:
			return n + wrapped(b.Say)
		case *Do:
			return n + len(b.Commands) + 1
		}
	}
	return n
}

// wrapped counts the lines that Markdown takes when each paragraph is filled.
func wrapped(markdown string) int {
	n := 0
	for _, paragraph := range strings.Split(markdown, "\n\n") {
		col, code := 0, strings.Contains(paragraph, "```") || strings.HasPrefix(paragraph, "    ")
		if code {
			n += strings.Count(paragraph, "\n") + 2
			continue
		}
		for _, line := range strings.Split(paragraph, "\n") {
			if col > 0 && (strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "|")) {
				n, col = n+1, 0
			}
			for _, word := range strings.Fields(line) {
				if width := len([]rune(word)) + 1; col+width > screenWidth-4 {
					n, col = n+1, width
				} else {
					col += width
				}
			}
		}
		n += 2
	}
	return max(n-1, 0)
}

// lintProof: a step that asks something to be done must notice that it was.
func lintProof(l *Lesson) []Problem {
	var found []Problem
	for _, s := range l.Steps {
		unproved := len(s.Checks()) == 0 && len(All[*Get](s)) == 0
		for _, f := range All[*Fault](s) {
			if f.Kind == SendLoad && unproved {
				found = append(found, Problem{f.at, "proof", "nothing checks what the load does, so that the robot stops it at once; give the step a check", Defect})
			}
		}
		for _, d := range All[*Do](s) {
			if c := disturbing(d); c != nil && !d.Optional && unproved {
				found = append(found, Problem{c.Pos, "proof", fmt.Sprintf("nothing checks what %q does", c.Line), Defect})
				break
			}
		}
	}
	return found
}
