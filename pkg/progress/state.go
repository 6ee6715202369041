package progress

import "time"

// State is what follows from a record.
type State struct {
	// Lessons holds what was ever done, by lesson ID.
	Lessons map[string]*Lesson `json:"lessons"`
	// Current holds the lesson under way, by cluster.
	Current map[string]*Position `json:"current"`
}

// Lesson is what was done of one lesson, on whichever cluster.
type Lesson struct {
	Begun time.Time `json:"begun"`
	// Finished is when it was last finished; zero when it never was.
	Finished time.Time        `json:"finished,omitzero"`
	Steps    map[string]*Step `json:"steps"`
}

// Step is what was done of one step, on whichever cluster.
type Step struct {
	Begun   time.Time `json:"begun"`
	Passed  time.Time `json:"passed,omitzero"`
	Skipped time.Time `json:"skipped,omitzero"`
	// Tries is how often its checks were looked at until they were met the first time.
	Tries int `json:"tries"`
	Hints int `json:"hints,omitempty"`
}

// Done says whether the step lies behind the learner.
func (s *Step) Done() bool { return s != nil && (!s.Passed.IsZero() || !s.Skipped.IsZero()) }

// Position is where a learner stands in the lesson under way.
type Position struct {
	Lesson string `json:"lesson"`
	Step   string `json:"step"`
	// From is the pack that the lesson comes from; empty for one that is built in.
	From string `json:"from,omitempty"`
	// Since is when the step's start stood, the last time.
	Since  time.Time `json:"since"`
	Passed bool      `json:"passed"`
	Tries  int       `json:"tries"`
	// Hints is how many hints of the ladder were given.
	Hints int `json:"hints"`
	// TriedSinceHint says that there was an attempt after the last hint.
	TriedSinceHint bool `json:"triedSinceHint"`
	// LastUnmet is what the last attempt stopped at.
	LastUnmet string `json:"lastUnmet,omitempty"`
	// Predictions and Answers hold what was chosen and answered, by number of the question.
	Predictions map[int]Detail `json:"predictions,omitempty"`
	Answers     map[int]Detail `json:"answers,omitempty"`
}

// Fold reads events from the oldest to the newest. It never fails: an event that makes no sense
// where it stands changes nothing.
func Fold(events []Event) State {
	s := State{Lessons: map[string]*Lesson{}, Current: map[string]*Position{}}
	for _, e := range events {
		s.ever(e)
		s.now(e)
	}
	return s
}

// ever keeps what was done at any time.
func (s *State) ever(e Event) {
	if e.Lesson == "" {
		return
	}
	l := s.Lessons[e.Lesson]
	if l == nil {
		if e.Kind != Started {
			return
		}
		l = &Lesson{Begun: e.Time, Steps: map[string]*Step{}}
		s.Lessons[e.Lesson] = l
	}
	if e.Kind == Finished {
		l.Finished = e.Time
		return
	}
	if e.Step != "" {
		l.step(e)
	}
}

func (l *Lesson) step(e Event) {
	st := l.Steps[e.Step]
	if st == nil {
		st = &Step{Begun: e.Time}
		l.Steps[e.Step] = st
	}
	switch e.Kind {
	case Attempt:
		if st.Passed.IsZero() {
			st.Tries++
		}
	case Passed:
		if st.Passed.IsZero() {
			st.Passed = e.Time
			st.Tries++
		}
	case Skipped:
		if st.Skipped.IsZero() {
			st.Skipped = e.Time
		}
	case Hint:
		st.Hints++
	}
}

// now keeps where the learner stands on each cluster.
func (s *State) now(e Event) {
	switch e.Kind {
	case Started:
		s.start(e)
		return
	case Finished, Quit:
		if p := s.Current[e.Cluster]; p != nil && p.Lesson == e.Lesson {
			delete(s.Current, e.Cluster)
		}
		return
	}
	if p := s.Current[e.Cluster]; p != nil && p.Lesson == e.Lesson && p.Step == e.Step {
		p.add(e)
	}
}

// start makes a new position. A step that is started again keeps its hints: what was read is read.
func (s *State) start(e Event) {
	p := &Position{Lesson: e.Lesson, Step: e.Step, From: e.From, Since: e.Time, Predictions: map[int]Detail{}, Answers: map[int]Detail{}}
	if old := s.Current[e.Cluster]; old != nil && old.Lesson == e.Lesson && old.Step == e.Step {
		p.Hints, p.TriedSinceHint, p.Predictions = old.Hints, old.TriedSinceHint, old.Predictions
	}
	s.Current[e.Cluster] = p
}

func (p *Position) add(e Event) {
	switch e.Kind {
	case Attempt:
		p.Tries++
		p.TriedSinceHint = true
		p.LastUnmet = e.Detail.Unmet
	case Hint:
		p.Hints = max(p.Hints, e.Detail.Rung+1)
		p.TriedSinceHint = false
	case Passed, Skipped:
		p.Passed = true
	case Predicted:
		p.Predictions[e.Detail.Question] = e.Detail
	case Answered:
		p.Answers[e.Detail.Question] = e.Detail
	}
}
