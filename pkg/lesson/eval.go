package lesson

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Holds evaluates the check's expectation. The error is a *Missing when the expression reads
// something that is not there yet, a *snapshot.Unreadable when `before` could not be read, and
// otherwise says that the expression itself broke (its cost limit, a division by zero).
func (c *Check) Holds(v *View) (bool, error) { return c.expect.truth(v) }

// OnItsWay evaluates `converging`; ok is false when the author did not write one.
func (c *Check) OnItsWay(v *View) (converging, ok bool, err error) {
	if c.converging == nil {
		return false, false, nil
	}
	converging, err = c.converging.truth(v)
	return converging, true, err
}

// Found fills in `actual`; empty when the author did not write one.
func (c *Check) Found(v *View) (string, error) {
	if c.actual == nil {
		return "", nil
	}
	return c.actual.render(v)
}

// LookAt fills in `look`; empty when the author did not write one.
func (c *Check) LookAt(v *View) (string, error) {
	if c.look == nil {
		return "", nil
	}
	return c.look.render(v)
}

// Fires evaluates `when`. What it reads and is not there makes it false.
func (o *Otherwise) Fires(v *View) (bool, error) {
	fires, err := o.when.truth(v)
	if IsMissing(err) {
		return false, nil
	}
	return fires, err
}

// Text fills in `say`.
func (o *Otherwise) Text(v *View) (string, error) { return o.say.render(v) }

// Sample is Text of the example, or Say itself where there is none that fills it in.
func (o *Otherwise) Sample(c *Check) string {
	if o.Example != nil {
		if text, err := o.Text(exampleView(c, o)); err == nil {
			return text
		}
	}
	return o.Say
}

// Answers computes the right answers; any one of them is right.
func (a *Ask) Answers(now, before *snapshot.Snapshot, started time.Time) ([]string, error) {
	v, err := NewView(a.On, now, before, started)
	if err != nil {
		return nil, err
	}
	return a.answer.words(v)
}

// Evidence computes what the live objects show to who chose this option; nil when the author gave none.
func (o *Option) Evidence(now, before *snapshot.Snapshot, started time.Time) ([]string, error) {
	if o.show == nil {
		return nil, nil
	}
	v, err := NewView(o.On, now, before, started)
	if err != nil {
		return nil, err
	}
	return o.show.words(v)
}

// Render fills in the names of live objects, so that the line can be typed as it stands. The
// arguments are the line's words without the quotes, kubectl first.
func (c *Command) Render(now *snapshot.Snapshot) (line string, args []string, err error) {
	line, err = c.tmpl.render(&View{Snapshot: now})
	if err != nil {
		return "", nil, err
	}
	args, problem := splitCommand(line)
	if problem != nil {
		return "", nil, fmt.Errorf("split %q: %s", line, problem.what)
	}
	return line, args, nil
}

// Render fills in the names of live objects.
func (h *Hint) Render(now *snapshot.Snapshot) (string, error) {
	return h.tmpl.render(&View{Snapshot: now})
}

// Resolve names what the fault is done to: one Pod, or the nodes. The error is a *Missing when
// there is no such object.
func (f *Fault) Resolve(now *snapshot.Snapshot) ([]string, error) {
	if f.Target == stoppedNodes {
		return nodesDown(now)
	}
	v := &View{Snapshot: now}
	if f.query.IsZero() {
		name, err := f.target.render(v)
		if err != nil {
			return nil, err
		}
		return []string{name}, nil
	}
	o, err := v.match(f.query.String(), 0)
	if err != nil {
		return nil, err
	}
	return []string{o.GetName()}, nil
}

func nodesDown(now *snapshot.Snapshot) ([]string, error) {
	q, err := snapshot.ParseQuery("nodes")
	if err != nil {
		return nil, err
	}
	nodes, err := now.Select(q)
	if err != nil {
		return nil, err
	}
	var down []string
	for _, n := range nodes {
		if condition(n.Object, "Ready") != "True" {
			down = append(down, n.GetName())
		}
	}
	if len(down) == 0 {
		return nil, &Missing{What: "a stopped node"}
	}
	return down, nil
}

// Right says whether what was typed is one of the answers; case, spaces around it and a kind
// before a name ("pod/web-1") do not matter.
func Right(typed string, answers []string) bool {
	for _, a := range answers {
		if plainAnswer(typed) == plainAnswer(a) {
			return true
		}
	}
	return false
}

func plainAnswer(s string) string {
	s = strings.ToLower(strings.Trim(strings.TrimSpace(s), `"'.`))
	if kind, name, ok := strings.Cut(s, "/"); ok {
		if _, known := snapshot.KindNamed(kind); known {
			return name
		}
	}
	return s
}
