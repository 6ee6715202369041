package cmd

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
)

// guestStage is a session.Stage on a cluster that belongs to somebody else: a lesson has one
// namespace, and what lies beyond it is neither changed nor counted.
type guestStage struct {
	stage
	guest    cluster.Guest
	progress cluster.Progress
}

var _ session.Stage = (*guestStage)(nil)

// MakeNamespace implements session.Stage; the cluster knows what the lesson's namespace is called.
func (s *guestStage) MakeNamespace(ctx context.Context, _, lesson string) error {
	return s.guest.MakeNamespace(ctx, lesson, s.progress)
}

// Apply implements session.Stage.
func (s *guestStage) Apply(ctx context.Context, namespace, lesson string, objects []*unstructured.Unstructured) error {
	if err := s.guest.MayApply(ctx, namespace, objects); err != nil {
		return err
	}
	return s.stage.Apply(ctx, namespace, lesson, objects)
}

// Clear implements session.Stage.
func (s *guestStage) Clear(ctx context.Context, namespace string) error {
	return s.guest.ClearNamespace(ctx, namespace)
}

// DeleteNamespace implements session.Stage.
func (s *guestStage) DeleteNamespace(ctx context.Context, namespace string) error {
	return s.guest.DeleteNamespace(ctx, namespace)
}

// LessonNamespaces implements session.Stage.
func (s *guestStage) LessonNamespaces(ctx context.Context) ([]string, error) {
	return s.guest.Namespaces(ctx)
}

// RestoreNodes implements session.Stage: no lesson may have changed them.
func (s *guestStage) RestoreNodes(context.Context) error { return nil }

// Inventory implements session.Stage. What else lives in no namespace comes and goes with others.
func (s *guestStage) Inventory(ctx context.Context) ([]session.Item, error) {
	names, err := s.guest.Namespaces(ctx)
	items := make([]session.Item, len(names))
	for i, name := range names {
		items[i].Name = "namespace/" + name
	}
	return items, err
}

// Adopter is the provider that takes in clusters which are there already.
func (a *App) Adopter() (cluster.Adopter, error) {
	for _, p := range a.Providers {
		if adopter, ok := p.(cluster.Adopter); ok {
			return adopter, nil
		}
	}
	return nil, errors.New("this program was built without a provider that adopts clusters")
}

// NotOurs is the error of what is not to be done to a cluster that belongs to somebody else; nil for
// one that we made.
func (a *App) NotOurs(h cluster.Handle, what string) error {
	g, ok := h.(cluster.Guest)
	if !ok {
		return nil
	}
	return fmt.Errorf("cluster %s is yours (%s): to %s is not for "+plugin.Command, a.Cluster, g.Origin(), what)
}

// NeedsLesson is the error of working on a cluster that belongs to somebody else while no lesson is
// under way there: outside of a lesson's namespace kubectl learn has no business.
func (a *App) NeedsLesson(h cluster.Handle, s *session.Session) error {
	g, ok := h.(cluster.Guest)
	if !ok || s.UnderWay() {
		return nil
	}
	return fmt.Errorf("no lesson is under way on cluster %s, which is yours (%s). Begin one: %s start. For all else use your own kubectl there",
		a.Cluster, g.Origin(), a.Prefix())
}
