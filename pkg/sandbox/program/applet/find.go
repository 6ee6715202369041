package applet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

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
