package shell

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
)

func (s *Shell) pwdCommand(_ context.Context, args []string) int {
	dir := s.dir
	if len(args) > 1 && args[1] == "-P" {
		if real, err := s.t.FS.RealPath(dir); err == nil {
			dir = real
		}
	}
	fmt.Fprintln(s.out, dir)
	return 0
}

func (s *Shell) cdCommand(_ context.Context, args []string) int {
	args = args[1:]
	physical := false
	for len(args) > 0 && (args[0] == "-L" || args[0] == "-P" || args[0] == "--") {
		physical = args[0] == "-P"
		args = args[1:]
	}
	to := s.get("HOME")
	if len(args) > 0 {
		to = args[0]
	}
	print := to == "-"
	if print {
		to = s.get("OLDPWD")
	}
	if to == "" {
		to = s.dir
	}
	dir := to
	if !strings.HasPrefix(dir, "/") {
		dir = s.dir + "/" + dir
	}
	dir = path.Clean(dir)
	fi, err := s.t.FS.Stat(dir)
	if err == nil && !fi.IsDir() {
		err = &fs.PathError{Op: "cd", Path: dir, Err: errNotDir}
	}
	if err != nil {
		s.cdError(to, err)
		return 1
	}
	if physical {
		if real, err := s.t.FS.RealPath(dir); err == nil {
			dir = real
		}
	}
	s.setString("OLDPWD", s.dir)
	s.dir = dir
	s.setString("PWD", dir)
	if print {
		fmt.Fprintln(s.out, dir)
	}
	return 0
}

var errNotDir = errors.New("Not a directory") //nolint:staticcheck // the text of a C library

func (s *Shell) cdError(to string, err error) {
	switch s.dialect {
	case Bash:
		s.complain("cd: %s: %s", to, fsys.Text(err))
	case Dash:
		s.complain("cd: can't cd to %s", to)
	default:
		s.complain("cd: can't cd to %s: %s", to, fsys.Text(err))
	}
}
