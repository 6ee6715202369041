package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
)

// agree asks before a lesson that is under way goes with its cluster; goes says what becomes of it. Without
// a terminal nobody is there to ask, and scripts go on.
func agree(ctx context.Context, app *cmd.App, question string, goes func(lesson string) string) error {
	if !app.Interactive() {
		return nil
	}
	state, err := app.Log().State()
	if err != nil {
		return err
	}
	at := state.Current[app.Cluster]
	if at == nil {
		return nil
	}
	app.Narrator().Say("Lesson %s is under way on cluster %s, at step %s. %s", at.Lesson, app.Cluster, at.Step, goes(at.Lesson))
	fmt.Fprintf(app.Out, "  %s [y/N] ", question)
	return answered(ctx, app, "that was no yes, and nothing was deleted")
}

// answered reads the answer to a question that was just asked. Without a yes it is the error that is given.
func answered(ctx context.Context, app *cmd.App, otherwise string) error {
	typed, _, err := app.Asker().Line(ctx)
	if err != nil {
		return err
	}
	if !yes(typed) {
		return errors.New(otherwise)
	}
	return nil
}

// yes says that what was typed is one.
func yes(typed string) bool {
	typed = strings.ToLower(typed)
	return typed == "y" || typed == "yes"
}
