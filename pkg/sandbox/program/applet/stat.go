package applet

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

func ln(t *task.Task) int {
	o, names, ok := options(t, "sfnvT", "symbolic=s", "force=f")
	if !ok {
		return 1
	}
	if len(names) == 0 {
		return usage(t, "[-sfn] TARGET... [LINK|DIR]")
	}
	source, to := names[0], path.Base(names[0])
	if len(names) > 1 {
		to = names[1]
		if !o.has('n') && !o.has('T') {
			to = target(t, source, to)
		}
	}
	if o.has('f') {
		_ = t.FS.Remove(t.Path(to))
	}
	var err error
	if o.has('s') {
		err = t.FS.Symlink(source, t.Path(to))
	} else {
		err = t.FS.Link(t.Path(source), t.Path(to))
	}
	if err != nil {
		return failure(t, to, err)
	}
	return 0
}

func readlink(t *task.Task) int {
	o, names, ok := options(t, "fenmq", "canonicalize=f")
	if !ok {
		return 1
	}
	code := 0
	for _, n := range names {
		var out string
		var err error
		if o.has('f') || o.has('e') || o.has('m') || t.Name() == "realpath" {
			out, err = t.FS.RealPath(t.Path(n))
		} else {
			out, err = t.FS.Readlink(t.Path(n))
		}
		if err != nil {
			code = 1
			if t.Name() == "realpath" {
				failure(t, n, err)
			}
			continue
		}
		t.Printf("%s", out)
		if !o.has('n') {
			t.Printf("\n")
		}
	}
	return code
}

func stat(t *task.Task) int {
	o, names, ok := options(t, "c:Lft", "format=c", "dereference=L")
	if !ok {
		return 1
	}
	code := 0
	for _, n := range names {
		fi, err := t.FS.Lstat(t.Path(n))
		if o.has('L') {
			fi, err = t.FS.Stat(t.Path(n))
		}
		if err != nil {
			if gnu(t) {
				t.Errorf("cannot statx '%s': %s", n, fsys.Text(err))
			} else {
				t.Errorf("can't stat '%s': %s", n, fsys.Text(err))
			}
			code = 1
			continue
		}
		kind := fileKind(fi)
		octal := fmt.Sprintf("%o", permissions(fi.Mode()))
		id := t.FS.Owner(t.Path(n), o.has('L'))
		user, group := owners(t, id, false)
		if f := o.value('c', ""); f != "" {
			t.Printf("%s\n", strings.NewReplacer("%n", n, "%s", fmt.Sprint(fi.Size()), "%a", octal, "%A", Mode(fi.Mode()), "%F", kind, "%U", user, "%G", group,
				"%u", fmt.Sprint(id.UID), "%g", fmt.Sprint(id.GID), "%Y", fmt.Sprint(fi.ModTime().Unix()), "%y", fi.ModTime().UTC().Format("2006-01-02 15:04:05.000000000 +0000"), "%h", "1").Replace(f))
			continue
		}
		at := fi.ModTime().UTC().Format("2006-01-02 15:04:05.000000000 +0000")
		t.Printf("  File: %s\n  Size: %-10d\tBlocks: %-10d IO Block: 4096   %s\n", n, fi.Size(), size(fi)/512, kind)
		t.Printf("Access: (%04s/%s)  Uid: (%5d/%8s)   Gid: (%5d/%8s)\nAccess: %s\nModify: %s\nChange: %s\n", octal, Mode(fi.Mode()), id.UID, user, id.GID, group, at, at, at)
	}
	return code
}

// permissions are the bits that chmod takes, as a number.
func permissions(m fs.FileMode) fs.FileMode {
	bits := m.Perm()
	for mode, bit := range map[fs.FileMode]fs.FileMode{fs.ModeSticky: 0o1000, fs.ModeSetgid: 0o2000, fs.ModeSetuid: 0o4000} {
		if m&mode != 0 {
			bits |= bit
		}
	}
	return bits
}

func fileKind(fi fs.FileInfo) string {
	switch m := fi.Mode(); {
	case m.IsDir():
		return "directory"
	case m&fs.ModeSymlink != 0:
		return "symbolic link"
	case m&fs.ModeCharDevice != 0:
		return "character special file"
	case fi.Size() == 0:
		return "regular empty file"
	}
	return "regular file"
}

func mktemp(t *task.Task) int {
	o, names, ok := options(t, "dqutp:", "directory=d", "tmpdir=p")
	if !ok {
		return 1
	}
	dir := o.value('p', t.Getenv("TMPDIR"))
	if dir == "" {
		dir = "/tmp"
	}
	template := dir + "/tmp.XXXXXX"
	if len(names) > 0 {
		template = names[0]
		if o.has('t') || o.has('p') {
			template = dir + "/" + template
		}
	}
	stem := strings.TrimRight(template, "X")
	n := len(template) - len(stem)
	if n < 3 {
		t.Errorf("too few X's in template '%s'", template)
		return 1
	}
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	for range 100 {
		name := stem
		for range n {
			name += string(letters[rand.IntN(len(letters))])
		}
		var err error
		if o.has('d') {
			err = t.FS.Mkdir(t.Path(name), 0o700)
		} else {
			var f fsys.File
			if f, err = t.FS.OpenFile(t.Path(name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err == nil {
				err = f.Close()
			}
		}
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return failure(t, template, err)
		}
		t.Printf("%s\n", name)
		return 0
	}
	return 1
}
