package catalog

import (
	"fmt"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
)

// Check finds what is wrong between lessons: an ID that is taken, an unknown one in "after", a
// circle. Each error is or wraps a *lesson.Error.
func Check(headers []lesson.Header) []error {
	byID := map[string]lesson.Header{}
	var ids []string
	var problems []error
	add := func(at lesson.Pos, what, instead string) {
		problems = append(problems, &lesson.Error{Pos: at, What: what, Instead: instead})
	}
	for _, h := range headers {
		if first, twice := byID[h.ID]; twice {
			by := first.At.String()
			if first.From == "" && h.From != "" {
				by = "the lesson that is built in, " + by
			}
			add(h.At, fmt.Sprintf("the lesson id %q is taken by %s", h.ID, by), "give it another one")
			continue
		}
		byID[h.ID] = h
		ids = append(ids, h.ID)
	}
	for _, id := range ids {
		h := byID[id]
		for i, before := range h.After {
			if _, ok := byID[before]; ok {
				continue
			}
			instead := "there are: " + strings.Join(ids, ", ")
			if near := nearest(before, ids); near != "" {
				instead = fmt.Sprintf("did you mean %q?", near)
			}
			add(h.AfterAt[i], fmt.Sprintf("unknown lesson %q in \"after\"", before), instead)
		}
	}
	for _, c := range cycles(ids, byID) {
		problems = append(problems, &Circle{IDs: c.path[1:], Err: &lesson.Error{Pos: c.at, What: "these lessons come after each other in a circle: " + strings.Join(c.path, ", after "), Instead: "take one \"after\" out"}})
	}
	return problems
}

// Circle is the error for lessons that come after each other. It wraps a *lesson.Error that stands
// at the entry with which the circle closes.
type Circle struct {
	IDs []string
	Err error
}

func (c *Circle) Error() string { return c.Err.Error() }

func (c *Circle) Unwrap() error { return c.Err }

type cycle struct {
	path []string
	at   lesson.Pos // of the entry that closes it
}

// cycles finds each circle once, at the entry with which it closes.
func cycles(ids []string, byID map[string]lesson.Header) []cycle {
	const under, done = 1, 2
	state := map[string]int{}
	var found []cycle
	var path []string
	var visit func(id string)
	visit = func(id string) {
		state[id] = under
		path = append(path, id)
		for i, before := range byID[id].After {
			switch {
			case before == id: // said already when the lesson was read
			case state[before] == under:
				found = append(found, cycle{append(from(path, before), before), byID[id].AfterAt[i]})
			case state[before] == 0:
				visit(before)
			}
		}
		path = path[:len(path)-1]
		state[id] = done
	}
	for _, id := range ids {
		if state[id] == 0 {
			visit(id)
		}
	}
	return found
}

// from returns a copy of the part of a path that begins with an id.
func from(path []string, id string) []string {
	for i, one := range path {
		if one == id {
			return append([]string(nil), path[i:]...)
		}
	}
	return nil
}
