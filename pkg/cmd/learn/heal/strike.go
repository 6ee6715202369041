package heal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// strike does it, and notes when. What the API keeps no record of is added to what is told.
func (r *runner) strike(ctx context.Context, s *explain.Struck) error {
	s.At = r.Now()
	switch s.Kill {
	case explain.KillContainer:
		killer, _ := r.sight.Handle.(cluster.ContainerKiller)
		if err := killer.KillContainer(ctx, s.Namespace, s.Pod, s.Container); err != nil {
			return fmt.Errorf("kill container %s of Pod %s: %w", s.Container, s.Pod, err)
		}
		r.following.Note(explain.Fault(s.At, "kill-container", "pods", s.Namespace, s.Pod))
	case explain.KillNode:
		nodes, _ := r.sight.Handle.(cluster.NodeManager)
		r.stopped = s.Node
		if err := nodes.StopNode(ctx, s.Node, cluster.Silent{}); err != nil {
			return fmt.Errorf("stop node %s: %w", s.Node, err)
		}
		r.following.Note(explain.Fault(s.At, "stop-node", "nodes", "", s.Node))
	default:
		pods := r.sight.Client.Dynamic().Resource(corev1.SchemeGroupVersion.WithResource("pods")).Namespace(s.Namespace)
		if err := pods.Delete(ctx, s.Pod, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(s.UID))}); err != nil {
			if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
				return fmt.Errorf("kill Pod %s: it is gone already; nothing was killed", s.Pod)
			}
			return fmt.Errorf("delete Pod %s: %w. Nothing was killed", s.Pod, err)
		}
	}
	return nil
}

// restore starts a node again that was stopped, come what may, and waits until the cluster has it back.
func (r *runner) restore(ctx context.Context) error {
	if r.stopped == "" {
		return nil
	}
	name := r.stopped
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Minute)
	defer cancel()
	r.live.Clear()
	done := r.Progress("").Stage("node " + name + " again")
	nodes, _ := r.sight.Handle.(cluster.NodeManager)
	err := nodes.StartNode(ctx, name, cluster.Silent{})
	if err == nil {
		err = r.nodeReady(ctx, name)
	}
	done(err)
	if err != nil {
		return fmt.Errorf("start node %s again: %w; try %s cluster node start %s", name, err, r.Prefix(), name)
	}
	r.stopped = ""
	return nil
}

// nodeReady waits until a node is Ready and nothing drives Pods away from it.
func (r *runner) nodeReady(ctx context.Context, name string) error {
	return r.sight.Client.WaitFor(ctx, corev1.SchemeGroupVersion.WithResource("nodes"), "", name, explain.NodeUsable)
}

// question says what is about to be killed, and what that means.
func (r *runner) question(s explain.Struck, now *snapshot.Snapshot) (ask, more string) {
	owner := " of " + r.target.String()
	switch {
	case s.Owner == "":
		owner = ", which nobody owns,"
	case r.target.Kind == "Pod":
		owner = " of " + strings.Replace(s.Owner, "/", " ", 1)
	}
	switch s.Kill {
	case explain.KillContainer:
		return fmt.Sprintf("Kill container %s in Pod %s on %s?", s.Container, s.Pod, s.Node),
			"Its process gets SIGKILL from outside; nothing in the API records it."
	case explain.KillNode:
		wait := ""
		if n := explain.TolerationSeconds(s, now); n >= 0 {
			wait = fmt.Sprintf(" Once it is missed, its Pods wait %d s for it to come back.", n)
		}
		on := "is Pod " + s.Pod + strings.TrimSuffix(owner, ",")
		if n := len(s.Pods); n > 1 {
			on = fmt.Sprintf("are %d Pods of %s", n, r.target)
		}
		return fmt.Sprintf("Stop node %s, on which %s?", s.Node, on),
			"As if its power failed: everything on it stops, Pods of others too." + wait + " A cluster misses a node after 50 s, where nothing else is set. It is started again at the end."
	}
	more = "It is deleted as by kubectl delete"
	if n := explain.GraceSeconds(s, now); n > 0 {
		more += fmt.Sprintf(": its containers are asked to end, and have up to %d s", n)
	}
	more += "."
	if s.Owner == "" {
		more += " Nobody owns it: it will be gone for good."
	}
	return fmt.Sprintf("Kill Pod %s%s on %s?", s.Pod, owner, s.Node), more
}

// agreed asks, unless that was answered before.
func (r *runner) agreed(ctx context.Context, s explain.Struck, now *snapshot.Snapshot) error {
	ask, more := r.question(s, now)
	style := r.ErrStyle()
	if r.Yes {
		return render.Paragraph(r.ErrOut, strings.TrimSuffix(ask, "?")+". "+more, style)
	}
	if err := render.Paragraph(r.ErrOut, more, style); err != nil {
		return err
	}
	fmt.Fprintf(r.ErrOut, "  %s [y/N] ", style.Bold(style.Plain(ask)))
	line, ok, err := r.Asker().Line(ctx)
	if err != nil {
		return err
	}
	if !ok || !strings.EqualFold(line, "y") && !strings.EqualFold(line, "yes") {
		return errors.New("nothing was killed")
	}
	r.Yes = true
	return nil
}
