package task

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"syscall"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
)

// ErrNotFound says that no file of that name is in PATH.
var ErrNotFound = errors.New("executable file not found in $PATH")

// ErrFormat says that a file is no program.
var ErrFormat = errors.New("exec format error")

// DefaultPath is what PATH is if nobody set it.
const DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// LookPath finds the file that a command names: by PATH of env, or as a path relative to dir.
// It returns ErrNotFound, or a *fs.PathError of what is wrong with the file.
func LookPath(f *fsys.FS, env []string, dir, command string) (string, error) {
	if strings.Contains(command, "/") {
		p := command
		if !strings.HasPrefix(p, "/") {
			p = strings.TrimSuffix(dir, "/") + "/" + p
		}
		return p, executable(f, p)
	}
	search := Getenv(env, "PATH")
	if search == "" {
		search = DefaultPath
	}
	var denied error
	for _, d := range strings.Split(search, ":") {
		if !strings.HasPrefix(d, "/") {
			d = strings.TrimSuffix(dir, "/") + "/" + d
		}
		p := strings.TrimSuffix(d, "/") + "/" + command
		err := executable(f, p)
		if err == nil {
			return p, nil
		}
		if errors.Is(err, fs.ErrPermission) {
			denied = err
		}
	}
	if denied != nil {
		return "", denied
	}
	return "", ErrNotFound
}

func executable(f *fsys.FS, p string) error {
	fi, err := f.Stat(p)
	if err != nil {
		return err
	}
	if fi.IsDir() || runtime.GOOS != "windows" && fi.Mode()&0o111 == 0 {
		return &fs.PathError{Op: "exec", Path: p, Err: syscall.EACCES}
	}
	return nil
}

// maxScripts is how many scripts may be each other's interpreters.
const maxScripts = 4

// load finds the program behind a command line. For a script that is its interpreter, with args as the
// interpreter gets them.
func (s *System) load(env []string, dir string, args []string) (Program, Binary, []string, error) {
	command := args[0]
	for range maxScripts {
		p, err := LookPath(s.FS, env, dir, command)
		if err != nil {
			return nil, Binary{}, nil, err
		}
		head, err := readHead(s.FS, p)
		if err != nil {
			return nil, Binary{}, nil, err
		}
		if b, ok := ParseBinary(head); ok {
			prog := s.Find(b, args[0])
			if prog == nil {
				return nil, b, nil, ErrFormat
			}
			return prog, b, args, nil
		}
		line, ok := strings.CutPrefix(string(head), "#!")
		if host, err := s.FS.HostPath(p); !ok && err == nil && container.IsNative(host) {
			return native(host, p), Binary{}, args, nil
		}
		if !ok {
			return nil, Binary{}, []string{p}, ErrFormat
		}
		line, _, _ = strings.Cut(line, "\n")
		interpreter, arg, _ := strings.Cut(strings.TrimSpace(strings.TrimSuffix(line, "\r")), " ")
		if interpreter == "" {
			return nil, Binary{}, []string{p}, ErrFormat
		}
		next := []string{interpreter}
		if arg = strings.TrimSpace(arg); arg != "" {
			next = append(next, arg)
		}
		args = append(append(next, p), args[1:]...)
		command = interpreter
		if _, err := s.FS.Stat(interpreter); err != nil {
			return nil, Binary{}, nil, fmt.Errorf("%s: bad interpreter: %w", p, err)
		}
	}
	return nil, Binary{}, nil, syscall.ELOOP
}
