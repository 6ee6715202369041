package applet

import (
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// mount lists what is mounted. To mount something is refused, as in a container without privileges.
func mount(t *task.Task) int {
	o, args, ok := options(t, "t:o:rwanf", "types=t")
	if !ok {
		return 1
	}
	if len(args) > 0 {
		t.Errorf("permission denied (are you root?)")
		return 1
	}
	b, err := t.FS.ReadFile("/proc/mounts")
	if err != nil {
		t.Errorf("can't read '/proc/mounts': %s", errText(err))
		return 1
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line) // device, path, type, options, ...
		if kind := o.value('t', ""); len(f) < 4 || kind != "" && kind != f[2] {
			continue
		}
		t.Printf("%s on %s type %s (%s)\n", f[0], f[1], f[2], f[3])
	}
	return 0
}
