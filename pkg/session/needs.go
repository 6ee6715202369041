package session

import (
	"context"
	"io"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/progress"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Stage is where lessons are built and cleared away. Every method may be called again after it was
// broken off, and does what is left to do.
type Stage interface {
	// MakeNamespace makes a lesson's namespace, labelled with the lesson, and waits until Pods can
	// be made in it.
	MakeNamespace(ctx context.Context, namespace, lesson string) error
	// Apply writes objects of a lesson; those of a namespaced kind go into namespace.
	Apply(ctx context.Context, namespace, lesson string, objects []*unstructured.Unstructured) error
	// Clear deletes what a namespace holds and waits until it is gone.
	Clear(ctx context.Context, namespace string) error
	// DeleteNamespace deletes a lesson's namespace and waits until it is gone; none is no error.
	DeleteNamespace(ctx context.Context, namespace string) error
	// Delete removes objects that Apply wrote, those that are not there anymore excepted.
	Delete(ctx context.Context, namespace string, objects []*unstructured.Unstructured) error
	// LessonNamespaces names the namespaces that lessons were given.
	LessonNamespaces(ctx context.Context) ([]string, error)
	// RestoreNodes lets every node be scheduled to again (uncordons it).
	RestoreNodes(ctx context.Context) error
	// Inventory names the objects that live in no namespace, each as kind/name, and the namespaces.
	Inventory(ctx context.Context) ([]Item, error)
}

// Item is an object of an inventory.
type Item struct {
	Name string
	// Going says that somebody asked for its deletion already.
	Going bool
}

// Observer sees one namespace.
type Observer interface {
	// Snapshot looks once. What can't be read is in Snapshot.Errors.
	Snapshot(ctx context.Context, queries []snapshot.Query) *snapshot.Snapshot
	// Watch gives a Snapshot now and another after each change, until ctx ends.
	Watch(ctx context.Context, queries []snapshot.Query) (<-chan *snapshot.Snapshot, error)
	// Timeline is what changed since a moment; before is what was there then.
	Timeline(ctx context.Context, since time.Time, before *snapshot.Snapshot) (*snapshot.Timeline, error)
}

// Kubectl runs one kubectl command as the learner would: args without the leading "kubectl", in a
// namespace. Both of its outputs go to out. The error is for a command that could not be run.
type Kubectl interface {
	Run(ctx context.Context, namespace string, args []string, out io.Writer) (code int, err error)
}

// Web asks Services and Pods over HTTP, from within the cluster.
type Web interface {
	// Get asks target (services or pods, with its name) once. The error is a *load.Barred where it may
	// not be asked.
	Get(ctx context.Context, namespace, resource, name string, port int, path string) (status int, body string, err error)
}

// Record is the record of what was done.
type Record interface {
	Append(ctx context.Context, events ...progress.Event) error
	State() (progress.State, error)
}

// Lessons finds lessons by their ID.
type Lessons interface {
	Lesson(id string) (*lesson.Lesson, error)
}
