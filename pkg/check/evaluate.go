package check

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Evaluate answers the checks of a step, in their order. before is what was seen when the step
// began, at started; nil counts as nothing. The same input gives the same report.
func Evaluate(step *lesson.Step, now, before *snapshot.Snapshot, started time.Time) Report {
	report := Report{Results: []Result{}}
	if now != nil {
		report.At = now.At
	}
	for _, c := range step.Checks() {
		report.Results = append(report.Results, judge(c, now, before, started))
	}
	return report
}

func judge(c *lesson.Check, now, before *snapshot.Snapshot, started time.Time) Result {
	r := Result{That: c.That, Expected: c.Expected, On: c.On.String(), Otherwise: -1, Within: c.Within}
	if now == nil {
		return cantTell(r, errors.New("the cluster was not looked at yet"))
	}
	view, err := lesson.NewView(c.On, now, before, started)
	if err != nil {
		return cantTell(r, err)
	}
	holds, err := c.Holds(view)
	if err != nil && !lesson.IsMissing(err) {
		return cantTell(r, err)
	}
	j := &judgement{check: c, view: view, scene: newScene(now, c.Within), missing: err}
	r.Actual = j.actual()
	r.Evidence = j.evidence()
	if holds {
		r.Verdict = Pass
		return r
	}
	r.Look = j.look()
	return j.unmet(r)
}

// cantTell says what kept us from an answer, in the API's own words where it was the API.
func cantTell(r Result, err error) Result {
	r.Verdict = CantTell
	r.Why = err.Error()
	var unreadable *snapshot.Unreadable
	if errors.As(err, &unreadable) {
		r.Why = fmt.Sprintf("the cluster did not let %s be read: %s", unreadable.Resource, unreadable.Reason)
	}
	return r
}

// judgement is one check that is being judged.
type judgement struct {
	check   *lesson.Check
	view    *lesson.View
	scene   *scene
	missing error // what the expectation read and did not find
}

// unmet decides between "converging" and "not yet" by asking what would be if all that is under
// way had come to its end: when the check held then, it is only a matter of time.
func (j *judgement) unmet(r Result) Result {
	p := j.scene.project(j.check.On, j.view.Objects, nil)
	future := j.view.With(p.objects)
	onItsWay, decided, err := j.check.OnItsWay(j.view)
	if err != nil && !lesson.IsMissing(err) {
		return cantTell(r, err)
	}
	if !decided {
		onItsWay = j.willHold(p, future)
	}
	if onItsWay {
		r.Verdict = Converging
		r.Why = p.sentence()
		return r
	}
	r.Verdict = NotYet
	r.Why, r.Otherwise = j.why(future)
	if r.Otherwise < 0 {
		reason, found := j.reason()
		r.Why, r.Unexplained = reason.text, !found
		r.Evidence = append(r.Evidence, reason.evidence...)
	}
	return r
}

func (j *judgement) willHold(p projection, future *lesson.View) bool {
	if len(p.motions) == 0 {
		return false
	}
	holds, err := j.check.Holds(future)
	switch {
	case holds:
		return true
	case j.fired(future) >= 0:
		return false
	default:
		// What we had to guess, for example the node of a Pod that is not made yet, may turn out right.
		return p.guessed || lesson.IsMissing(err)
	}
}

// fired returns the first `otherwise` that applies, or -1.
func (j *judgement) fired(v *lesson.View) int {
	for i := range j.check.Otherwise {
		if fires, err := j.check.Otherwise[i].Fires(v); err == nil && fires {
			return i
		}
	}
	return -1
}

// why is the author's text. What still applies when all that is under way has ended goes first:
// a reason that passes by itself is no reason.
func (j *judgement) why(future *lesson.View) (string, int) {
	lasting, now := j.fired(future), j.fired(j.view)
	for _, candidate := range []int{lasting, now} {
		if candidate < 0 {
			continue
		}
		o := &j.check.Otherwise[candidate]
		v := future
		if fires, err := o.Fires(j.view); err == nil && fires {
			v = j.view
		}
		if text, err := o.Text(v); err == nil {
			return text, candidate
		}
	}
	return "", -1
}

func (j *judgement) actual() string {
	if text, err := j.check.Found(j.view); err == nil && text != "" {
		return text
	}
	return j.describe()
}

// look is the author's command, unless that asks for the one object by name, and it is not there.
func (j *judgement) look() string {
	q := j.check.On
	absent := q.Name != "" && len(j.view.Objects) == 0
	line, err := j.check.LookAt(j.view)
	if err == nil && line != "" && !(absent && slices.Contains(strings.Fields(line), q.Name)) {
		return line
	}
	return defaultLook(q, len(j.view.Objects))
}

func defaultLook(q snapshot.Query, found int) string {
	switch {
	case q.Name != "" && found > 0:
		return "kubectl describe " + q.String()
	case q.Selector != "":
		return fmt.Sprintf("kubectl get %s -l %q", q.Resource, q.Selector)
	}
	return "kubectl get " + q.Resource
}
