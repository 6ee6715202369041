package trace

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/observe"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// quiet is for how long nothing may change before a trace is over. Kubernetes' own parts answer each other within
// some tens of milliseconds, and kubelets wait up to a second for a probe.
const quiet = 1200 * time.Millisecond

// past tells what happened before now.
func (o *Options) past(ctx context.Context, s *cmd.Sight, targets []snapshot.Query) error {
	since := o.Now().Add(-o.Since)
	now := s.Observer().Snapshot(ctx, session.Everything())
	path, why, err := s.AuditLog(ctx)
	if err != nil {
		return err
	}
	tl := observe.Rebuild(nil, now, since)
	tl.NoAudit = why
	if path != "" {
		if tl, err = observe.ReadAudit(path, since, s.Namespace); err != nil {
			return err
		}
	}
	if len(targets) == 0 {
		if targets = explain.Written(tl, since, o.Now()); len(targets) == 0 {
			o.missing(now)
			return fmt.Errorf("nobody changed anything in namespace %s in the last %s, as far as is recorded", s.Namespace, o.Since)
		}
	}
	t, err := explain.Chain(explain.Asked{Targets: targets}, now, tl)
	if errors.Is(err, explain.ErrNoTarget) {
		if unread := unreadable(targets, now); unread != nil {
			return unread
		}
		return err
	}
	if err != nil {
		return err
	}
	o.missing(now)
	return o.tell(t)
}

// unreadable says that targets could not be read; nil where they could.
func unreadable(targets []snapshot.Query, now *snapshot.Snapshot) error {
	for _, q := range targets {
		if _, err := now.Select(q); err != nil {
			return err
		}
	}
	return nil
}

// missing says of what nothing is told, since it could not be read.
func (o *Options) missing(now *snapshot.Snapshot) {
	if kinds := slices.Sorted(maps.Keys(now.Errors)); len(kinds) > 0 {
		text := "What happened to these is not told, since they could not be read: " + strings.Join(kinds, ", ")
		_ = render.Paragraph(o.ErrOut, text, o.ErrStyle())
	}
}

// live runs the command, or waits for what somebody else does, and follows what comes of it.
func (o *Options) live(ctx context.Context, s *cmd.Sight, targets []snapshot.Query) error {
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	f, first, err := s.Follow(watching)
	if err != nil {
		return err
	}
	r := &run{Options: o, sight: s, following: f, targets: targets, last: first, live: o.Live()}
	defer r.live.Clear()
	code := 0
	if o.Command != nil {
		if code, err = r.kubectl(ctx); err != nil {
			return err
		}
		r.ended = o.Now()
	} else if targets != nil && !r.there(first) {
		if err := unreadable(targets, first); err != nil {
			return err
		}
		return fmt.Errorf("%s: %w in namespace %s", targets[0], explain.ErrNoTarget, s.Namespace)
	} else if !r.live.Style().Terminal {
		_, waits := r.settled()
		fmt.Fprintf(r.ErrOut, "  Waiting for %s, for %s at most.\n", waits, r.Timeout)
	}
	t, err := r.follow(ctx)
	switch {
	case err != nil:
		return err
	case t == nil:
		r.nothing(code)
	default:
		if err := o.tell(t); err != nil {
			return err
		}
	}
	if code != 0 {
		return &cmd.Exit{Code: code}
	}
	return nil
}

// run is a trace under way.
type run struct {
	*Options
	sight     *cmd.Sight
	following *cmd.Following
	targets   []snapshot.Query
	last      *snapshot.Snapshot
	live      *cmd.Live
	// ended is when the command ended; zero where none was run.
	ended time.Time
	// unread says that something could not be read, which was said.
	unread bool
}

// there says whether the snapshot has an object that the targets name.
func (r *run) there(now *snapshot.Snapshot) bool {
	for _, q := range r.targets {
		if found, err := now.Select(q); err == nil && len(found) > 0 {
			return true
		}
	}
	return false
}

// kubectl runs the command. What it prints goes where it is usual, but for data: then standard output is ours.
func (r *run) kubectl(ctx context.Context) (int, error) {
	out := r.Out
	if !r.Output.ForPeople() {
		out = r.ErrOut
	}
	args := r.Command
	if namespaceOf(args) == "" && r.sight.Namespace != "" {
		args = append([]string{"--namespace", r.sight.Namespace}, args...)
	}
	return r.RunKubectl(ctx, args, r.In, out, r.ErrOut)
}

// follow waits until all is as it should be and nothing changes any more, or until somebody has enough, and makes the
// trace. It is nil when nothing was written.
func (r *run) follow(ctx context.Context) (*explain.Trace, error) {
	limit := time.NewTimer(r.Timeout)
	defer limit.Stop()
	still := time.NewTimer(quiet)
	defer still.Stop()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	settled, waits := r.settled()
	for {
		select {
		case <-ctx.Done():
			return r.trace()
		case <-limit.C:
			return r.trace()
		case now, ok := <-r.following.News:
			if !ok {
				return r.trace()
			}
			r.last = now
			settled, waits = r.settled()
			if r.following.Moved() {
				still.Reset(quiet)
			}
		case <-tick.C:
			r.show(waits)
		case <-still.C:
			if settled {
				return r.trace()
			}
			still.Reset(quiet)
		}
	}
}

// settled says whether there is nothing more to wait for, else what.
func (r *run) settled() (bool, string) {
	tl := r.following.Watched(r.following.Since)
	targets := r.targets
	if len(targets) == 0 {
		targets = explain.Written(tl, r.following.Since, r.until())
	}
	if len(targets) == 0 {
		return !r.ended.IsZero(), "somebody to change something"
	}
	if r.ended.IsZero() && !r.begun(tl) {
		return false, "a change of " + targets[0].String()
	}
	return explain.Settled(targets, r.last, tl)
}

// begun says that something happened to the targets since the watch began.
func (r *run) begun(tl *snapshot.Timeline) bool {
	t, err := explain.Chain(explain.Asked{Targets: r.written(tl)}, r.last, tl)
	return err == nil && len(t.Rows) > 0
}

// until is the end of the while in which the learner acts.
func (r *run) until() time.Time {
	if r.ended.IsZero() {
		return r.Now()
	}
	return r.ended.Add(100 * time.Millisecond) // news of a write arrive after its answer
}

func (r *run) written(tl *snapshot.Timeline) []snapshot.Query {
	if len(r.targets) > 0 {
		return r.targets
	}
	return explain.Written(tl, r.following.Since, r.until())
}

func (r *run) show(waits string) {
	if waits == "" {
		waits = "nothing more to happen"
	}
	r.live.Wait(fmt.Sprintf("%.1f s, waiting for %s; Ctrl-C ends it", r.Now().Sub(r.following.Since).Seconds(), waits))
}

// trace tells what is known; nil when nothing was written.
func (r *run) trace() (*explain.Trace, error) {
	r.live.Clear()
	// What was begun is told even when the learner has enough.
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	now, tl, err := r.following.Told(ctx, r.following.Since)
	if err != nil {
		return nil, err
	}
	r.missing(now)
	r.unread = len(now.Errors) > 0
	asked := explain.Asked{Targets: r.written(tl)}
	if r.Command != nil {
		asked.From, asked.To = r.following.Since, r.until()
	}
	if len(asked.Targets) == 0 {
		return nil, nil
	}
	t, err := explain.Chain(asked, now, tl)
	if errors.Is(err, explain.ErrNoTarget) {
		return nil, nil
	}
	if err == nil && r.Command != nil {
		t.Command = "kubectl " + strings.Join(r.Command, " ")
	}
	return t, err
}

// nothing says that there is nothing to tell.
func (r *run) nothing(code int) {
	switch {
	case code != 0:
		r.said("kubectl ended with exit code %d and changed nothing in namespace %s: there is nothing to trace.", code, r.sight.Namespace)
	case r.unread: // which was said
		r.said("Of what may be read, nothing changed in namespace %s: there is nothing to trace.", r.sight.Namespace)
	case r.Command != nil:
		r.said("That changed nothing in namespace %s: there is nothing to trace.", r.sight.Namespace)
	default:
		r.said("Nobody changed anything in namespace %s meanwhile.", r.sight.Namespace)
	}
}

func (r *run) said(format string, args ...any) {
	_ = render.Paragraph(r.ErrOut, fmt.Sprintf(format, args...), r.ErrStyle())
}
