package author

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/catalog"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
)

// source is a lesson that was asked for: one that is built in, or a file.
type source struct {
	fsys fs.FS
	file string
	// shown is the file as the author knows it.
	shown string
}

// find says which lessons are meant: by their ID, by a file or by a folder. Nothing means all that
// are built in.
func find(app *cmd.App, named []string) ([]source, error) {
	c, err := app.Catalog()
	if err != nil {
		return nil, err
	}
	if len(named) == 0 {
		for _, h := range c.Order() {
			named = append(named, h.ID)
		}
	}
	var found []source
	for _, name := range named {
		if !isPath(name) {
			h, err := c.Lookup(name)
			if err != nil {
				return nil, fmt.Errorf("%w (a file or folder is written with a slash: ./%s)", err, name)
			}
			found = append(found, source{fsys: app.Lessons, file: h.File, shown: h.File})
			continue
		}
		s, err := open(name)
		if err != nil {
			return nil, err
		}
		found = append(found, s...)
	}
	return found, nil
}

func isPath(name string) bool {
	return strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, ".md") || name == "."
}

// open finds the lesson of a file, or those of a folder.
func open(path string) ([]source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read lesson: %w", err)
	}
	if !info.IsDir() {
		return []source{{fsys: os.DirFS(filepath.Dir(path)), file: filepath.Base(path), shown: path}}, nil
	}
	var found []source
	err = filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() == catalog.FileName {
			found = append(found, source{fsys: os.DirFS(filepath.Dir(file)), file: d.Name(), shown: file})
		}
		return err
	})
	if err == nil && len(found) == 0 {
		err = errors.New("no folder in it holds a " + catalog.FileName)
	}
	if err != nil {
		return nil, fmt.Errorf("read lessons in %s: %w", path, err)
	}
	return found, nil
}

// parse reads the lesson as a whole. What is wrong is told with the file as the author knows it.
func (s source) parse(trust bool) (*lesson.Lesson, error) {
	l, err := lesson.Options{Trust: trust}.Parse(s.fsys, s.file)
	return l, s.named(err)
}

// named writes the file as the author knows it into the places of errors.
func (s source) named(err error) error {
	if err == nil || s.shown == s.file {
		return err
	}
	lines := strings.Split(err.Error(), "\n")
	for i, line := range lines {
		if rest, ok := strings.CutPrefix(line, s.file+":"); ok {
			lines[i] = s.shown + ":" + rest
		}
	}
	return errors.New(strings.Join(lines, "\n"))
}
