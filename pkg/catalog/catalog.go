// Package catalog puts lessons in order: it finds every folder that holds a lesson.md, reads what
// an overview needs of each, and says which comes before which. Reading one lesson as a whole, with
// its expressions compiled, is left to package lesson and done only for the lesson that is asked for.
package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// FileName is the file that makes a folder a lesson.
const FileName = "lesson.md"

// Source is where lessons come from.
type Source struct {
	FS fs.FS
	// Files are its lessons; nil: every FileName in it.
	Files []string
	// Options say how they are read.
	Options lesson.Options
}

// Catalog is a set of lessons in order. It is never changed after it was made.
type Catalog struct {
	order  []lesson.Header
	byID   map[string]int // place in order
	source map[string]Source
	loaded map[string]*lesson.Lesson
}

// Index reads the front matter and step titles of every lesson. It costs microseconds a lesson. The error joins
// all that is wrong: files that can't be read, twice the same id, unknown ids and cycles in `after`. Of two
// lessons of one id that of the later source is wrong.
func Index(sources ...Source) (*Catalog, error) {
	return gather(sources, func(s Source, file string) (lesson.Header, *lesson.Lesson, error) {
		h, err := s.Options.ParseHeader(s.FS, file)
		return h, nil, err
	})
}

// Load reads every lesson as a whole. The error joins all that is wrong in any of them.
func Load(sources ...Source) (*Catalog, error) {
	return gather(sources, func(s Source, file string) (lesson.Header, *lesson.Lesson, error) {
		l, err := s.Options.Parse(s.FS, file)
		if err != nil {
			// Its header still counts, so that lessons after it are not called unknown.
			h, _ := s.Options.ParseHeader(s.FS, file)
			return h, nil, err
		}
		return l.Header(), l, nil
	})
}

// gather reads each lesson of each source.
func gather(sources []Source, read func(Source, string) (lesson.Header, *lesson.Lesson, error)) (*Catalog, error) {
	c := &Catalog{byID: map[string]int{}, source: map[string]Source{}, loaded: map[string]*lesson.Lesson{}}
	var headers []lesson.Header
	var problems []error
	for _, s := range sources {
		files, err := s.files()
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			h, l, err := read(s, file)
			if err != nil {
				problems = append(problems, err)
			}
			if h.ID == "" {
				continue
			}
			headers = append(headers, h)
			c.source[h.ID] = s
			if l != nil {
				c.loaded[h.ID] = l
			}
		}
	}
	problems = append(problems, Check(headers)...)
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	c.order = sorted(headers)
	for i, h := range c.order {
		c.byID[h.ID] = i
	}
	return c, nil
}

// files lists the lesson files, sorted by path.
func (s Source) files() ([]string, error) {
	if s.Files != nil {
		return s.Files, nil
	}
	var files []string
	err := fs.WalkDir(s.FS, ".", func(name string, d fs.DirEntry, err error) error {
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
	from := c.source[id]
	return from.Options.Parse(from.FS, h.File)
}

// Source returns where a lesson comes from.
func (c *Catalog) Source(id string) (Source, error) {
	_, err := c.Lookup(id)
	return c.source[id], err
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

// sorted puts lessons after those that they build on; the one whose folder comes first goes first.
// Those that are built in go before others. The headers must be free of cycles and unknown ids.
func sorted(headers []lesson.Header) []lesson.Header {
	rest := append([]lesson.Header(nil), headers...)
	slices.SortStableFunc(rest, func(a, b lesson.Header) int {
		return cmp.Or(strings.Compare(a.From, b.From), strings.Compare(a.File, b.File))
	})
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
