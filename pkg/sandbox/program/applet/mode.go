package applet

import (
	"errors"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

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
		for bit, mode := range map[uint64]fs.FileMode{0o1000: fs.ModeSticky, 0o2000: fs.ModeSetgid, 0o4000: fs.ModeSetuid} {
			if n&bit != 0 {
				m |= mode
			}
		}
		return m, nil
	}
	m := old & (fs.ModePerm | fs.ModeSticky | fs.ModeSetgid | fs.ModeSetuid)
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
				if mask&0o070 != 0 {
					m |= fs.ModeSetgid
				}
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
