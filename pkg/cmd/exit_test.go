package cmd

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/session"
)

// Whoever presses Ctrl-C is told what there is to do, and nothing of what it broke.
func TestExplainCtrlC(t *testing.T) {
	building := fmt.Errorf("%w: build the start of step one: %w", session.ErrHalfBuilt, context.Canceled)
	for _, c := range []struct {
		prefix string
		err    error
		want   string
	}{
		{"learn", building, "interrupted, while the start of the step was being built. To have that finished: learn"},
		{"kubectl learn", building, "interrupted, while the start of the step was being built. To have that finished: kubectl learn start"},
		{"learn", fmt.Errorf("look: %w", context.Canceled), "interrupted"},
		{"learn", errors.Join(context.Canceled, errors.New("and the node is stopped")), "interrupted\nand the node is stopped"},
	} {
		if got := Explain(c.prefix, c.err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}
