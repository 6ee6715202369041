package applet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

func findFile(name string) task.Program {
	switch name {
	case "ls":
		return plain(ls)
	case "touch":
		return plain(touch)
	case "mkdir":
		return plain(mkdir)
	case "rm":
		return plain(rm)
	case "rmdir":
		return plain(rmdir)
	case "cp":
		return plain(cp)
	case "mv":
		return plain(mv)
	case "ln":
		return plain(ln)
	case "readlink", "realpath":
		return plain(readlink)
	case "chmod":
		return plain(chmod)
	case "chown":
		return plain(chown)
	case "stat":
		return plain(stat)
	case "du":
		return plain(du)
	case "df":
		return plain(df)
	case "find":
		return find
	case "dd":
		return plain(dd)
	case "mktemp":
		return plain(mktemp)
	case "truncate":
		return plain(truncate)
	case "tar":
		return plain(tarArchive)
	case "sync":
		return plain(func(*task.Task) int { return 0 })
	}
	return nil
}

// create opens a file for writing.
func create(t *task.Task, name string, appending bool) (fsys.File, error) {
	flag := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if appending {
		flag = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	return t.OpenFile(name, flag, 0o644)
}

// cannot reports that something could not be done with a file, in either family's words.
func cannot(t *task.Task, verb, name string, err error) int {
	if gnu(t) {
		t.Errorf("cannot %s '%s': %s", verb, name, fsys.Text(err))
		return 1
	}
	return failure(t, name, err)
}

func touch(t *task.Task) int {
	o, names, ok := options(t, "cd:amt:r:", "no-create=c", "date=d")
	if !ok {
		return 1
	}
	if len(names) == 0 {
		return usage(t, "[-c] [-d DATE] FILE...")
	}
	at := t.Now()
	if d := o.value('d', ""); d != "" {
		var err error
		if at, err = parseDate(d); err != nil {
			t.Errorf("invalid date '%s'", d)
			return 1
		}
	}
	code := 0
	for _, n := range names {
		err := t.FS.Chtimes(t.Path(n), at, at)
		if missing(err) && !o.has('c') {
			var f fsys.File
			if f, err = t.OpenFile(n, os.O_WRONLY|os.O_CREATE, 0o644); err == nil {
				err = f.Close()
			}
		} else if missing(err) {
			err = nil
		}
		if err != nil {
			code = cannot(t, "touch", n, err)
		}
	}
	return code
}

func mkdir(t *task.Task) int {
	o, names, ok := options(t, "pm:v", "parents=p", "mode=m")
	if !ok {
		return 1
	}
	if len(names) == 0 {
		return usage(t, "[-m MODE] [-p] DIRECTORY...")
	}
	code := 0
	for _, n := range names {
		var err error
		if o.has('p') {
			err = t.FS.MkdirAll(t.Path(n), 0o755)
		} else {
			err = t.FS.Mkdir(t.Path(n), 0o755)
		}
		if m := o.value('m', ""); err == nil && m != "" {
			bits, perr := strconv.ParseUint(m, 8, 32)
			if perr != nil {
				t.Errorf("invalid mode '%s'", m)
				return 1
			}
			err = t.FS.Chmod(t.Path(n), fs.FileMode(bits)&fs.ModePerm)
		}
		if err == nil {
			continue
		}
		code = 1
		if gnu(t) {
			t.Errorf("cannot create directory '%s': %s", n, fsys.Text(err))
		} else {
			t.Errorf("can't create directory '%s': %s", n, fsys.Text(err))
		}
	}
	return code
}

func rm(t *task.Task) int {
	o, names, ok := options(t, "rRfiv", "recursive=r", "force=f")
	if !ok {
		return 1
	}
	if len(names) == 0 {
		if o.has('f') {
			return 0
		}
		return usage(t, "[-irf] FILE...")
	}
	code := 0
	for _, n := range names {
		if base := path.Base(n); base == "." || base == ".." || path.Clean(n) == "/" {
			t.Errorf("refusing to remove '%s'", n)
			code = 1
			continue
		}
		fi, err := t.FS.Lstat(t.Path(n))
		switch {
		case missing(err) && o.has('f'):
			continue
		case err != nil:
		case fi.IsDir() && !o.has('r') && !o.has('R'):
			err = &fs.PathError{Op: "remove", Path: n, Err: syscall.EISDIR}
		default:
			err = removeTree(t, t.Path(n), fi)
		}
		if err == nil {
			continue
		}
		code = 1
		switch {
		case gnu(t):
			t.Errorf("cannot remove '%s': %s", n, fsys.Text(err))
		case errors.Is(err, syscall.EISDIR):
			t.Errorf("'%s' is a directory", n)
		default:
			t.Errorf("can't remove '%s': %s", n, fsys.Text(err))
		}
	}
	return code
}

// removeTree removes what it can, as rm does: a mount point in the middle stops only itself.
func removeTree(t *task.Task, p string, fi fs.FileInfo) error {
	if !fi.IsDir() {
		return t.FS.Remove(p)
	}
	entries, err := t.FS.ReadDir(p)
	if err != nil {
		return err
	}
	var failed error
	for _, e := range entries {
		if sub, err := t.FS.Lstat(path.Join(p, e.Name())); err == nil {
			if err := removeTree(t, path.Join(p, e.Name()), sub); err != nil && failed == nil {
				failed = err
			}
		}
	}
	if failed != nil {
		return failed
	}
	return t.FS.Remove(p)
}

func rmdir(t *task.Task) int {
	_, names, ok := options(t, "p")
	if !ok {
		return 1
	}
	code := 0
	for _, n := range names {
		fi, err := t.FS.Lstat(t.Path(n))
		if err == nil && !fi.IsDir() {
			err = syscall.ENOTDIR
		}
		if err == nil {
			err = t.FS.Remove(t.Path(n))
		}
		if err != nil {
			t.Errorf("'%s': %s", n, fsys.Text(err))
			code = 1
		}
	}
	return code
}

// target returns where a source goes when it is copied or moved to dest.
func target(t *task.Task, source, dest string) string {
	if isDir(t, dest) {
		return strings.TrimSuffix(dest, "/") + "/" + path.Base(path.Clean(source))
	}
	return dest
}

func cp(t *task.Task) int {
	o, names, ok := options(t, "rRapfdLv", "recursive=r", "archive=a", "force=f", "preserve=p")
	if !ok {
		return 1
	}
	if len(names) < 2 {
		return usage(t, "[-arf] SOURCE... DEST")
	}
	sources, dest := names[:len(names)-1], names[len(names)-1]
	if len(sources) > 1 && !isDir(t, dest) {
		t.Errorf("target '%s' is not a directory", dest)
		return 1
	}
	c := copier{t: t, recursive: o.has('r') || o.has('R') || o.has('a'), keep: o.has('a') || o.has('p'), links: o.has('a') || o.has('d') || o.has('r') || o.has('R')}
	code := 0
	for _, s := range sources {
		code = max(code, c.copy(s, target(t, s, dest)))
	}
	return code
}

type copier struct {
	t         *task.Task
	recursive bool
	keep      bool
	links     bool
}

func (c copier) copy(from, to string) int {
	t := c.t
	fi, err := t.FS.Stat(t.Path(from))
	if lfi, lerr := t.FS.Lstat(t.Path(from)); lerr == nil && c.links && lfi.Mode()&fs.ModeSymlink != 0 {
		fi, err = lfi, nil
	}
	if err != nil {
		if gnu(t) {
			return cannot(t, "stat", from, err)
		}
		t.Errorf("can't stat '%s': %s", from, fsys.Text(err))
		return 1
	}
	switch {
	case fi.Mode()&fs.ModeSymlink != 0:
		link, err := t.FS.Readlink(t.Path(from))
		if err == nil {
			_ = t.FS.Remove(t.Path(to))
			err = t.FS.Symlink(link, t.Path(to))
		}
		if err != nil {
			return c.cannotCreate(to, err)
		}
		return 0
	case fi.IsDir():
		return c.folder(from, to, fi)
	}
	return c.file(from, to, fi)
}

func (c copier) cannotCreate(to string, err error) int {
	if gnu(c.t) {
		return cannot(c.t, "create regular file", to, err)
	}
	c.t.Errorf("can't create '%s': %s", to, fsys.Text(err))
	return 1
}

func (c copier) folder(from, to string, fi fs.FileInfo) int {
	t := c.t
	if !c.recursive {
		if gnu(t) {
			t.Errorf("-r not specified; omitting directory '%s'", from)
		} else {
			t.Errorf("omitting directory '%s'", from)
		}
		return 1
	}
	if err := t.FS.Mkdir(t.Path(to), fi.Mode().Perm()|0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		t.Errorf("can't create directory '%s': %s", to, fsys.Text(err))
		return 1
	}
	entries, err := t.FS.ReadDir(t.Path(from))
	if err != nil {
		return cannotOpen(t, from, err)
	}
	code := 0
	for _, e := range entries {
		code = max(code, c.copy(from+"/"+e.Name(), to+"/"+e.Name()))
	}
	return code
}

func (c copier) file(from, to string, fi fs.FileInfo) int {
	t := c.t
	in, err := t.Open(from)
	if err != nil {
		return cannotOpen(t, from, err)
	}
	defer in.Close()
	if a, e1 := t.FS.RealPath(t.Path(from)); e1 == nil {
		if b, e2 := t.FS.RealPath(t.Path(to)); e2 == nil && a == b {
			t.Errorf("'%s' and '%s' are the same file", from, to)
			return 1
		}
	}
	out, err := t.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fi.Mode().Perm())
	if err != nil {
		return c.cannotCreate(to, err)
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		return failure(t, to, err)
	}
	if c.keep {
		_ = t.FS.Chmod(t.Path(to), fi.Mode().Perm())
		_ = t.FS.Chtimes(t.Path(to), fi.ModTime(), fi.ModTime())
	}
	return 0
}

func mv(t *task.Task) int {
	_, names, ok := options(t, "finvT", "force=f", "no-clobber=n")
	if !ok {
		return 1
	}
	if len(names) < 2 {
		return usage(t, "[-fin] SOURCE... DEST")
	}
	sources, dest := names[:len(names)-1], names[len(names)-1]
	if len(sources) > 1 && !isDir(t, dest) {
		t.Errorf("target '%s' is not a directory", dest)
		return 1
	}
	code := 0
	for _, s := range sources {
		to := target(t, s, dest)
		err := t.FS.Rename(t.Path(s), t.Path(to))
		if errors.Is(err, syscall.EXDEV) {
			// Between volumes a move is a copy, as in life.
			c := copier{t: t, recursive: true, keep: true, links: true}
			if c.copy(s, to) != 0 {
				code = 1
				continue
			}
			fi, serr := t.FS.Lstat(t.Path(s))
			if err = serr; err == nil {
				err = removeTree(t, t.Path(s), fi)
			}
		}
		if err != nil {
			code = 1
			if gnu(t) {
				t.Errorf("cannot move '%s' to '%s': %s", s, to, fsys.Text(err))
			} else {
				t.Errorf("can't rename '%s': %s", s, fsys.Text(err))
			}
		}
	}
	return code
}

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

func chmod(t *task.Task) int {
	args := t.Args[1:]
	recursive := false
	for len(args) > 0 && (args[0] == "-R" || args[0] == "-v" || args[0] == "-f" || args[0] == "--recursive") {
		recursive = recursive || args[0] == "-R" || args[0] == "--recursive"
		args = args[1:]
	}
	if len(args) < 2 {
		return usage(t, "[-R] MODE[,MODE]... FILE...")
	}
	code := 0
	var apply func(p string) error
	apply = func(p string) error {
		fi, err := t.FS.Stat(p)
		if err != nil {
			return err
		}
		mode, err := newMode(fi.Mode(), args[0])
		if err != nil {
			return err
		}
		if err := t.FS.Chmod(p, mode); err != nil {
			return err
		}
		if recursive && fi.IsDir() {
			entries, err := t.FS.ReadDir(p)
			if err != nil {
				return err
			}
			for _, e := range entries {
				if e.Type()&fs.ModeSymlink == 0 {
					if err := apply(path.Join(p, e.Name())); err != nil {
						return err
					}
				}
			}
		}
		return nil
	}
	for _, n := range args[1:] {
		if err := apply(t.Path(n)); errors.Is(err, errMode) {
			t.Errorf("invalid mode '%s'", args[0])
			return 1
		} else if err != nil {
			code = failure(t, n, err)
		}
	}
	return code
}

var errMode = errors.New("invalid mode")

// newMode applies 755 or u+x,go-w.
func newMode(old fs.FileMode, spec string) (fs.FileMode, error) {
	if n, err := strconv.ParseUint(spec, 8, 32); err == nil {
		m := fs.FileMode(n) & fs.ModePerm
		if n&0o1000 != 0 {
			m |= fs.ModeSticky
		}
		return m, nil
	}
	m := old & (fs.ModePerm | fs.ModeSticky)
	for _, part := range strings.Split(spec, ",") {
		i := strings.IndexAny(part, "+-=")
		if i < 0 {
			return 0, errMode
		}
		who, op, what := part[:i], part[i], part[i+1:]
		if who == "" {
			who = "a"
		}
		var mask, bits fs.FileMode
		for _, w := range who {
			switch w {
			case 'u':
				mask |= 0o700
			case 'g':
				mask |= 0o070
			case 'o':
				mask |= 0o007
			case 'a':
				mask |= 0o777
			default:
				return 0, errMode
			}
		}
		for _, c := range what {
			switch c {
			case 'r':
				bits |= 0o444
			case 'w':
				bits |= 0o222
			case 'x':
				bits |= 0o111
			case 'X':
				if old.IsDir() || old&0o111 != 0 {
					bits |= 0o111
				}
			case 't':
				m |= fs.ModeSticky
			case 's':
			default:
				return 0, errMode
			}
		}
		switch op {
		case '+':
			m |= bits & mask
		case '-':
			m &^= bits & mask
		case '=':
			m = m&^mask | bits&mask
		}
	}
	return m, nil
}

// chown only looks whether the files are there: files have no owners here but root.
func chown(t *task.Task) int {
	_, args, ok := options(t, "Rhvf", "recursive=R")
	if !ok {
		return 1
	}
	if len(args) < 2 {
		return usage(t, "[-R] USER[:[GRP]] FILE...")
	}
	code := 0
	for _, n := range args[1:] {
		if _, err := t.FS.Lstat(t.Path(n)); err != nil {
			code = failure(t, n, err)
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
		octal := fmt.Sprintf("%o", fi.Mode().Perm())
		if f := o.value('c', ""); f != "" {
			t.Printf("%s\n", strings.NewReplacer("%n", n, "%s", fmt.Sprint(fi.Size()), "%a", octal, "%A", Mode(fi.Mode()), "%F", kind, "%U", "root", "%G", "root",
				"%u", "0", "%g", "0", "%Y", fmt.Sprint(fi.ModTime().Unix()), "%y", fi.ModTime().UTC().Format("2006-01-02 15:04:05.000000000 +0000"), "%h", "1").Replace(f))
			continue
		}
		at := fi.ModTime().UTC().Format("2006-01-02 15:04:05.000000000 +0000")
		t.Printf("  File: %s\n  Size: %-10d\tBlocks: %-10d IO Block: 4096   %s\n", n, fi.Size(), size(fi)/512, kind)
		t.Printf("Access: (%04s/%s)  Uid: (    0/    root)   Gid: (    0/    root)\nAccess: %s\nModify: %s\nChange: %s\n", octal, Mode(fi.Mode()), at, at, at)
	}
	return code
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

// usedBy is what a tree takes up, without what is mounted into it.
func usedBy(t *task.Task, p string, each func(p string, fi fs.FileInfo, total int64)) int64 {
	fi, err := t.FS.Lstat(p)
	if err != nil || p == "/proc" || p == "/dev" {
		return 0
	}
	total := size(fi)
	if fi.IsDir() {
		entries, _ := t.FS.ReadDir(p)
		for _, e := range entries {
			total += usedBy(t, path.Join(p, e.Name()), each)
		}
	}
	if each != nil {
		each(p, fi, total)
	}
	return total
}

func du(t *task.Task) int {
	o, names, ok := options(t, "shkamcd:x", "summarize=s", "human-readable=h", "all=a", "max-depth=d")
	if !ok {
		return 1
	}
	if len(names) == 0 {
		names = []string{"."}
	}
	depth, err := strconv.Atoi(o.value('d', "1000"))
	if err != nil {
		t.Errorf("invalid number '%s'", o.value('d', ""))
		return 1
	}
	if o.has('s') {
		depth = 0
	}
	show := func(n int64, name string) {
		text := fmt.Sprint(n / 1024)
		switch {
		case o.has('h'):
			text = human(n)
		case o.has('m'):
			text = fmt.Sprint((n + 1<<20 - 1) >> 20)
		}
		t.Printf("%s\t%s\n", text, name)
	}
	code := 0
	for _, n := range names {
		root := path.Clean(t.Path(n))
		if _, err := t.FS.Lstat(root); err != nil {
			code = failure(t, n, err)
			continue
		}
		usedBy(t, root, func(p string, fi fs.FileInfo, total int64) {
			rel := strings.TrimPrefix(strings.TrimPrefix(p, root), "/")
			level := 0
			if rel != "" {
				level = strings.Count(rel, "/") + 1
			}
			if level > depth || !fi.IsDir() && !o.has('a') && level > 0 {
				return
			}
			name := n
			if rel != "" {
				name = strings.TrimSuffix(n, "/") + "/" + rel
			}
			show(total, name)
		})
	}
	return code
}

func df(t *task.Task) int {
	o, _, ok := options(t, "hkmTaPi", "human-readable=h")
	if !ok {
		return 1
	}
	used := usedBy(t, "/", nil)
	head, unit := "1K-blocks", func(n int64) string { return fmt.Sprint(n / 1024) }
	if o.has('h') {
		head, unit = "Size", human
	} else if o.has('m') {
		head, unit = "1M-blocks", func(n int64) string { return fmt.Sprint(n >> 20) }
	}
	t.Printf("%-20s %10s %9s %9s %s %s\n", "Filesystem", head, "Used", "Available", "Use%", "Mounted on")
	row := func(name string, total, used int64, at string) {
		t.Printf("%-20s %10s %9s %9s %3d%% %s\n", name, unit(total), unit(used), unit(total-used), (used*100+total-1)/total, at)
	}
	for _, p := range t.FS.Points() {
		if p.Path == "/" {
			row("overlay", task.NodeDisk, used, "/")
			row("tmpfs", 64<<20, 0, "/dev")
			continue
		}
		row("/dev/vda1", task.NodeDisk, used, p.Path)
	}
	return 0
}

func dd(t *task.Task) int {
	args := map[string]string{}
	for _, a := range t.Args[1:] {
		k, v, ok := strings.Cut(a, "=")
		switch k {
		case "if", "of", "bs", "count", "skip", "seek", "conv", "status", "ibs", "obs", "iflag", "oflag":
		default:
			ok = false
		}
		if !ok {
			t.Errorf("unrecognized operand '%s'", a)
			return 1
		}
		args[k] = v
	}
	number := func(k string, otherwise int) (int, bool) {
		if args[k] == "" {
			return otherwise, true
		}
		n, err := count(args[k])
		if err != nil || n < 0 {
			t.Errorf("invalid number '%s'", args[k])
		}
		return n, err == nil && n >= 0
	}
	bs, ok1 := number("bs", 512)
	blocks, ok2 := number("count", -1)
	skip, ok3 := number("skip", 0)
	seek, ok4 := number("seek", 0)
	if !ok1 || !ok2 || !ok3 || !ok4 || bs == 0 || bs > 1<<28 {
		return 1
	}
	in, out := t.In, t.Out
	if f := args["if"]; f != "" {
		h, err := t.Open(f)
		if err != nil {
			return cannotOpen(t, f, err)
		}
		defer h.Close()
		in = h
	}
	if f := args["of"]; f != "" {
		flag := os.O_WRONLY | os.O_CREATE
		if !strings.Contains(args["conv"], "notrunc") && seek == 0 {
			flag |= os.O_TRUNC
		}
		h, err := t.OpenFile(f, flag, 0o644)
		if err != nil {
			return cannotOpen(t, f, err)
		}
		defer h.Close()
		if seek > 0 {
			if _, err := h.Seek(int64(seek)*int64(bs), io.SeekStart); err != nil {
				return failure(t, f, err)
			}
		}
		out = h
	}
	return copyBlocks(t, in, out, bs, blocks, skip, args["status"] == "none")
}

func copyBlocks(t *task.Task, in io.Reader, out io.Writer, bs, blocks, skip int, silent bool) int {
	start := time.Now()
	buf := make([]byte, bs)
	full, partial, total, code := 0, 0, 0, 0
	for range skip {
		if _, err := io.ReadFull(in, buf); err != nil {
			break
		}
	}
	for blocks < 0 || full+partial < blocks {
		n, err := io.ReadFull(in, buf)
		if n > 0 {
			if _, werr := out.Write(buf[:n]); werr != nil {
				t.Errorf("error writing: %s", fsys.Text(werr))
				code = 1
				break
			}
			total += n
			if n == bs {
				full++
			} else {
				partial++
			}
		}
		if err != nil {
			break
		}
	}
	if silent {
		return code
	}
	s := max(time.Since(start).Seconds(), 1e-6)
	fmt.Fprintf(t.Err, "%d+%d records in\n%d+%d records out\n%d bytes (%sB) copied, %.6f seconds, %sB/s\n", full, partial, full, partial, total, human(int64(total)), s, human(int64(float64(total)/s)))
	return code
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

func truncate(t *task.Task) int {
	o, names, ok := options(t, "cs:", "size=s")
	if !ok {
		return 1
	}
	n, err := count(o.value('s', ""))
	if err != nil || n < 0 {
		t.Errorf("invalid number '%s'", o.value('s', ""))
		return 1
	}
	code := 0
	for _, name := range names {
		f, err := t.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o644)
		if err == nil {
			if tr, ok := f.(interface{ Truncate(int64) error }); ok {
				err = tr.Truncate(int64(n))
			}
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			code = failure(t, name, err)
		}
	}
	return code
}

// find walks trees: -name, -iname, -path, -type, -maxdepth, -mindepth, -size, -newer, -empty, !, -print, -delete, -exec.
func find(ctx context.Context, t *task.Task) int {
	args := t.Args[1:]
	var roots []string
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") && args[0] != "!" && args[0] != "(" {
		roots = append(roots, args[0])
		args = args[1:]
	}
	if len(roots) == 0 {
		roots = []string{"."}
	}
	f := &finder{ctx: ctx, t: t, depth: 1 << 20}
	if err := f.parse(args); err != nil {
		t.Errorf("%v", err)
		return 1
	}
	for _, r := range roots {
		if _, err := t.FS.Lstat(t.Path(r)); err != nil {
			if gnu(t) {
				t.Errorf("'%s': %s", r, fsys.Text(err))
			} else {
				failure(t, r, err)
			}
			f.code = 1
			continue
		}
		f.walk(r, 0)
	}
	return f.code
}

type finder struct {
	ctx    context.Context
	t      *task.Task
	tests  []func(name string, fi fs.FileInfo) bool
	action bool
	depth  int
	least  int
	delete bool
	code   int
}

func (f *finder) parse(args []string) error {
	negate := false
	add := func(test func(string, fs.FileInfo) bool) {
		if negate {
			inner := test
			test = func(n string, fi fs.FileInfo) bool { return !inner(n, fi) }
		}
		negate = false
		f.tests = append(f.tests, test)
	}
	for len(args) > 0 {
		a := args[0]
		args = args[1:]
		value := ""
		switch a {
		case "-name", "-iname", "-path", "-type", "-maxdepth", "-mindepth", "-size", "-newer", "-perm", "-mtime", "-mmin", "-user":
			if len(args) == 0 {
				return fmt.Errorf("%s requires an argument", a)
			}
			value, args = args[0], args[1:]
		}
		switch a {
		case "!", "-not":
			negate = true
		case "-a", "-and", "-xdev", "-follow":
		case "-name":
			add(func(n string, _ fs.FileInfo) bool { ok, _ := path.Match(value, path.Base(n)); return ok })
		case "-iname":
			add(func(n string, _ fs.FileInfo) bool {
				ok, _ := path.Match(strings.ToLower(value), strings.ToLower(path.Base(n)))
				return ok
			})
		case "-path":
			add(func(n string, _ fs.FileInfo) bool {
				// In -path a star also matches slashes.
				ok, _ := path.Match(strings.ReplaceAll(value, "/", "\x01"), strings.ReplaceAll(n, "/", "\x01"))
				return ok
			})
		case "-type":
			add(func(_ string, fi fs.FileInfo) bool {
				return strings.Contains(value, strings.Replace(Mode(fi.Mode())[:1], "-", "f", 1))
			})
		case "-empty":
			add(func(n string, fi fs.FileInfo) bool {
				if fi.IsDir() {
					e, err := f.t.FS.ReadDir(f.t.Path(n))
					return err == nil && len(e) == 0
				}
				return fi.Size() == 0
			})
		case "-size":
			n, err := count(strings.TrimSuffix(strings.TrimLeft(value, "+-"), "c"))
			if err != nil {
				return fmt.Errorf("bad size '%s'", value)
			}
			if !strings.HasSuffix(value, "c") && strings.Trim(value, "+-0123456789") == "" {
				n *= 512
			}
			add(func(_ string, fi fs.FileInfo) bool {
				switch value[0] {
				case '+':
					return fi.Size() > int64(n)
				case '-':
					return fi.Size() < int64(n)
				}
				return fi.Size() == int64(n)
			})
		case "-newer":
			fi, err := f.t.FS.Stat(f.t.Path(value))
			if err != nil {
				return fmt.Errorf("%s: %s", value, fsys.Text(err))
			}
			add(func(_ string, x fs.FileInfo) bool { return x.ModTime().After(fi.ModTime()) })
		case "-maxdepth", "-mindepth":
			n, err := strconv.Atoi(value)
			if err != nil {
				return fmt.Errorf("invalid number '%s'", value)
			}
			if a == "-maxdepth" {
				f.depth = n
			} else {
				f.least = n
			}
		case "-print":
			f.action = true
			add(func(n string, _ fs.FileInfo) bool { f.t.Printf("%s\n", n); return true })
		case "-print0":
			f.action = true
			add(func(n string, _ fs.FileInfo) bool { f.t.Printf("%s\x00", n); return true })
		case "-delete":
			f.action, f.delete = true, true
			add(func(n string, _ fs.FileInfo) bool {
				if err := f.t.FS.Remove(f.t.Path(n)); err != nil {
					f.code = failure(f.t, n, err)
					return false
				}
				return true
			})
		case "-exec":
			end := 0
			for end < len(args) && args[end] != ";" && args[end] != "+" {
				end++
			}
			if end == len(args) || end == 0 {
				return errors.New("-exec requires an argument ending with ';'")
			}
			command := args[:end]
			args = args[end+1:]
			f.action = true
			add(func(n string, _ fs.FileInfo) bool {
				argv := make([]string, len(command))
				for i, c := range command {
					argv[i] = strings.ReplaceAll(c, "{}", n)
				}
				return runProgram(f.ctx, f.t, argv) == 0
			})
		default:
			return fmt.Errorf("unrecognized: %s", a)
		}
	}
	return nil
}

func (f *finder) walk(name string, level int) {
	if f.ctx.Err() != nil {
		return
	}
	fi, err := f.t.FS.Lstat(f.t.Path(name))
	if err != nil {
		return
	}
	if !f.delete {
		f.visit(name, fi, level)
	}
	if fi.IsDir() && level < f.depth {
		entries, err := f.t.FS.ReadDir(f.t.Path(name))
		if err != nil {
			f.code = failure(f.t, name, err)
		}
		for _, e := range entries {
			f.walk(strings.TrimSuffix(name, "/")+"/"+e.Name(), level+1)
		}
	}
	if f.delete {
		f.visit(name, fi, level)
	}
}

func (f *finder) visit(name string, fi fs.FileInfo, level int) {
	if level < f.least {
		return
	}
	for _, test := range f.tests {
		if !test(name, fi) {
			return
		}
	}
	if !f.action {
		f.t.Printf("%s\n", name)
	}
}

// runProgram runs another program with the same streams, reporting if there is none.
func runProgram(ctx context.Context, t *task.Task, args []string) int {
	code, err := t.Sub(args...).Run(ctx)
	if err != nil {
		if errors.Is(err, task.ErrNotFound) || missing(err) {
			if gnu(t) {
				t.Errorf("%s: No such file or directory", quoteFor(t, args[0]))
			} else {
				t.Errorf("can't execute '%s': No such file or directory", args[0])
			}
			return task.CodeNotFound
		}
		t.Errorf("can't execute '%s': %s", args[0], fsys.Text(err))
		return task.CodeCannotRun
	}
	return code
}

func quoteFor(t *task.Task, name string) string {
	if t.Name() == "env" {
		return "'" + name + "'"
	}
	return name
}
