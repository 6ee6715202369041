// Package catalog puts lessons in order: it finds every folder that holds a lesson.md, reads what
// an overview needs of each, and says which comes before which. Reading one lesson as a whole, with
// its expressions compiled, is left to package lesson and done only for the lesson that is asked for.
package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// FileName is the file that makes a folder a lesson.
const FileName = "lesson.md"

// Catalog is a set of lessons in order. It is never changed after it was made.
type Catalog struct {
	fsys    fs.FS
	options lesson.Options
	order   []lesson.Header
	byID    map[string]int // place in order
	loaded  map[string]*lesson.Lesson
}

// Options say how lessons are read.
type Options struct {
	// Lesson is passed on to package lesson.
	Lesson lesson.Options
}

// Index reads the front matter and step titles of every lesson. It costs microseconds a lesson. The error joins
// all that is wrong: files that can't be read, twice the same id, unknown ids and cycles in `after`.
func Index(fsys fs.FS) (*Catalog, error) { return Options{}.Index(fsys) }

// Load reads every lesson as a whole. The error joins all that is wrong in any of them.
func Load(fsys fs.FS) (*Catalog, error) { return Options{}.Load(fsys) }

// Index reads the front matter and step titles of every lesson.
func (o Options) Index(fsys fs.FS) (*Catalog, error) {
	files, err := find(fsys)
	if err != nil {
		return nil, err
	}
	var headers []lesson.Header
	var problems []error
	for _, file := range files {
		h, err := lesson.ParseHeader(fsys, file)
		if err != nil {
			problems = append(problems, err)
		}
		if h.ID != "" {
			headers = append(headers, h)
		}
	}
	return o.assemble(fsys, headers, problems)
}

func (o Options) assemble(fsys fs.FS, headers []lesson.Header, problems []error) (*Catalog, error) {
	problems = append(problems, Check(headers)...)
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	c := &Catalog{fsys: fsys, options: o.Lesson, order: sorted(headers), byID: map[string]int{}, loaded: map[string]*lesson.Lesson{}}
	for i, h := range c.order {
		c.byID[h.ID] = i
	}
	return c, nil
}

// Load reads every lesson as a whole.
func (o Options) Load(fsys fs.FS) (*Catalog, error) {
	files, err := find(fsys)
	if err != nil {
		return nil, err
	}
	loaded := map[string]*lesson.Lesson{}
	var headers []lesson.Header
	var problems []error
	for _, file := range files {
		l, err := o.Lesson.Parse(fsys, file)
		if err != nil {
			problems = append(problems, err)
			// Its header still counts, so that lessons after it are not called unknown.
			if h, _ := lesson.ParseHeader(fsys, file); h.ID != "" {
				headers = append(headers, h)
			}
			continue
		}
		headers = append(headers, l.Header())
		loaded[l.ID] = l
	}
	c, err := o.assemble(fsys, headers, problems)
	if err != nil {
		return nil, err
	}
	c.loaded = loaded
	return c, nil
}

// find lists the lesson files, sorted by path.
func find(fsys fs.FS) ([]string, error) {
	var files []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() && path.Base(name) == FileName {
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find lessons: %w", err)
	}
	if len(files) == 0 {
		return nil, errors.New("there are no lessons: no folder holds a " + FileName)
	}
	return files, nil
}

// Order returns the lessons so that each comes after those that it builds on. Where `after` leaves it open,
// it is the order of the folders.
func (c *Catalog) Order() []lesson.Header { return append([]lesson.Header(nil), c.order...) }

// Lookup finds a lesson by its id. The error proposes the nearest id.
func (c *Catalog) Lookup(id string) (lesson.Header, error) {
	if i, ok := c.byID[id]; ok {
		return c.order[i], nil
	}
	var ids []string
	for _, h := range c.order {
		ids = append(ids, h.ID)
	}
	if near := nearest(id, ids); near != "" {
		return lesson.Header{}, fmt.Errorf("there is no lesson %q; did you mean %q?", id, near)
	}
	return lesson.Header{}, fmt.Errorf("there is no lesson %q; there are: %s", id, strings.Join(ids, ", "))
}

// nearest also finds an id of which a part was typed.
func nearest(id string, ids []string) string {
	if near := snapshot.Nearest(strings.ToLower(id), ids); near != "" {
		return near
	}
	for _, one := range ids {
		if len(id) > 1 && strings.Contains(one, strings.ToLower(id)) {
			return one
		}
	}
	return ""
}

// Lesson reads one lesson as a whole.
func (c *Catalog) Lesson(id string) (*lesson.Lesson, error) {
	h, err := c.Lookup(id)
	if err != nil {
		return nil, err
	}
	if l := c.loaded[id]; l != nil {
		return l, nil
	}
	return c.options.Parse(c.fsys, h.File)
}

// Next returns the first lesson in order that is not done; ok is false when all are.
func (c *Catalog) Next(done func(id string) bool) (next lesson.Header, ok bool) {
	for _, h := range c.order {
		if !done(h.ID) {
			return h, true
		}
	}
	return lesson.Header{}, false
}

// Prerequisites returns all lessons that come before one, in order, those behind others included.
func (c *Catalog) Prerequisites(id string) ([]lesson.Header, error) {
	if _, err := c.Lookup(id); err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	var visit func(id string)
	visit = func(id string) {
		for _, before := range c.order[c.byID[id]].After {
			if !wanted[before] {
				wanted[before] = true
				visit(before)
			}
		}
	}
	visit(id)
	var list []lesson.Header
	for _, h := range c.order {
		if wanted[h.ID] {
			list = append(list, h)
		}
	}
	return list, nil
}

// FS returns the folder of a lesson, for the files beside it.
func (c *Catalog) FS(id string) (fs.FS, error) {
	h, err := c.Lookup(id)
	if err != nil {
		return nil, err
	}
	return fs.Sub(c.fsys, path.Dir(h.File))
}

// sorted puts lessons after those that they build on; the one whose folder comes first goes first.
// The headers must be free of cycles and unknown ids.
func sorted(headers []lesson.Header) []lesson.Header {
	rest := append([]lesson.Header(nil), headers...)
	sort.SliceStable(rest, func(i, j int) bool { return rest[i].File < rest[j].File })
	placed := map[string]bool{}
	var order []lesson.Header
	for len(rest) > 0 {
		for i, h := range rest {
			if allPlaced(h.After, placed) {
				placed[h.ID] = true
				order = append(order, h)
				rest = append(rest[:i], rest[i+1:]...)
				break
			}
		}
	}
	return order
}

func allPlaced(ids []string, placed map[string]bool) bool {
	for _, id := range ids {
		if !placed[id] {
			return false
		}
	}
	return true
}
