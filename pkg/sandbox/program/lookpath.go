package program

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// LookPath says whether a container as described by spec, its root folder unpacked, can start command.
// The error has the text that runc gives: exec: "foo": executable file not found in $PATH.
func (img *Image) LookPath(spec *container.Spec, command string) error {
	f := fsys.New(spec, nil)
	defer f.Close()
	_, err := task.LookPath(f, spec.Env, spec.Dir, command)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, task.ErrNotFound):
		return fmt.Errorf("exec: %q: %w", command, task.ErrNotFound)
	case !strings.Contains(command, "/"):
		return fmt.Errorf("exec: %q: permission denied", command)
	}
	why := strings.ToLower(fsys.Text(err))
	if why == "permission denied" || why == "is a directory" {
		return fmt.Errorf("exec: %q: %s", command, why)
	}
	return fmt.Errorf("exec: %q: stat %s: %s", command, command, why)
}
