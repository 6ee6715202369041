package observe

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

const (
	// firstRetry and lastRetry bound the pause before a connection that broke is made again. A
	// learner waits, and the server is on the same machine or near: the pauses are short.
	firstRetry = 100 * time.Millisecond
	lastRetry  = 2 * time.Second
)

// follow lists and watches one query until ctx ends.
func (o *Observer) follow(ctx context.Context, q snapshot.Query, s *slot) {
	pause := time.Duration(0)
	version := ""
	for ctx.Err() == nil {
		news, err := o.once(ctx, q, s, &version)
		switch {
		case ctx.Err() != nil:
			return
		case apierrors.IsResourceExpired(err), apierrors.IsGone(err):
			version = ""
		case err != nil:
			s.fail(err)
		case !news:
			version = "" // a client takes some broken connections for an empty watch; a list tells
		}
		if news { // the server ends each watch after a while; that is no fault
			pause = 0
			continue
		}
		pause = min(max(firstRetry, pause*2), lastRetry)
		if !wait(ctx, pause) {
			return
		}
	}
}

// wait pauses; it is false when ctx ended first.
func wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// once watches until the connection ends, and says whether that brought anything. Version is where
// the next watch goes on; with none it lists first.
func (o *Observer) once(ctx context.Context, q snapshot.Query, s *slot, version *string) (news bool, err error) {
	if *version == "" {
		list, err := o.list(ctx, q)
		if err != nil {
			return false, err
		}
		s.replace(list.Items)
		*version = list.GetResourceVersion()
		news = true
	}
	l := options(q)
	l.ResourceVersion, l.AllowWatchBookmarks = *version, true
	w, err := o.resource(q).Watch(ctx, l)
	if err != nil {
		return false, err
	}
	defer w.Stop()
	s.recovered()
	for e := range w.ResultChan() {
		if err := take(e, s, version); err != nil {
			return false, err
		}
		news = true
	}
	return news, nil
}

// take handles one event of a watch.
func take(e watch.Event, s *slot, version *string) error {
	if e.Type == watch.Error {
		return apierrors.FromObject(e.Object)
	}
	object, ok := e.Object.(*unstructured.Unstructured)
	if !ok {
		return fmt.Errorf("read watch: %T is no object", e.Object)
	}
	*version = object.GetResourceVersion()
	switch e.Type {
	case watch.Added:
		s.change(snapshot.Added, object)
	case watch.Modified:
		s.change(snapshot.Modified, object)
	case watch.Deleted:
		s.change(snapshot.Deleted, object)
	}
	return nil
}
