package applet

import (
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// listed is a file as ls shows it.
type listed struct {
	name string
	path string
	info fs.FileInfo
}

func ls(t *task.Task) int {
	o, names, ok := options(t, "1alhARdFrtSCnip", "all=a", "almost-all=A", "recursive=R", "directory=d", "human-readable=h", "color=C", "reverse=r", "classify=F")
	if !ok {
		return 2 - boolInt(!gnu(t))
	}
	if len(names) == 0 {
		names = []string{"."}
	}
	l := &lister{t: t, o: o}
	var files, dirs []listed
	code := 0
	for _, n := range names {
		p := t.Path(n)
		fi, err := t.FS.Stat(p)
		if err != nil || o.has('d') || o.has('l') && !strings.HasSuffix(n, "/") {
			if lfi, lerr := t.FS.Lstat(p); lerr == nil && (err != nil || lfi.Mode()&fs.ModeSymlink != 0) {
				fi, err = lfi, nil
			}
		}
		if err != nil {
			code = l.missing(n, err)
			continue
		}
		e := listed{n, p, fi}
		if fi.IsDir() && !o.has('d') {
			dirs = append(dirs, e)
		} else {
			files = append(files, e)
		}
	}
	l.print(l.sorted(files))
	for i, d := range dirs {
		if i > 0 || len(files) > 0 {
			t.Printf("\n")
		}
		if c := l.dir(d, len(names) > 1 || o.has('R')); c != 0 {
			code = c
		}
	}
	return code
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

type lister struct {
	t *task.Task
	o opts
}

func (l *lister) missing(name string, err error) int {
	if gnu(l.t) {
		l.t.Errorf("cannot access '%s': %s", name, fsys.Text(err))
		return 2
	}
	return failure(l.t, name, err)
}

func (l *lister) dir(d listed, heading bool) int {
	entries, err := l.t.FS.ReadDir(d.path)
	if err != nil {
		if gnu(l.t) {
			l.t.Errorf("cannot open directory '%s': %s", d.name, fsys.Text(err))
			return 2
		}
		return failure(l.t, d.name, err)
	}
	if heading {
		l.t.Printf("%s:\n", d.name)
	}
	var files, below []listed
	add := func(name string) {
		p := path.Join(d.path, name)
		fi, err := l.t.FS.Lstat(p)
		if err != nil {
			return
		}
		e := listed{name, p, fi}
		files = append(files, e)
		if fi.IsDir() && name != "." && name != ".." {
			below = append(below, listed{strings.TrimSuffix(d.name, "/") + "/" + name, p, fi})
		}
	}
	if l.o.has('a') {
		add(".")
		add("..")
		for i, n := range []string{".", ".."} {
			if i < len(files) {
				files[i].name = n
			}
		}
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") && !l.o.has('a') && !l.o.has('A') {
			continue
		}
		add(e.Name())
	}
	if l.o.has('l') {
		l.t.Printf("total %d\n", blocks(files))
	}
	l.print(l.sorted(files))
	code := 0
	if l.o.has('R') {
		for _, b := range below {
			l.t.Printf("\n")
			code = max(code, l.dir(b, true))
		}
	}
	return code
}

// blocks is the number of kibibytes in whole pages of 4.
func blocks(files []listed) int64 {
	var n int64
	for _, f := range files {
		n += size(f.info)
	}
	return n / 1024
}

// size is what a file takes up on a disk with pages of 4 KiB.
func size(fi fs.FileInfo) int64 {
	if fi.Mode()&fs.ModeSymlink != 0 {
		return 0
	}
	return (fi.Size() + 4095) / 4096 * 4096
}

func (l *lister) sorted(files []listed) []listed {
	sort.SliceStable(files, func(i, j int) bool {
		a, b := files[i], files[j]
		if l.o.has('r') {
			a, b = b, a
		}
		switch {
		case l.o.has('t') && !a.info.ModTime().Equal(b.info.ModTime()):
			return a.info.ModTime().After(b.info.ModTime())
		case l.o.has('S') && a.info.Size() != b.info.Size():
			return a.info.Size() > b.info.Size()
		}
		return a.name < b.name
	})
	return files
}

func (l *lister) print(files []listed) {
	if l.o.has('l') {
		l.long(files)
		return
	}
	var names []string
	for _, f := range files {
		names = append(names, f.name+l.mark(f))
	}
	tty := l.t.OutTTY()
	if tty == nil && !l.o.has('C') || l.o.has('1') {
		for _, n := range names {
			l.t.Printf("%s\n", n)
		}
		return
	}
	width := 80
	if tty != nil {
		width, _ = tty.Size()
	}
	columns(l.t, names, width)
}

func (l *lister) mark(f listed) string {
	if !l.o.has('F') && !l.o.has('p') {
		return ""
	}
	switch {
	case f.info.IsDir():
		return "/"
	case l.o.has('p'):
		return ""
	case f.info.Mode()&fs.ModeSymlink != 0:
		return "@"
	case f.info.Mode()&0o111 != 0:
		return "*"
	}
	return ""
}

// columns prints names downwards in as many columns as fit.
func columns(t *task.Task, names []string, width int) {
	if len(names) == 0 {
		return
	}
	longest := 0
	for _, n := range names {
		longest = max(longest, len(n)+2)
	}
	cols := max(width/longest, 1)
	rows := (len(names) + cols - 1) / cols
	for r := range rows {
		line := ""
		for c := 0; c*rows+r < len(names); c++ {
			line += fmt.Sprintf("%-*s", longest, names[c*rows+r])
		}
		t.Printf("%s\n", strings.TrimRight(line, " "))
	}
}

func (l *lister) long(files []listed) {
	w := 1
	sizes := make([]string, len(files))
	for i, f := range files {
		sizes[i] = fmt.Sprint(f.info.Size())
		if l.o.has('h') {
			sizes[i] = human(f.info.Size())
		}
		if f.info.Mode()&fs.ModeDevice != 0 {
			sizes[i] = "1, 3"
		}
		w = max(w, len(sizes[i]))
	}
	for i, f := range files {
		user, group := owners(l.t, l.t.FS.Owner(f.path, false), l.o.has('n'))
		links := 1
		if f.info.IsDir() {
			links = 2
		}
		if gnu(l.t) {
			l.t.Printf("%s %d %s %s %*s %s %s", Mode(f.info.Mode()), links, user, group, w, sizes[i], when(f.info.ModTime(), l.t.Now()), f.name)
		} else {
			l.t.Printf("%s %4d %-8s %-8s %9s %s %s", Mode(f.info.Mode()), links, user, group, sizes[i], when(f.info.ModTime(), l.t.Now()), f.name)
		}
		if f.info.Mode()&fs.ModeSymlink != 0 {
			if target, err := l.t.FS.Readlink(f.path); err == nil {
				l.t.Printf(" -> %s", target)
			}
		}
		l.t.Printf("%s\n", l.mark(f))
	}
}

// when is a time as ls shows it: with the hour, or the year if it is long ago.
func when(m, now time.Time) string {
	m = m.UTC()
	if now.Sub(m) > 180*24*time.Hour {
		return m.Format("Jan _2  2006")
	}
	return m.Format("Jan _2 15:04")
}

// Mode is permission bits as ls shows them: drwxr-xr-x.
func Mode(m fs.FileMode) string {
	kind := "-"
	switch {
	case m.IsDir():
		kind = "d"
	case m&fs.ModeSymlink != 0:
		kind = "l"
	case m&fs.ModeCharDevice != 0:
		kind = "c"
	case m&fs.ModeDevice != 0:
		kind = "b"
	case m&fs.ModeNamedPipe != 0:
		kind = "p"
	case m&fs.ModeSocket != 0:
		kind = "s"
	}
	bits := []byte(m.Perm().String()[1:])
	special := func(set bool, at int, with, without byte) {
		if set && bits[at] == 'x' {
			bits[at] = with
		} else if set {
			bits[at] = without
		}
	}
	special(m&fs.ModeSetuid != 0, 2, 's', 'S')
	special(m&fs.ModeSetgid != 0, 5, 's', 'S')
	special(m&fs.ModeSticky != 0, 8, 't', 'T')
	return kind + string(bits)
}

// human is a size with a unit: 1.5K.
func human(n int64) string {
	f, unit := float64(n), ""
	for _, u := range []string{"K", "M", "G", "T"} {
		if f < 1024 {
			break
		}
		f, unit = f/1024, u
	}
	if unit == "" {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%.1f%s", f, unit)
}
