package program

import (
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// Native is a process of a container that runs a native program (package native) instead of Main.
type Native struct {
	// Path is the executable, Dir the working directory, as the host has them.
	Path, Dir string
	// Args and Env are the process's.
	Args, Env []string
}

// FindNative says how to start what spec describes if that is a native program, and nil otherwise.
func FindNative(spec *container.Spec) *Native {
	f := fsys.New(spec, nil)
	defer f.Close()
	self, err := task.LookPath(f, spec.Env, spec.Dir, spec.Args[0])
	if err != nil {
		return nil
	}
	host, err := f.HostPath(self)
	if err != nil || !container.IsNative(host) {
		return nil
	}
	if !spec.Exec {
		f.MakeMountPoints()
	}
	n := &Native{Path: host, Args: spec.Args, Env: append(environment(spec), spec.NativeEnv(self, spec.Dir)...)}
	if _, err := f.Stat(spec.Dir); err != nil {
		_ = f.MkdirAll(spec.Dir, 0o755) // what cannot be made the start refuses
	}
	if n.Dir, err = f.HostPath(spec.Dir); err != nil {
		n.Dir = spec.Root
	}
	return n
}
