package author

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/catalog"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/pack"
)

// source is a lesson that was asked for.
type source struct {
	catalog.Source
	file string
	// listed says that it is one of the lessons that learners see in the list: built in, or named with --lessons.
	listed bool
}

// shown is the file as the author knows it.
func (s source) shown() string { return s.Options.Within + s.file }

// builtIn says that the lesson is a part of the program.
func (s source) builtIn() bool { return s.Options.From == "" }

// find says which lessons are meant: by their ID, by a file, a folder or a bundle. Nothing means those of
// --lessons, or without it all that are built in.
func find(app *cmd.App, named []string) ([]source, error) {
	if len(named) == 0 {
		all, err := listed(app)
		if err == nil && app.Own == "" {
			n := &cmd.Narrator{Out: app.ErrOut, Style: app.ErrStyle()}
			n.Say("No lesson was named, so it is about the %d that are built in. For your own, name its folder: ./my-lesson", len(all))
		}
		return all, err
	}
	var found []source
	for _, name := range named {
		some, err := findOne(app, name)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

func findOne(app *cmd.App, name string) ([]source, error) {
	if isPath(name) {
		return open(name)
	}
	c, err := app.Catalog()
	if err != nil {
		return nil, err
	}
	h, err := c.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("%w (a file or folder is written with a slash: ./%s)", err, name)
	}
	from, err := c.Source(name)
	return []source{{from, h.File, true}}, err
}

// listed are the lessons of --lessons, or without it all that are built in.
func listed(app *cmd.App) ([]source, error) {
	own, err := app.OwnLessons()
	if err != nil {
		return nil, err
	}
	if own != nil {
		return sources(own, true), nil
	}
	c, err := catalog.Index(app.BuiltIn())
	if err != nil {
		return nil, err
	}
	var found []source
	for _, h := range c.Order() {
		found = append(found, source{app.BuiltIn(), h.File, true})
	}
	return found, nil
}

func sources(p *pack.Pack, listed bool) []source {
	var found []source
	for _, file := range p.Lessons {
		found = append(found, source{p.Source(), file, listed})
	}
	return found
}

func isPath(name string) bool {
	return strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, ".md") || pack.IsBundle(name) || name == "." || name == ".."
}

// open finds the lesson of a file, or those of a folder or a bundle.
func open(path string) ([]source, error) {
	p, err := pack.Open(path)
	if err != nil {
		return nil, err
	}
	return sources(p, false), nil
}

// parse reads the lesson as a whole.
func (s source) parse(trust bool) (*lesson.Lesson, error) {
	options := s.Options
	options.Trust = trust
	return options.Parse(s.FS, s.file)
}

// header reads the front matter.
func (s source) header() (lesson.Header, error) { return s.Options.ParseHeader(s.FS, s.file) }

// neighbours are the lessons in the folders beside that of a file.
func (s source) neighbours() []source {
	if s.builtIn() || pack.IsBundle(s.Options.From) {
		return nil
	}
	files, _ := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(filepath.FromSlash(s.shown()))), "*", catalog.FileName))
	var found []source
	for _, file := range files {
		if n, err := open(file); err == nil {
			found = append(found, n...)
		}
	}
	return found
}

// place is where something is wrong. Line and Column are 0 where no line is to blame.
type place struct {
	Where  string `json:"where"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

func placeOf(at lesson.Pos) place {
	return place{Where: at.String(), File: at.File, Line: at.Line, Column: at.Col}
}

// defects are all that an error says is wrong. One that knows no place is of the file as a whole.
func (s source) defects(err error) []problem {
	var found []problem
	if list, ok := errors.AsType[lesson.Errors](err); ok {
		for _, e := range list {
			found = append(found, problem{place: placeOf(e.Pos), Severity: lesson.Defect, Message: e.Message()})
		}
		return found
	}
	whole := place{Where: s.shown(), File: s.shown()}
	return append(found, problem{place: whole, Severity: lesson.Defect, Message: err.Error()})
}

// order finds what is wrong between the lessons that were asked for, those in the folders beside
// them, and those that are built in.
func order(app *cmd.App, asked []source) ([]problem, error) {
	builtIn, err := catalog.Index(app.BuiltIn())
	if err != nil {
		return nil, err
	}
	var all []lesson.Header
	has := func(h lesson.Header) bool {
		return slices.ContainsFunc(all, func(o lesson.Header) bool { return o.ID == h.ID && o.At.File == h.At.File })
	}
	files, ids, loose := map[string]bool{}, map[string]bool{}, map[string]bool{}
	var headers []lesson.Header
	for _, s := range asked {
		files[s.shown()] = true
		if h, _ := s.header(); h.ID != "" { // what else is wrong with it is told elsewhere
			headers = append(headers, h)
			ids[h.ID], loose[h.ID] = true, loose[h.ID] || !s.listed
		}
	}
	// Who names the file of a lesson that is built in works on that lesson.
	for _, h := range builtIn.Order() {
		if !loose[h.ID] {
			all = append(all, h)
		}
	}
	for _, h := range headers {
		if !has(h) {
			all = append(all, h)
		}
	}
	for _, s := range asked {
		for _, n := range s.neighbours() {
			if h, err := n.header(); err == nil && !has(h) {
				all = append(all, h)
			}
		}
	}
	var found []problem
	for _, err := range catalog.Check(all) {
		var e *lesson.Error
		var circle *catalog.Circle
		concerns := errors.As(err, &circle) && slices.ContainsFunc(circle.IDs, func(id string) bool { return ids[id] })
		if errors.As(err, &e) && (files[e.Pos.File] || concerns) {
			found = append(found, problem{place: placeOf(e.Pos), Severity: lesson.Defect, Message: e.Message()})
		}
	}
	return found, nil
}
