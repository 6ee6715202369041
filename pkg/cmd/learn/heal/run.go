package heal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/load"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// still is how long nothing may change after it is whole, before the story is told: the last to count the Pods do
// so within some tens of milliseconds, or half a second where the machine has much to do.
const still = time.Second

// runner kills once, or several times.
type runner struct {
	*Options
	sight     *cmd.Sight
	target    snapshot.Query
	live      *cmd.Live
	following *cmd.Following
	last      *snapshot.Snapshot
	// stopped is the node that is to be started again.
	stopped string
	// told is the last that was said where lines can't be replaced.
	told string
}

// Run is what became of one kill, as data.
type Run struct {
	Struck   explain.Struck   `json:"struck"`
	Healing  *explain.Healing `json:"healing"`
	Service  string           `json:"service,omitempty"`
	Requests *load.Tally      `json:"requests,omitempty"`
}

func (r Run) brokenOff() bool { return r.Healing.BrokenOffMS > 0 }

// Result is what became of all of them, as data.
type Result struct {
	Target string           `json:"target"`
	Kill   string           `json:"kill"`
	Runs   []Run            `json:"runs"`
	Stats  *Stats           `json:"stats,omitempty"`
	Tuning []explain.Tuning `json:"tuning,omitempty"`
}

// Stats are of the runs that healed.
type Stats struct {
	Healed   int   `json:"healed"`
	MinMS    int64 `json:"minMS"`
	MedianMS int64 `json:"medianMS"`
	MaxMS    int64 `json:"maxMS"`
	// First are those who acted first, each once, and FirstMedianMS is the median of when.
	First         []string `json:"first,omitempty"`
	FirstMedianMS int64    `json:"firstMedianMS,omitempty"`
}

// all runs as many times as was asked for, and tells.
func (r *runner) all(ctx context.Context) (err error) {
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer r.live.Clear()
	if r.following, r.last, err = r.sight.Follow(watching); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.restore(ctx)) }()
	result := Result{Target: r.target.String(), Kill: r.Kill}
	for n := range r.Times {
		run, err := r.once(ctx, n)
		if err != nil && ctx.Err() != nil && n > 0 {
			break // what the runs before came to is told
		}
		if err != nil {
			return err
		}
		result.Runs = append(result.Runs, run)
		r.target = run.Struck.Keeper(r.target) // a Pod that was killed is not there to be killed again
		if r.Times > 1 && r.Output.ForPeople() {
			fmt.Fprintf(r.ErrOut, "  run %d of %d: %s\n", n+1, r.Times, outcome(run))
		}
		if !run.Healing.Healed || ctx.Err() != nil {
			break
		}
	}
	silence := int64(0)
	lastRun := result.Runs[len(result.Runs)-1]
	if lastRun.Healing.First == "node controller" {
		silence = lastRun.Healing.FirstMS
	}
	if lastRun.Healing.Healed { // else nothing was measured that could be faster
		result.Tuning = explain.Tune(lastRun.Struck, r.last, silence)
	}
	result.Stats = stats(result.Runs)
	if err := r.tell(result); err != nil {
		return err
	}
	if !lastRun.Healing.Healed {
		return cmd.NotMet()
	}
	return nil
}

// once waits until the target is whole, kills, and follows until it is whole again.
func (r *runner) once(ctx context.Context, n int) (Run, error) {
	if err := r.restore(ctx); err != nil {
		return Run{}, err
	}
	if err := r.waitWhole(ctx); err != nil {
		return Run{}, err
	}
	struck, err := explain.Victim(r.target, explain.Kill(r.Kill), r.Container, r.last)
	if err != nil {
		return Run{}, err
	}
	if n == 0 {
		if err := r.agreed(ctx, struck, r.last); err != nil {
			return Run{}, err
		}
	}
	crowd := r.newCrowd(ctx, struck)
	crowd.begin(ctx)
	defer crowd.stop()
	if err := r.strike(ctx, &struck); err != nil {
		return Run{}, err
	}
	tally, err := r.follow(ctx, struck, crowd)
	took := r.Now().Sub(struck.At).Milliseconds()
	r.live.Clear()
	if err != nil {
		return Run{}, err
	}
	now, tl, err := r.following.Told(context.WithoutCancel(ctx), struck.At)
	if err != nil {
		return Run{}, err
	}
	r.last = now
	h, err := explain.Heal(r.target, struck, now, tl)
	if err != nil {
		return Run{}, err
	}
	if ctx.Err() != nil {
		h.BreakOff(took)
	}
	return Run{Struck: struck, Healing: h, Service: crowd.service, Requests: tally}, nil
}

// news takes what came meanwhile, without waiting.
func (r *runner) news() {
	for {
		select {
		case now, ok := <-r.following.News:
			if !ok {
				return
			}
			r.last = now
		default:
			return
		}
	}
}

// waitWhole waits until as many Pods are ready as are wanted: what is not whole can't be seen to heal.
func (r *runner) waitWhole(ctx context.Context) error {
	r.news()
	patience := time.Minute
	if r.Timeout > 0 {
		patience = r.Timeout
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		whole, waits := explain.Whole(r.target, "", r.last)
		if whole {
			return nil
		}
		if found, err := r.last.Select(r.target); err == nil && len(found) == 0 {
			return fmt.Errorf("%s: %w in namespace %s. Nothing was killed", r.target, explain.ErrNoTarget, r.sight.Namespace)
		}
		if unread := r.unread(r.target, r.last); unread != "" {
			waits = "what could not be read: " + unread
		}
		r.live.Wait("waiting for " + waits + " before anything is killed")
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.C:
			return fmt.Errorf("%s is not whole, so that nothing can be seen to heal: still waiting for %s. Nothing was killed", r.target, waits)
		case now, ok := <-r.following.News:
			if !ok {
				return ctx.Err()
			}
			r.last = now
			r.live.Clear()
		}
	}
}

// limit is how long it may take to heal.
func (r *runner) limit(s explain.Struck) time.Duration {
	switch {
	case r.Timeout > 0:
		return r.Timeout
	case s.Kill == explain.KillNode:
		return 3*time.Minute + time.Duration(max(explain.TolerationSeconds(s, r.last), 0))*time.Second
	}
	return time.Minute
}

// follow draws what happens until it is whole again for a while, or will never be.
func (r *runner) follow(ctx context.Context, s explain.Struck, crowd *crowd) (*load.Tally, error) {
	limit := time.NewTimer(r.limit(s))
	defer limit.Stop()
	quiet := time.NewTimer(still)
	defer quiet.Stop()
	tick := time.NewTicker(150 * time.Millisecond)
	defer tick.Stop()
	over := false
	story := r.story(s)
	keeper := s.Keeper(r.target)
	for {
		select {
		case <-ctx.Done():
			return crowd.end()
		case <-limit.C:
			return crowd.end()
		case now, ok := <-r.following.News:
			if !ok {
				return crowd.end()
			}
			r.last = now
			whole, _ := explain.Whole(keeper, r.stopped, now)
			was := over
			over = explain.Felt(s, now) && whole || explain.Hopeless(s, now)
			if over && !was {
				crowd.stop()
			}
			if r.following.Moved() {
				quiet.Reset(still)
			}
			story = r.story(s)
			r.draw(s, story, crowd)
		case <-tick.C:
			r.draw(s, story, crowd)
		case <-quiet.C:
			if over {
				return crowd.end()
			}
			quiet.Reset(still)
		}
	}
}

// story is what happened so far, as far as watches brought it; nil when that is nothing.
func (r *runner) story(s explain.Struck) *explain.Story {
	h, err := explain.Heal(r.target, s, r.last, r.following.Watched(s.At))
	if err != nil {
		return nil
	}
	return h.Story
}

// draw shows how far it is: on a terminal in place, elsewhere a line for each change.
func (r *runner) draw(s explain.Struck, story *explain.Story, crowd *crowd) {
	if story == nil {
		return
	}
	ms := r.Now().Sub(s.At).Milliseconds()
	if r.live.Style().Terminal {
		r.live.Show(render.Underway(story, ms, crowd.counts(), r.live.Style()))
		return
	}
	series := story.Series
	if len(series.Wanted) == 0 || !r.Output.ForPeople() {
		return
	}
	now := fmt.Sprintf("%d of %d Pods ready", series.Ready[len(series.Ready)-1].N, series.Wanted[len(series.Wanted)-1].N)
	if now != r.told {
		r.told = now
		fmt.Fprintf(r.ErrOut, "  %s  %s\n", explain.Span(ms), now)
	}
}

// stats are of the runs that healed; nil where there is but one run.
func stats(runs []Run) *Stats {
	var all []int64
	for _, r := range runs {
		if r.Healing.Healed {
			all = append(all, r.Healing.HealedMS)
		}
	}
	if len(runs) < 2 || len(all) == 0 {
		return nil
	}
	s := &Stats{Healed: len(all), MinMS: slices.Min(all), MedianMS: median(all), MaxMS: slices.Max(all)}
	var first []int64
	for _, r := range runs {
		if r.Healing.First == "" {
			continue
		}
		first = append(first, r.Healing.FirstMS)
		if !slices.Contains(s.First, r.Healing.First) {
			s.First = append(s.First, r.Healing.First)
		}
	}
	if len(first) > 0 {
		s.FirstMedianMS = median(first)
	}
	return s
}

func median(all []int64) int64 {
	all = slices.Sorted(slices.Values(all))
	if n := len(all); n%2 == 0 {
		return (all[n/2-1] + all[n/2]) / 2
	}
	return all[len(all)/2]
}

// noticed says who acted first in several runs.
func (s *Stats) noticed() string {
	if len(s.First) == 0 {
		return ""
	}
	return fmt.Sprintf("by the %s, after %s (median)", strings.Join(s.First, " or the "), explain.Span(s.FirstMedianMS))
}

func outcome(run Run) string {
	text := "not healed"
	switch {
	case run.Healing.Healed:
		text = "healed in " + explain.Span(run.Healing.HealedMS)
	case run.brokenOff():
		text = "broken off after " + explain.Span(run.Healing.BrokenOffMS)
	}
	if run.Requests != nil {
		text += fmt.Sprintf(", %d requests, %d lost", run.Requests.Sent, run.Requests.Lost)
	}
	return text
}

// tell prints what became of it.
func (r *runner) tell(result Result) error {
	r.live.Clear()
	if !r.Output.ForPeople() {
		return r.Output.Print(r.Out, result, result.Target)
	}
	style := r.Style()
	fmt.Fprintln(r.Out)
	lastRun := result.Runs[len(result.Runs)-1]
	if len(result.Runs) == 1 || !lastRun.Healing.Healed {
		if err := render.Healing(r.Out, lastRun.Healing, lastRun.Requests, lastRun.Service, r.Evidence, style); err != nil {
			return err
		}
	}
	if result.Stats != nil {
		var runs []render.Run
		healer := ""
		for _, run := range result.Runs {
			if run.Healing.Healed {
				healer = run.Healing.Healer
			}
			note := ""
			if run.Requests != nil {
				note = fmt.Sprintf("%d requests, %d lost", run.Requests.Sent, run.Requests.Lost)
			}
			runs = append(runs, render.Run{MS: run.Healing.HealedMS, Healed: run.Healing.Healed, Note: note})
		}
		if err := render.Runs(r.Out, runs, result.Stats.MinMS, result.Stats.MedianMS, result.Stats.MaxMS, result.Stats.noticed(), healer, style); err != nil {
			return err
		}
	}
	return render.Tunings(r.Out, result.Tuning, r.Evidence, style)
}
