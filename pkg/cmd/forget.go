package cmd

import (
	"context"
	"fmt"
	"os"

	"github.com/kubectl-learn/kubectl-learn/pkg/progress"
)

// ForgetLesson ends the lesson that was under way on a cluster which is gone.
func (a *App) ForgetLesson(ctx context.Context) error {
	state, err := a.Log().State()
	if err != nil {
		return err
	}
	if at := state.Current[a.Cluster]; at != nil {
		e := progress.Event{Cluster: a.Cluster, Lesson: at.Lesson, Kind: progress.Quit}
		if err := a.Log().Append(ctx, e); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(a.Home.Session(a.Cluster)); err != nil {
		return fmt.Errorf("forget the lesson on cluster %s: %w", a.Cluster, err)
	}
	return nil
}
