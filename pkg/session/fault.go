package session

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// ErrNoFault says that the step asks for nothing to be done to the cluster from outside.
var ErrNoFault = errors.New("this step breaks nothing by itself")

// Strike does what the step's faults say, in order, and shows it. Learners ask for it when they are
// ready. Loads go on for a while: a practice shell that follows the lesson sends them, and Strike
// returns; where there is none, Strike itself sends them and returns when they are over, or ctx or the
// step ends.
func (s *Session) Strike(ctx context.Context, see func(Event)) error {
	var at *Position
	err := s.at(ctx, func(p *Position) error {
		at = p
		faults := lesson.All[*lesson.Fault](p.Step)
		if len(faults) == 0 {
			return ErrNoFault
		}
		if lasts(p.Step) && s.held("load") {
			return ErrLoaded
		}
		for _, f := range faults {
			e, err := s.strike(ctx, p, f)
			if err != nil {
				return err
			}
			see(e)
		}
		if len(p.crowds) > 0 && s.Followed() {
			p.crowds = nil
			e := s.event(p, Note)
			e.Text = "The requests are sent while you work; a line tells when that is over."
			see(e)
		}
		return s.write(p.start)
	})
	if err != nil || len(at.crowds) == 0 {
		return err
	}
	return s.stayAndSend(ctx, at, at.crowds, see)
}

// strike does one thing to the cluster from outside, and keeps when. A load is only made ready.
func (s *Session) strike(ctx context.Context, p *Position, f *lesson.Fault) (Event, error) {
	ns := s.Namespace(p.Lesson.ID)
	eyes, err := s.Observe(ns)
	if err != nil {
		return Event{}, err
	}
	now := eyes.Snapshot(ctx, whole())
	names, err := f.Resolve(now)
	if err != nil {
		return Event{}, fmt.Errorf("step %s: find what to strike: %w", p.Step.ID, err)
	}
	for _, name := range names {
		at := s.Now()
		if err := s.hit(ctx, p, f, name, now); err != nil {
			return Event{}, fmt.Errorf("step %s: %s %s: %w", p.Step.ID, f.Kind, name, err)
		}
		p.start.Faults = append(p.start.Faults, fault{
			At: at, Kind: string(f.Kind), Resource: faultResource(f), Name: name,
			Block: slices.Index(lesson.All[*lesson.Fault](p.Step), f),
		})
	}
	e := s.event(p, FaultDone)
	e.Text = f.Say
	return e, nil
}

func faultResource(f *lesson.Fault) string {
	switch f.Kind {
	case lesson.KillContainer:
		return "pods"
	case lesson.SendLoad:
		return f.Load.On.Resource
	}
	return "nodes"
}

func (s *Session) hit(ctx context.Context, p *Position, f *lesson.Fault, name string, now *snapshot.Snapshot) error {
	switch {
	case f.Kind == lesson.SendLoad && s.Web != nil:
		return p.ready(f, name, now)
	case f.Kind == lesson.KillContainer && s.Killer != nil:
		return s.Killer.KillContainer(ctx, s.Namespace(p.Lesson.ID), name, f.Container)
	case f.Kind == lesson.StopNode && s.Nodes != nil:
		return s.Nodes.StopNode(ctx, name, cluster.Silent{})
	case f.Kind == lesson.StartNode && s.Nodes != nil:
		return s.Nodes.StartNode(ctx, name, cluster.Silent{})
	case f.Kind == lesson.PressNode && s.Presser != nil:
		return s.Presser.PressNode(ctx, name, cluster.Left{Memory: f.LeftMemory, Disk: f.LeftDisk})
	}
	return errors.New("this cluster does not allow that")
}

// ready keeps a load for whoever sends it.
func (p *Position) ready(f *lesson.Fault, name string, now *snapshot.Snapshot) error {
	found, err := now.Select(f.Load.On)
	if err != nil {
		return err
	}
	for _, o := range found {
		if why := beyond(o, now); why != "" {
			return errors.New(why)
		}
	}
	p.crowds = append(p.crowds, crowd{f, name})
	return nil
}

// restoreNodes brings every node back: started, schedulable, and short of nothing.
func (s *Session) restoreNodes(ctx context.Context) error {
	if s.Presser != nil {
		if err := s.Presser.RelieveNodes(ctx); err != nil {
			return err
		}
	}
	if s.Nodes == nil {
		return s.Stage.RestoreNodes(ctx)
	}
	eyes, err := s.Observe("")
	if err != nil {
		return err
	}
	nodes, err := snapshot.ParseQuery("nodes")
	if err != nil {
		return err
	}
	now := eyes.Snapshot(ctx, []snapshot.Query{nodes})
	found, err := now.Select(nodes)
	if err != nil {
		return fmt.Errorf("look at the nodes: %w", err)
	}
	// A node that was stopped just now still looks as if it were ready.
	stopped, err := s.Nodes.StoppedNodes()
	if err != nil {
		return err
	}
	for _, n := range found {
		if condition(n, "Ready", "status") == "True" && !slices.Contains(stopped, n.GetName()) {
			continue
		}
		s.note("Starting node %s again.", n.GetName())
		if err := s.Nodes.StartNode(ctx, n.GetName(), cluster.Silent{}); err != nil {
			return err
		}
	}
	return s.Stage.RestoreNodes(ctx)
}
