package cmd

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/check"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if clean := strings.ReplaceAll(string(want), "\r\n", "\n"); got != clean {
		t.Errorf("got\n%s\nwant\n%s", got, clean)
	}
}

func step() []session.Event {
	result := check.Result{That: "Three Pods are ready", Verdict: check.NotYet, Expected: "3 ready Pods", Actual: "2", Why: "you asked for 2", Look: "kubectl get pods", Otherwise: -1}
	passed := result
	passed.Verdict = check.Pass
	return []session.Event{
		{Kind: session.LessonShown, Lesson: "heal", Title: "Self-healing", Text: "Things *die*."},
		{Kind: session.StepShown, Lesson: "heal", Title: "A step with a title that is far too long for a screen of eighty columns", Number: 2, Of: 12},
		{Kind: session.ProseShown, Text: "Delete `solo`.\n\n- one\n- two"},
		{Kind: session.PredictionAsked, Text: "What will you see?", Options: []string{"It comes back", "It is gone"}},
		{Kind: session.Predicted, Text: "It is gone"},
		{Kind: session.DoShown, Commands: []string{"kubectl delete pod solo", "kubectl get pods"}},
		{Kind: session.DoShown, Commands: []string{"kubectl get events"}, Optional: true},
		{Kind: session.FaultShown, Text: "The power is cut."},
		{Kind: session.FaultDone, Text: "The power is cut."},
		{Kind: session.LoadOver, Text: "The load on service/web is over: 600 requests sent, 598 answered, 2 lost; the median answer took 4 ms, the slowest 120 ms."},
		{Kind: session.CommandRun, Commands: []string{"kubectl get pod x"}, Output: "Error: \x1b[2Jnot found\n", Code: 1},
		{Kind: session.Noticed, Report: &check.Report{Results: []check.Result{
			passed, result,
			{Verdict: check.Converging, That: "c", Why: strings.Repeat("web-6d4f9-p9q7m is starting ", 5)},
			{Verdict: check.CantTell, That: "d", Why: "connection refused"},
		}}},
		{Kind: session.Reported, Report: &check.Report{Results: []check.Result{passed, result}}},
		{Kind: session.PredictionAnswered, Answer: &session.Answer{Ask: "What will you see?", Said: "It comes back", So: []string{"It is gone"}, Reply: "Nobody made it again.", Because: "There is no wish.", Evidence: []string{"Pods here: 0"}}},
		{Kind: session.QuestionAsked, Text: "How many Pods?"},
		{Kind: session.QuestionAnswered, Answer: &session.Answer{Ask: "How many Pods?", Said: "0", Right: true, So: []string{"0"}}},
		{Kind: session.HintGiven, Text: "Look at `kubectl get pods`."},
		{Kind: session.StepPassed},
		{Kind: session.StepSkipped, Title: "A bare Pod"},
		{Kind: session.Note, Text: "Starting node worker-1 again."},
		{Kind: session.Failed, Text: "the server is away"},
		{Kind: session.LessonFinished, Title: "Self-healing"},
	}
}

func show(style render.Style, robot bool) string {
	var out strings.Builder
	n := &Narrator{Out: &out, Style: style, Prefix: "learn", Robot: robot}
	for _, e := range step() {
		n.Show(e)
	}
	n.Advice("Done?", "learn check", "Stuck?", "learn hint", "Start the step over?", "learn reset", "Leave?", "exit")
	return out.String()
}

func TestNarrator(t *testing.T) {
	golden(t, "learner", show(render.Style{Width: 80}, false))
	golden(t, "robot-ascii-40", show(render.Style{Width: 40, ASCII: true}, true))
}

// Nothing that is shown leaves the screen's width, and nothing from a cluster reaches the terminal
// but text.
func TestNarratorKeepsToTheScreen(t *testing.T) {
	for _, width := range []int{60, 80, 120} {
		text := show(render.Style{Width: width}, false)
		for line := range strings.Lines(text) {
			if w := render.Width(strings.TrimRight(line, "\n")); w > width {
				t.Errorf("at %d columns a line has %d: %q", width, w, line)
			}
		}
		if strings.Contains(text, "\x1b") {
			t.Error("an escape sequence came through")
		}
	}
}

func TestChoice(t *testing.T) {
	for typed, want := range map[string]int{"a": 0, "B": 1, "3": 2, " c) ": 2, "b.": 1} {
		if got, ok := choice(typed, 3); !ok || got != want {
			t.Errorf("%q is %d, %v", typed, got, ok)
		}
	}
	for _, typed := range []string{"", "d", "4", "0", "ab", "yes"} {
		if got, ok := choice(typed, 3); ok {
			t.Errorf("%q is %d", typed, got)
		}
	}
}
