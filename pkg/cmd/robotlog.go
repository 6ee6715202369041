package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/kubectl-learn/kubectl-learn/pkg/progress"
)

// newRobotLog is a record of the robot's own: what it does is no progress of the learner's.
func newRobotLog(dir string, now func() time.Time) *progress.Log {
	return progress.NewLog(filepath.Join(dir, "progress.jsonl"), now)
}

func (a *App) robotLock() *flock.Flock {
	return flock.New(filepath.Join(a.Home.Session(a.Cluster), "robot.lock"), flock.SetPermissions(0o600))
}

// TakeForRobot makes sure that nobody else is on the cluster while the robot is. A learner whose
// lesson is under way would lose it.
func (a *App) TakeForRobot() (release func(), err error) {
	state, err := a.Log().State()
	if err != nil {
		return nil, err
	}
	if at := state.Current[a.Cluster]; at != nil {
		return nil, fmt.Errorf("lesson %s is under way on cluster %s. Leave it with %s quit, or give the robot a cluster of its own: --name robot",
			at.Lesson, a.Cluster, a.Prefix())
	}
	if err := os.MkdirAll(a.Home.Session(a.Cluster), 0o700); err != nil {
		return nil, fmt.Errorf("make session folder: %w", err)
	}
	lock := a.robotLock()
	if ok, err := lock.TryLock(); !ok || err != nil {
		return nil, errors.Join(a.playing(), err)
	}
	return func() { _ = lock.Close() }, nil
}

func (a *App) playing() error { return fmt.Errorf("a robot is playing on cluster %s", a.Cluster) }

// RefuseWhileRobotPlays is an error while the robot has the cluster.
func (a *App) RefuseWhileRobotPlays() error {
	lock := a.robotLock()
	if _, err := os.Stat(lock.Path()); err != nil {
		return nil
	}
	defer lock.Close()
	if ok, err := lock.TryRLock(); err == nil && !ok {
		return a.playing()
	}
	return nil
}
