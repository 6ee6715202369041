package applet

import (
	"io/fs"
	"os"
	"strconv"

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
	case "chown", "chgrp":
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
