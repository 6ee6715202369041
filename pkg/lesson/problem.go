package lesson

import (
	"sort"
	"strings"
)

// Error is one thing that is wrong in a lesson's file.
type Error struct {
	Pos Pos
	// What is wrong; Instead is what to write. Instead may be empty where What says it already.
	What, Instead string
}

func (e *Error) Error() string { return e.Pos.String() + ": " + e.Message() }

// Message is the error without its place.
func (e *Error) Message() string {
	if e.Instead == "" {
		return e.What
	}
	return e.What + "; " + e.Instead
}

// Errors is all that is wrong in a file, in the order of the file, a line each.
type Errors []*Error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives each error by itself.
func (e Errors) Unwrap() []error {
	list := make([]error, len(e))
	for i, one := range e {
		list[i] = one
	}
	return list
}

// problems collects errors while a file is read.
type problems struct{ list Errors }

// maxProblems bounds what a hostile file makes us print.
const maxProblems = 200

func (p *problems) add(at Pos, what, instead string) {
	if len(p.list) < maxProblems {
		p.list = append(p.list, &Error{Pos: at, What: what, Instead: instead})
	}
}

func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	sort.SliceStable(p.list, func(i, j int) bool {
		a, b := p.list[i].Pos, p.list[j].Pos
		if a.File != b.File {
			return a.File < b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Col < b.Col
	})
	return p.list
}
