package completion

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// link is a file by which kubectl finds the plugin when it wants words completed.
type link struct {
	path string
	// program is what it leads to: the plugin as it is found on PATH, which an update replaces.
	program string
	onPath  bool
	windows bool
}

func (l link) folder() string { return filepath.Dir(l.path) }

// link says where it is to be.
func (o *InstallOptions) link() (link, error) {
	l := link{windows: runtime.GOOS == "windows"}
	path := filepath.SplitList(o.Getenv("PATH"))
	l.program = onPath(path, plugin.Program, l.windows)
	if l.program == "" {
		l.program = o.Self
	}
	folder := o.To
	if folder == "" {
		folder = filepath.Dir(l.program)
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return link{}, err
	}
	info, err := os.Stat(folder)
	if err != nil {
		return link{}, err
	}
	if !info.IsDir() {
		return link{}, fmt.Errorf("%s is no folder", folder)
	}
	for _, dir := range path {
		if other, err := os.Stat(dir); err == nil && os.SameFile(info, other) {
			l.onPath = true
		}
	}
	l.path = filepath.Join(folder, plugin.Completer)
	if l.windows {
		l.path += ".cmd" // a link wants rights there that few people have
	}
	return l, nil
}

// onPath finds a program as kubectl does, and does not follow links.
func onPath(path []string, name string, windows bool) string {
	if windows {
		name += ".exe"
	}
	for _, dir := range path {
		if dir == "" {
			continue
		}
		file, err := filepath.Abs(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		if info, err := os.Stat(file); err == nil && !info.IsDir() && (windows || info.Mode()&0o111 != 0) {
			return file
		}
	}
	return ""
}

// target is what is written into the link: a name alone beside the program, so that both can move.
func (l link) target() string {
	if filepath.Dir(l.program) == l.folder() {
		return filepath.Base(l.program)
	}
	return l.program
}

// script is the file of Windows.
func (l link) script() string {
	target := l.program
	if filepath.Dir(l.program) == l.folder() {
		target = `%~dp0` + filepath.Base(l.program)
	}
	return "@\"" + target + "\" __complete %*\r\n"
}

// make makes the link, unless it is there. A file that is something else is left alone.
func (l link) make() (made bool, err error) {
	state, err := l.look()
	if err != nil || state == same {
		return false, err
	}
	if state == old {
		if err := os.Remove(l.path); err != nil {
			return false, err
		}
	}
	if l.windows {
		err = os.WriteFile(l.path, []byte(l.script()), 0o755)
	} else {
		err = os.Symlink(l.target(), l.path)
	}
	if errors.Is(err, fs.ErrPermission) {
		err = fmt.Errorf("%w; name a folder of your PATH that is yours: --to FOLDER", err)
	}
	return err == nil, err
}

// remove removes the link.
func (l link) remove() (removed bool, err error) {
	state, err := l.look()
	if err != nil || state == none {
		return false, err
	}
	return true, os.Remove(l.path)
}

type state int

const (
	none state = iota
	same       // as we would make it
	old        // one of ours that leads elsewhere, as after the plugin moved
)

// look says what is at the path. It is an error if it is not ours.
func (l link) look() (state, error) {
	info, err := os.Lstat(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	var is, want string
	ours := false
	switch {
	case l.windows && info.Mode().IsRegular() && info.Size() < 4096:
		data, err := os.ReadFile(l.path)
		if err != nil {
			return none, err
		}
		is, want = string(data), l.script()
		ours = strings.Contains(is, plugin.Program) && strings.HasSuffix(is, " __complete %*\r\n")
	case !l.windows && info.Mode()&fs.ModeSymlink != 0:
		if is, err = os.Readlink(l.path); err != nil {
			return none, err
		}
		want = l.target()
		ours = filepath.Base(is) == plugin.Program
	}
	switch {
	case is != "" && is == want:
		return same, nil
	case ours:
		return old, nil
	}
	return none, fmt.Errorf("%s is there, and this command did not make it; remove it first", l.path)
}
