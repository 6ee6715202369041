package session

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/gofrs/flock"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/load"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// ErrLoaded says that a step's load is under way already.
var ErrLoaded = errors.New("the load of this step is under way already: it ends by itself, and Ctrl-C stops it where it was begun")

// crowd is a load and the name of whom it goes to.
type crowd struct {
	fault *lesson.Fault
	name  string
}

func (c crowd) String() string { return strings.ToLower(c.fault.Load.On.Kind) + "/" + c.name }

// lasts says that the step has a load, which goes on after its strike.
func lasts(step *lesson.Step) bool {
	for _, f := range lesson.All[*lesson.Fault](step) {
		if f.Kind == lesson.SendLoad {
			return true
		}
	}
	return false
}

// Lasts says that what the step strikes with goes on for a while: it has a load.
func (p *Position) Lasts() bool { return lasts(p.Step) }

// send sends a load, tells of it each second and of its end. An end of ctx stops it, and is no error.
func (s *Session) send(ctx context.Context, p *Position, c crowd, see func(Event)) error {
	spec := c.fault.Load
	namespace := s.Namespace(p.Lesson.ID)
	ask := func(ctx context.Context) error {
		status, _, err := s.Web.Get(ctx, namespace, spec.On.Resource, c.name, spec.Port, spec.Path)
		if err == nil && status >= 400 {
			err = fmt.Errorf("HTTP status %d", status)
		}
		return err
	}
	tell := func(kind EventKind, t load.Tally, format string, args ...any) {
		e := s.event(p, kind)
		e.Load, e.Text = &t, fmt.Sprintf(format, args...)
		see(e)
	}
	t, err := load.Plan{Rate: spec.Rate, For: spec.For}.Run(ctx, ask, func(t load.Tally) {
		tell(LoadSent, t, "%d s of %d s: %s", t.Millis/1000, int(spec.For.Seconds()), t.Counts())
	})
	switch {
	case err != nil:
		return fmt.Errorf("send requests to %s: %w", c, err)
	case t.Stopped:
		took := (time.Duration(t.Millis) * time.Millisecond).Round(100 * time.Millisecond)
		tell(LoadOver, t, "The load on %s was stopped after %s: %s.", c, took, t)
	default:
		tell(LoadOver, t, "The load on %s is over: %s.", c, t)
	}
	return nil
}

// sendAll sends several loads at a time. One process at a time does so on a cluster.
func (s *Session) sendAll(ctx context.Context, p *Position, crowds []crowd, see func(Event)) error {
	lock := s.lockFile("load")
	if ok, err := lock.TryLock(); err != nil || !ok {
		return errors.Join(ErrLoaded, err)
	}
	defer lock.Close()
	var mu sync.Mutex
	one := func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		see(e)
	}
	errs := make([]error, len(crowds))
	var all sync.WaitGroup
	for i, c := range crowds {
		all.Go(func() { errs[i] = s.send(ctx, p, c, one) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// stayAndSend is sendAll for a process that nothing but this keeps: the loads end with the step.
func (s *Session) stayAndSend(ctx context.Context, p *Position, crowds []crowd, see func(Event)) error {
	changes, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch for the end of the step: %w", err)
	}
	defer changes.Close()
	if err := changes.Add(s.Dir); err != nil {
		return fmt.Errorf("watch for the end of the step: %w", err)
	}
	here, leave := context.WithCancel(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer leave()
	watching.Go(func() {
		for now := s.peek(); now != nil && same(p, now); now = s.peek() {
			if !s.stepChanges(here, changes) {
				return
			}
		}
		leave()
	})
	return errors.Join(s.sendAll(here, p, crowds, see), ctx.Err())
}

// sending is a load that a robot has under way.
type sending struct {
	stop func()
	over chan struct{}
	// events are set when over is closed, and so is err.
	events []Event
	err    error
}

// launch sends in the background what was struck with, until calm.
func (s *Session) launch(ctx context.Context, p *Position) {
	crowds := p.crowds
	p.crowds = nil
	if len(crowds) == 0 {
		return
	}
	ctx, stop := context.WithCancel(ctx)
	under := &sending{stop: stop, over: make(chan struct{})}
	p.under = append(p.under, under)
	go func() {
		defer close(under.over)
		var all []error
		for _, c := range crowds {
			all = append(all, s.send(ctx, p, c, func(e Event) {
				if e.Kind == LoadOver {
					under.events = append(under.events, e)
				}
			}))
		}
		under.err = errors.Join(all...)
	}()
}

// calm stops what is still being sent, and returns how each load ended. Called again it does nothing.
func (p *Position) calm() (ended []Event, err error) {
	for _, under := range p.under {
		under.stop()
		<-under.over
		ended, err = append(ended, under.events...), errors.Join(err, under.err)
	}
	p.under = nil
	return ended, err
}

// beyond says why a Service's requests would not all end at Pods of its own; empty where they do. A
// Service without a selector, or with slices that somebody wrote, may lead anywhere.
func beyond(service *unstructured.Unstructured, now *snapshot.Snapshot) string {
	if service.GetKind() != "Service" {
		return ""
	}
	if selector, _, _ := unstructured.NestedMap(service.Object, "spec", "selector"); len(selector) == 0 {
		return "it has no selector, so that its requests may go anywhere"
	}
	for _, o := range now.Objects {
		labels := o.GetLabels()
		if o.GetKind() == "EndpointSlice" && labels["kubernetes.io/service-name"] == service.GetName() &&
			labels["endpointslice.kubernetes.io/managed-by"] != "endpointslice-controller.k8s.io" {
			return "the EndpointSlice " + o.GetName() + " was not made by the cluster, so that its requests may go anywhere"
		}
	}
	return ""
}

// lockFile is a lock of this cluster's lesson by its name.
func (s *Session) lockFile(name string) *flock.Flock {
	return flock.New(filepath.Join(s.Dir, name), flock.SetPermissions(0o600))
}

// held says that a process holds a lock.
func (s *Session) held(name string) bool {
	lock := s.lockFile(name)
	free, err := lock.TryRLock() // shared: those who ask don't take each other for a holder
	_ = lock.Close()
	return err == nil && !free
}

// Followed says that a practice shell follows this cluster's lesson: it sends what a strike asks for.
func (s *Session) Followed() bool { return s.held("follow") }
