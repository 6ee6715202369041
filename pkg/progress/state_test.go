package progress

import (
	"testing"
	"time"
)

// story makes events a second apart, all of one lesson on one cluster.
func story(events ...Event) []Event {
	t0 := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range events {
		events[i].Time = t0.Add(time.Duration(i) * time.Second)
		if events[i].Cluster == "" {
			events[i].Cluster = "learn"
		}
		if events[i].Lesson == "" {
			events[i].Lesson = "heal"
		}
	}
	return events
}

func TestFoldFollowsALearner(t *testing.T) {
	events := story(
		Event{Kind: Started, Step: "a"},
		Event{Kind: Predicted, Step: "a", Detail: Detail{Question: 0, Choice: 2}},
		Event{Kind: Attempt, Step: "a", Detail: Detail{Unmet: "x"}},
		Event{Kind: Hint, Step: "a", Detail: Detail{Rung: 0}},
		Event{Kind: Attempt, Step: "a"},
		Event{Kind: Passed, Step: "a"},
		Event{Kind: Started, Step: "b"},
	)
	mid := Fold(events[:4]).Current["learn"]
	if mid.Tries != 1 || mid.Hints != 1 || mid.TriedSinceHint || mid.Predictions[0].Choice != 2 || mid.LastUnmet != "x" {
		t.Errorf("in the middle: %+v", mid)
	}
	if p := Fold(events[:6]).Current["learn"]; !p.Passed || !p.TriedSinceHint {
		t.Errorf("after passing: %+v", p)
	}
	s := Fold(events)
	if p := s.Current["learn"]; p.Step != "b" || p.Passed || p.Hints != 0 {
		t.Errorf("at b: %+v", p)
	}
	a := s.Lessons["heal"].Steps["a"]
	if !a.Done() || a.Tries != 3 || a.Hints != 1 {
		t.Errorf("step a: %+v", a)
	}
	if s.Lessons["heal"].Steps["b"].Done() {
		t.Error("b is done too early")
	}
}

func TestFoldEnds(t *testing.T) {
	s := Fold(story(Event{Kind: Started, Step: "a"}, Event{Kind: Skipped, Step: "a"}, Event{Kind: Finished}))
	if s.Current["learn"] != nil || s.Lessons["heal"].Finished.IsZero() || !s.Lessons["heal"].Steps["a"].Done() {
		t.Errorf("finished: %+v", s)
	}
	s = Fold(story(Event{Kind: Started, Step: "a"}, Event{Kind: Quit}))
	if s.Current["learn"] != nil || !s.Lessons["heal"].Finished.IsZero() {
		t.Errorf("quit: %+v", s)
	}
}

func TestFoldKeepsHintsOverAReset(t *testing.T) {
	s := Fold(story(
		Event{Kind: Started, Step: "a"}, Event{Kind: Hint, Step: "a"}, Event{Kind: Passed, Step: "a"},
		Event{Kind: Reset, Step: "a"}, Event{Kind: Started, Step: "a"},
	))
	if p := s.Current["learn"]; p.Hints != 1 || p.Passed {
		t.Errorf("after a reset: %+v", p)
	}
}

func TestFoldIgnoresWhatMakesNoSense(t *testing.T) {
	s := Fold(story(
		Event{Kind: Passed, Step: "never"}, Event{Kind: Quit, Lesson: "other"},
		Event{Kind: Started, Step: "a"}, Event{Kind: "from the future", Step: "a"},
		Event{Kind: Passed, Step: "b"}, Event{Kind: Quit, Lesson: "other"},
		Event{Kind: Passed, Step: "a", Cluster: "second"},
	))
	if p := s.Current["learn"]; p == nil || p.Passed || p.Step != "a" {
		t.Errorf("position: %+v", p)
	}
	if len(s.Lessons) != 1 || s.Current["second"] != nil {
		t.Errorf("state: %+v", s)
	}
}
