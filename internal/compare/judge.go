package main

import "time"

// How a session came out.
const (
	same      = "same"
	explained = "explained"
	different = "different"
)

// verdicts is the result of a comparison, and its form in JSON.
type verdicts struct {
	A        string    `json:"a"`
	B        string    `json:"b"`
	Seconds  int       `json:"seconds"`
	Sessions []verdict `json:"sessions"`
	// Stale are explanations of differences that are no more.
	Stale []explanation `json:"stale,omitempty"`
}

type verdict struct {
	Name        string       `json:"name"`
	Title       string       `json:"title"`
	Result      string       `json:"result"`
	SecondsA    int          `json:"secondsA"`
	SecondsB    int          `json:"secondsB"`
	Differences []difference `json:"differences,omitempty"`
}

// difference is a step that printed something else on each cluster, or that failed on one.
type difference struct {
	Command string `json:"command"`
	// Diff has the lines of the first cluster with -, of the second with +.
	Diff []string `json:"diff"`
	// Unexplained is how many of the differing lines no explanation fits.
	Unexplained int      `json:"unexplained"`
	Why         []string `json:"why,omitempty"`
}

type explanation struct {
	Where    string `json:"where"`
	Pattern  string `json:"pattern"`
	Sentence string `json:"sentence"`
}

// judge compares the transcripts. whole is true when all sessions ran: only then can be said which
// of the global explanations is stale.
func judge(sessions []*session, results []pair, global []*known, whole bool) *verdicts {
	out := &verdicts{}
	seen := map[*known]bool{}
	for i, s := range sessions {
		out.Sessions = append(out.Sessions, verdictOf(s, results[i], global, seen))
		for _, st := range s.steps {
			out.Stale = append(out.Stale, unseen(st.known, seen)...)
		}
	}
	if whole {
		out.Stale = append(out.Stale, unseen(global, seen)...)
	}
	return out
}

func unseen(all []*known, seen map[*known]bool) []explanation {
	var out []explanation
	for _, k := range all {
		if !seen[k] && !k.sometimes {
			out = append(out, explanation{k.where, k.pattern.String(), k.sentence})
		}
	}
	return out
}

func verdictOf(s *session, p pair, global []*known, seen map[*known]bool) verdict {
	v := verdict{Name: s.Name, Title: s.Title, Result: same, SecondsA: round(p.a.elapsed), SecondsB: round(p.b.elapsed)}
	for i, st := range s.steps {
		if i >= len(p.a.steps) || i >= len(p.b.steps) {
			break
		}
		if d, ok := differenceOf(st, diff(p.a.steps[i], p.b.steps[i]), global, seen); ok {
			v.Differences = append(v.Differences, d)
		}
	}
	for _, side := range []struct{ sign, failed string }{{"-", p.a.failed}, {"+", p.b.failed}} {
		if side.failed != "" {
			v.Differences = append(v.Differences, difference{Command: "the session ended early", Diff: []string{side.sign + side.failed}, Unexplained: 1})
		}
	}
	for _, d := range v.Differences {
		if v.Result == same {
			v.Result = explained
		}
		if d.Unexplained > 0 {
			v.Result = different
		}
	}
	return v
}

// differenceOf looks for an explanation of each differing line, and notes in seen which there were.
func differenceOf(st *step, changes []change, global []*known, seen map[*known]bool) (difference, bool) {
	d := difference{Command: st.command}
	told := map[string]bool{}
	found := false
	for _, c := range changes {
		if c.sign == ' ' {
			continue
		}
		found = true
		k := explain(c.String(), st.known, global)
		if k == nil {
			d.Unexplained++
			continue
		}
		seen[k] = true
		if !told[k.sentence] {
			told[k.sentence] = true
			d.Why = append(d.Why, k.sentence)
		}
	}
	for _, c := range near(changes, 2) {
		d.Diff = append(d.Diff, c.String())
	}
	return d, found
}

func explain(line string, lists ...[]*known) *known {
	for _, list := range lists {
		for _, k := range list {
			if k.pattern.MatchString(line) {
				return k
			}
		}
	}
	return nil
}

// unexplained are the names of the sessions that came out different.
func (r *verdicts) unexplained() []string {
	var names []string
	for _, v := range r.Sessions {
		if v.Result == different {
			names = append(names, v.Name)
		}
	}
	return names
}

// round gives whole seconds.
func round(d time.Duration) int { return int(d.Round(time.Second).Seconds()) }
