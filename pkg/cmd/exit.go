package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
)

// Exit codes: 0 is done, 1 that a check is not met, 2 anything else.
const (
	CodeNotMet = 1
	CodeError  = 2
)

// Exit ends the program with a code after all was said. It is an error so that it can be returned.
type Exit struct{ Code int }

func (e *Exit) Error() string { return fmt.Sprintf("exit code %d", e.Code) }

// NotMet is the Exit of a check that is not met.
func NotMet() error { return &Exit{Code: CodeNotMet} }

// Finish says what went wrong, if anything did, and gives the exit code. Style is what errOut can show,
// prefix how the learner calls us.
func Finish(errOut io.Writer, style render.Style, prefix string, err error) int {
	if err == nil {
		return 0
	}
	if exit, ok := errors.AsType[*Exit](err); ok {
		return exit.Code
	}
	fmt.Fprintln(errOut, render.Hang("learn: ", Explain(prefix, err), style))
	return CodeError
}

// Explain turns an error into what a person can do something about.
func Explain(prefix string, err error) string {
	text := err.Error()
	// The way that a write took before it was refused is of no use to its reader.
	if refused, ok := errors.AsType[*kube.Refused](err); ok {
		text = refused.Error()
	}
	_, unanswered := errors.AsType[*Unanswered](err)
	switch {
	case unanswered:
		return "interrupted. You are still at this step. To see it again: " + again(prefix)
	case errors.Is(err, session.ErrNoFault):
		return fmt.Sprintf("%s. Type what stands after Do.\nTo see that again: %s", text, again(prefix))
	case errors.Is(err, session.ErrHalfBuilt):
		return "interrupted, while the start of the step was being built. To have that finished: " + again(prefix)
	case errors.Is(err, context.Canceled):
		return interrupted(text)
	case errors.Is(err, session.ErrNoLesson):
		return fmt.Sprintf("no lesson is under way. Begin one: %s start", prefix)
	case errors.Is(err, cluster.ErrNotFound) && !strings.Contains(text, "--name"):
		return fmt.Sprintf("%s. Make one: %s cluster create", text, prefix)
	}
	return text
}

// again is the command that shows the step under way once more: in the practice shell our bare name,
// elsewhere what opens that shell.
func again(prefix string) string {
	if prefix == shellPrefix {
		return prefix
	}
	return prefix + " start"
}

// interrupted is what is said after Ctrl-C: nothing more, unless something did not go well even so.
func interrupted(text string) string {
	var more []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.Contains(line, context.Canceled.Error()) && !strings.Contains(line, "signal received") {
			more = append(more, line)
		}
	}
	return strings.Join(append([]string{"interrupted"}, more...), "\n")
}
