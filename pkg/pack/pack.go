// Package pack opens lessons that come from outside: a folder of lessons, the folder or the file of
// one, or a bundle of them (.tar.gz, .tgz, .zip). Whoever made it is not trusted: what is read is bounded,
// no link is followed, and no path leads out. What a lesson says is left to package lesson, and their
// order to package catalog.
package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/catalog"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
)

const (
	// maxLessons is how many lessons a pack may have.
	maxLessons = 200
	// maxEntries is how many files and folders are looked at.
	maxEntries = 5000
	// maxDepth is how deep folders may lie in each other.
	maxDepth = 8
	// maxFile, maxTotal and maxBundle are sizes in bytes: of a file in a bundle, of all of them, and of
	// the bundle itself.
	maxFile, maxTotal, maxBundle = 1 << 20, 32 << 20, 32 << 20
)

// Pack is lessons from outside.
type Pack struct {
	// Path is the absolute path of what was opened.
	Path string
	// Lessons are its lesson files, sorted, each below Path but for a pack of one file.
	Lessons []string

	fsys  fs.FS
	shown string
	close func() error
}

// Open opens a folder, a file or a bundle.
func Open(name string) (*Pack, error) {
	if name == "" {
		return nil, errors.New("open lessons: there is no path; write a folder, a lesson.md or a bundle")
	}
	p, err := open(name)
	if err != nil {
		return nil, fmt.Errorf("open lessons in %s: %w", name, err)
	}
	return p, nil
}

func open(name string) (*Pack, error) {
	where, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is no such file or folder")
	case err != nil:
		return nil, cause(err)
	case info.IsDir():
		return openFolder(name, where)
	case !info.Mode().IsRegular():
		return nil, errors.New("it is neither a file nor a folder")
	case IsBundle(name):
		return openBundle(name, where)
	case strings.EqualFold(filepath.Ext(name), ".md"):
		return openFile(name, where)
	}
	return nil, errors.New("it is no lesson; write a folder, a file that ends in .md, or a bundle: .tar.gz, .tgz or .zip")
}

// cause is an error without the path, which is said elsewhere.
func cause(err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return at.Err
	}
	return err
}

// IsBundle says that a file is a bundle, by its name.
func IsBundle(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{".tar.gz", ".tgz", ".zip"}, func(end string) bool { return strings.HasSuffix(name, end) })
}

// Close gives back what the pack holds open.
func (p *Pack) Close() error { return p.close() }

// Source is the pack as a part of a catalog.
func (p *Pack) Source() catalog.Source {
	return catalog.Source{FS: p.fsys, Files: p.Lessons, Options: lesson.Options{Within: p.shown, From: p.Path}}
}

func openFolder(name, where string) (*Pack, error) {
	f, err := newFolder(name)
	if err != nil {
		return nil, err
	}
	p := &Pack{Path: where, fsys: f, shown: within(name), close: f.root.Close}
	if p.Lessons, err = find(f.root.FS()); err != nil {
		return nil, errors.Join(err, f.root.Close())
	}
	return p, nil
}

// within is a folder as it stands before the names of its files.
func within(name string) string {
	if name = filepath.ToSlash(filepath.Clean(name)); name == "." {
		return ""
	}
	return strings.TrimRight(name, "/") + "/"
}

// openFile opens the folder of one lesson, in which it is the only one.
func openFile(name, where string) (*Pack, error) {
	dir, base := filepath.Split(name)
	f, err := newFolder(filepath.Clean(dir)) // "" is the current one
	if err != nil {
		return nil, err
	}
	return &Pack{
		Path: where, Lessons: []string{base},
		fsys: f, shown: within(dir), close: f.root.Close,
	}, nil
}

func openBundle(name, where string) (*Pack, error) {
	files, err := unpack(name)
	if err != nil {
		return nil, err
	}
	p := &Pack{Path: where, fsys: files, shown: within(name), close: func() error { return nil }}
	for file := range files {
		if path.Base(file) == catalog.FileName {
			p.Lessons = append(p.Lessons, file)
		}
	}
	slices.Sort(p.Lessons)
	return p, count(p.Lessons)
}

// find lists the lesson files of a folder. Hidden folders are left out, and what a link leads to.
func find(fsys fs.FS) ([]string, error) {
	var found []string
	seen := 0
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read %s: %w", name, cause(err))
		}
		seen++
		switch {
		case seen > maxEntries:
			return fmt.Errorf("it holds more than %d files and folders; name the folder that holds the lessons", maxEntries)
		case d.IsDir() && hidden(d.Name()):
			return fs.SkipDir
		case d.IsDir() && strings.Count(name, "/") >= maxDepth:
			return fs.SkipDir
		case d.Name() == catalog.FileName && !d.IsDir():
			found = append(found, name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(found)
	return found, count(found)
}

// hidden says that a folder or file is of a program of its own: .git, .DS_Store, __MACOSX.
func hidden(name string) bool {
	return name != "." && strings.HasPrefix(name, ".") || name == "__MACOSX"
}

func count(found []string) error {
	switch {
	case len(found) == 0:
		return errors.New("no folder in it holds a " + catalog.FileName)
	case len(found) > maxLessons:
		return fmt.Errorf("it holds %d lessons, %d are allowed; name a folder with fewer", len(found), maxLessons)
	}
	return nil
}
