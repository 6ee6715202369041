package explain

import (
	"fmt"
	"sort"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// sayings are the events of a snapshot by what they are about, the newest first.
type sayings struct {
	about map[types.UID][]*corev1.Event
	now   time.Time
}

func eventsIn(now *snapshot.Snapshot) sayings {
	s := sayings{about: map[types.UID][]*corev1.Event{}, now: now.At}
	for _, o := range kindIn(now, "Event") {
		e := typed[corev1.Event](o)
		s.about[e.InvolvedObject.UID] = append(s.about[e.InvolvedObject.UID], e)
	}
	for _, list := range s.about {
		sort.SliceStable(list, func(i, j int) bool { return lastSeen(list[i]).After(lastSeen(list[j])) })
	}
	return s
}

// newest is the last event about an object with one of the reasons, or nil.
func (s sayings) newest(uid types.UID, fits func(*corev1.Event) bool) *corev1.Event {
	for _, e := range s.about[uid] {
		if fits(e) {
			return e
		}
	}
	return nil
}

func withReason(reasons ...string) func(*corev1.Event) bool {
	return func(e *corev1.Event) bool {
		for _, r := range reasons {
			if e.Reason == r {
				return true
			}
		}
		return false
	}
}

// lastSeen is when an event was last reported; events have several fields for it, by their age.
func lastSeen(e *corev1.Event) time.Time {
	switch {
	case e.Series != nil && !e.Series.LastObservedTime.IsZero():
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	}
	return e.CreationTimestamp.Time
}

// quote writes an event as evidence: its text, how often, how long ago.
func (s sayings) quote(e *corev1.Event) string { return s.quoteOf(e, 200) }

// quoteOf is quote with so many letters of the text.
func (s sayings) quoteOf(e *corev1.Event, most int) string {
	count := int(e.Count)
	if e.Series != nil {
		count = int(e.Series.Count)
	}
	age := "last " + ago(s.now.Sub(lastSeen(e)))
	if count > 1 {
		age = fmt.Sprintf("%d times, %s", count, age)
	}
	return fmt.Sprintf("event  %s: %s (%s)", e.Reason, short(snapshot.PlainError(e.Message), most), age)
}

// ago writes for how long something lies back, as kubectl does.
func ago(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	return age(d) + " ago"
}

func age(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 3*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
