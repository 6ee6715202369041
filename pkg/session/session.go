// Package session walks one learner (a person, or the robot) through one lesson on one practice
// cluster: it builds what a step starts from, looks at the step's checks, gives hints, answers
// predictions, and clears the lesson away at the end. It says what a learner is to see as Events
// and shows nothing itself; package render and the commands do. What it needs of the cluster and
// of the record of progress it asks for through small interfaces.
//
// Whatever it does can be killed at any moment: what was begun is written down before it is begun,
// everything can be done twice, and the next command finishes it.
package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/progress"
)

// ErrNoLesson says that no lesson is under way on the cluster.
var ErrNoLesson = errors.New("no lesson is under way")

// Options is what a session works with. All is needed, but what says that it may be nil.
type Options struct {
	// Cluster is the name of the practice cluster; it keys the record of progress.
	Cluster      string
	Capabilities func() cluster.Capabilities
	Stage        Stage
	// Observe gives eyes on one namespace.
	Observe func(namespace string) (Observer, error)
	Kubectl Kubectl
	// Killer, Nodes, Presser and Web are nil where the cluster lacks the ability.
	Killer  cluster.ContainerKiller
	Nodes   cluster.NodeManager
	Presser cluster.NodePresser
	Web     Web
	// Metrics adds what serves figures where a lesson needs them; nil where that can't be done, or need not.
	Metrics cluster.MetricsInstaller
	Record  Record
	Lessons Lessons
	// Dir is the folder for what is under way on this cluster.
	Dir string
	// Kubeconfig is the learner's kubeconfig of the cluster.
	Kubeconfig string
	// Namespace is where a lesson lives; nil: in one that is called after the lesson alone.
	Namespace func(lessonID string) string
	// Credentials gives the path of the kubeconfig with which learners work in a namespace, or in
	// none (""), where that differs; nil: Kubeconfig.
	Credentials func(ctx context.Context, namespace string) (string, error)
	Now         func() time.Time
	// Tell hears of what takes a while: what is being built, what was found half done. May be nil.
	Tell func(Event)
}

// Session is the lesson under way on one cluster.
type Session struct{ Options }

// New returns a session; it does nothing yet.
func New(o Options) *Session {
	if o.Tell == nil {
		o.Tell = func(Event) {}
	}
	if o.Namespace == nil {
		o.Namespace = Namespace
	}
	if o.Credentials == nil {
		o.Credentials = func(context.Context, string) (string, error) { return o.Kubeconfig, nil }
	}
	return &Session{Options: o}
}

// Namespace is where a lesson lives on a cluster that is for lessons alone.
func Namespace(lessonID string) string { return "learn-" + lessonID }

// Position is where the learner stands, with what the step started from.
type Position struct {
	Lesson *lesson.Lesson
	Step   *lesson.Step
	// Index is the step's place in the lesson, from 0.
	Index int
	// Past is what the learner did at this step so far.
	Past progress.Position

	start *start
	// crowds are loads that were struck with, and that nobody sends yet; under are those that a robot
	// has under way.
	crowds []crowd
	under  []*sending
}

// Last says that no step comes after this one.
func (p *Position) Last() bool { return p.Index == len(p.Lesson.Steps)-1 }

// Struck says that what the step breaks was broken.
func (p *Position) Struck() bool { return len(p.start.Faults) > 0 }

// Shown says that the learner was shown the step to its end: nobody broke it off at a question.
func (p *Position) Shown() bool { return p.start.Shown }

func (s *Session) note(format string, args ...any) {
	s.Tell(Event{At: s.Now(), Kind: Note, Text: fmt.Sprintf(format, args...)})
}

// alone runs f while no other process changes this cluster's lesson.
func (s *Session) alone(ctx context.Context, f func() error) error {
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return fmt.Errorf("make session folder: %w", err)
	}
	if err := ctx.Err(); err != nil { // nobody is waited for
		return err
	}
	lock := flock.New(filepath.Join(s.Dir, "lock"), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return fmt.Errorf("wait for another learn command on cluster %s: %w", s.Cluster, err)
	}
	defer lock.Close()
	return f()
}

// at runs f with the position, mended if need be, while no other process changes it.
func (s *Session) at(ctx context.Context, f func(*Position) error) error {
	return s.alone(ctx, func() error {
		p, err := s.position(ctx)
		if err != nil {
			return err
		}
		return f(p)
	})
}

// Current is where the learner stands. What an earlier command left half done is finished first.
// The error is ErrNoLesson where no lesson is under way.
func (s *Session) Current(ctx context.Context) (*Position, error) {
	var found *Position
	err := s.at(ctx, func(p *Position) error { found = p; return nil })
	return found, err
}
