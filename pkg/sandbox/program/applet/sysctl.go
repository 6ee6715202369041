package applet

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

const sysctlRoot = "/proc/sys"

// sysctl shows settings of the kernel; what a Pod may set, it sets in its securityContext.
func sysctl(t *task.Task) int {
	o, names, ok := options(t, "anewNq", "all=a", "names=N", "values=n", "ignore=e", "quiet=q")
	if !ok {
		return 1
	}
	if o.has('a') {
		names = settings(t, sysctlRoot)
	}
	code := 0
	for _, n := range names {
		name, _, set := strings.Cut(n, "=")
		name = strings.ReplaceAll(strings.TrimSpace(name), "/", ".")
		b, err := t.FS.ReadFile(sysctlRoot + "/" + strings.ReplaceAll(name, ".", "/"))
		if err == nil && (set || o.has('w')) {
			err = &fs.PathError{Err: errors.New("Read-only file system")}
		}
		switch {
		case err != nil && o.has('e'):
		case err != nil:
			code = failure(t, "error reading key '"+name+"'", err)
		case o.has('N'):
			t.Printf("%s\n", name)
		case o.has('n'):
			t.Printf("%s", b)
		default:
			t.Printf("%s = %s", name, b)
		}
	}
	return code
}

// settings are the names of all settings below a folder.
func settings(t *task.Task, dir string) (names []string) {
	entries, _ := t.FS.ReadDir(dir)
	for _, e := range entries {
		p := path.Join(dir, e.Name())
		if e.IsDir() {
			names = append(names, settings(t, p)...)
			continue
		}
		names = append(names, strings.ReplaceAll(strings.TrimPrefix(p, sysctlRoot+"/"), "/", "."))
	}
	return names
}
