package cmd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/catalog"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/pack"
)

// Catalog is the overview of the lessons: those that are built in, those that were named with --lessons, and
// those among which the lesson under way is.
func (a *App) Catalog() (*catalog.Catalog, error) { return a.index() }

// BuiltIn is where the lessons come from that are built in.
func (a *App) BuiltIn() catalog.Source { return catalog.Source{FS: a.Lessons} }

// OwnLessons are the lessons that were named with --lessons, nil where none were.
func (a *App) OwnLessons() (*pack.Pack, error) { return a.own() }

func (a *App) openOwn() (*pack.Pack, error) {
	if a.Own == "" {
		return nil, nil
	}
	p, err := pack.Open(a.Own)
	if err != nil && a.Own == a.Getenv(LessonsVariable) {
		return nil, fmt.Errorf("%s: %w", LessonsVariable, err)
	}
	return p, err
}

func (a *App) readIndex() (*catalog.Catalog, error) {
	own, err := a.own()
	if err != nil {
		return nil, err
	}
	sources := []catalog.Source{a.BuiltIn()}
	if own != nil {
		sources = append(sources, own.Source())
	}
	// What became of the pack of the lesson under way is told by who asks for that lesson.
	if from := a.underWayFrom(""); from != "" && (own == nil || own.Path != from) {
		if p, err := pack.Open(from); err == nil {
			if c, err := catalog.Index(append(slices.Clone(sources), p.Source())...); err == nil {
				return c, nil
			}
		}
	}
	return catalog.Index(sources...)
}

// underWayFrom is the pack of the lesson that is under way on the cluster, if it is that lesson, or any
// where none is named; empty where it is built in.
func (a *App) underWayFrom(id string) string {
	state, err := a.Log().State()
	if err != nil { // which is told by who needs the state
		return ""
	}
	if at := state.Current[a.Cluster]; at != nil && cmp.Or(id, at.Lesson) == at.Lesson {
		return at.From
	}
	return ""
}

// packPath is the absolute path of the lessons beside those that are built in, empty where there are none: what a
// process that we start is to find.
func (a *App) packPath() string {
	if own, err := a.own(); err == nil && own != nil {
		return own.Path
	}
	return a.underWayFrom("")
}

// Lesson implements session.Lessons. Of a lesson under way that is no longer found it is said where it was.
func (a *App) Lesson(id string) (*lesson.Lesson, error) {
	c, err := a.Catalog()
	if err != nil {
		return nil, err
	}
	l, err := c.Lesson(id)
	if err == nil {
		return l, nil
	}
	from := a.underWayFrom(id)
	if from == "" {
		return nil, err
	}
	mend := "Mend it"
	if p, lost := pack.Open(from); lost != nil {
		err, mend = lost, "Put it back"
	} else if _, broken := catalog.Index(a.BuiltIn(), p.Source()); broken != nil {
		err = broken
	}
	end := "."
	if strings.HasSuffix(err.Error(), "?") {
		end = ""
	}
	return nil, fmt.Errorf("lesson %s is under way on cluster %s, and can't be read: %w%s\n%s, or leave the lesson: %s quit", id, a.Cluster, err, end, mend, a.Prefix())
}

// saysLessons says that a command which is advised has to name the lessons that were named with --lessons: it
// finds neither the variable that does so nor a lesson of theirs under way.
func (a *App) saysLessons() bool {
	if a.Own == a.Getenv(LessonsVariable) {
		return false
	}
	from := a.underWayFrom("")
	return from == "" || from != a.packPath()
}

// StartCommand is what a learner types to begin a lesson.
func (a *App) StartCommand(h lesson.Header) string {
	prefix := a.Prefix()
	named := a.Own != "" && a.Own == a.Getenv(LessonsVariable) || a.saysLessons()
	if h.From != "" && prefix != shellPrefix && !named {
		prefix += " --lessons " + Quoted(h.From)
	}
	return prefix + " start " + h.ID
}

// Quoted is a path as a shell reads it as one word.
func Quoted(path string) string {
	if strings.ContainsAny(path, " \t'\"$&;|<>()*?#~`!") {
		return `"` + path + `"`
	}
	return path
}
