package author

import (
	"errors"
	"path/filepath"
	"slices"

	"github.com/kubectl-learn/kubectl-learn/pkg/catalog"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
)

// order finds what is wrong between the lessons that were asked for, those in the folders beside
// them, and those that are built in.
func order(app *cmd.App, sources []source) ([]problem, error) {
	c, err := app.Catalog()
	if err != nil {
		return nil, err
	}
	var all []lesson.Header
	add := func(h lesson.Header) {
		if !slices.ContainsFunc(all, func(o lesson.Header) bool { return o.ID == h.ID && o.At.File == h.At.File }) {
			all = append(all, h)
		}
	}
	asked, ids := map[string]bool{}, map[string]bool{}
	for _, s := range sources {
		asked[s.shown] = true
		if h, err := s.header(); err == nil {
			add(h)
			ids[h.ID] = true
		}
	}
	for _, s := range sources {
		for _, n := range neighbours(s) {
			if h, err := n.header(); err == nil {
				add(h)
			}
		}
	}
	for _, h := range c.Order() {
		if !slices.ContainsFunc(all, func(o lesson.Header) bool { return o.ID == h.ID }) {
			all = append(all, h)
		}
	}
	var found []problem
	for _, err := range catalog.Check(all) {
		var e *lesson.Error
		var circle *catalog.Circle
		concerns := errors.As(err, &circle) && slices.ContainsFunc(circle.IDs, func(id string) bool { return ids[id] })
		if errors.As(err, &e) && (asked[e.Pos.File] || concerns) {
			where, message := splitPlace(e.Error())
			found = append(found, problem{Where: where, Severity: string(lesson.Defect), Message: message})
		}
	}
	return found, nil
}

// header reads the front matter, with the file as the author knows it in its places.
func (s source) header() (lesson.Header, error) {
	h, err := lesson.ParseHeader(s.fsys, s.file)
	h.At.File = s.shown
	h.AfterAt = slices.Clone(h.AfterAt)
	for i := range h.AfterAt {
		h.AfterAt[i].File = s.shown
	}
	return h, err
}

// neighbours are the lessons in the folders beside that of a file.
func neighbours(s source) []source {
	if s.shown == s.file {
		return nil // built in
	}
	files, _ := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(filepath.Clean(s.shown))), "*", catalog.FileName))
	var found []source
	for _, file := range files {
		if n, err := open(file); err == nil {
			found = append(found, n...)
		}
	}
	return found
}
