package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
)

// redirect applies redirections and returns what takes them back. After exec without a command they
// stay.
func (s *Shell) redirect(ctx context.Context, list []*syntax.Redirect) (restore func(), ok bool) {
	if len(list) == 0 {
		return func() {}, true
	}
	in, out, errw, extra := s.in, s.out, s.err, maps.Clone(s.extra)
	var opened []io.Closer
	restore = func() {
		if s.keep {
			s.keep = false
			s.kept = append(s.kept, opened...)
			return
		}
		s.in, s.out, s.err, s.extra = in, out, errw, extra
		for _, c := range opened {
			_ = c.Close()
		}
	}
	for _, r := range list {
		c, err := s.redirectOne(ctx, r)
		if c != nil && err == nil {
			opened = append(opened, c)
		}
		if err != nil {
			s.complain("%v", err)
			return restore, false
		}
	}
	return restore, true
}

func (s *Shell) redirectOne(ctx context.Context, r *syntax.Redirect) (io.Closer, error) {
	fd := -1
	if r.N != nil {
		n, err := strconv.Atoi(r.N.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: bad file descriptor", r.N.Value)
		}
		fd = n
	}
	if r.Op == syntax.Hdoc || r.Op == syntax.DashHdoc {
		s.point(max(fd, 0), strings.NewReader(s.hereDocument(r)))
		return nil, nil
	}
	word := s.literal(r.Word)
	if s.stop(ctx) {
		return nil, nil
	}
	switch r.Op {
	case syntax.WordHdoc:
		s.point(max(fd, 0), strings.NewReader(word+"\n"))
		return nil, nil
	case syntax.DplIn:
		return nil, s.duplicate(max(fd, 0), word)
	case syntax.DplOut:
		if fd < 0 {
			fd = 1
		}
		return nil, s.duplicate(fd, word)
	case syntax.RdrIn:
		f, err := s.openIn(word)
		if err == nil {
			s.point(max(fd, 0), f)
		}
		return f, err
	case syntax.RdrInOut:
		f, err := s.openOut(word, os.O_RDWR|os.O_CREATE)
		if err == nil {
			s.point(max(fd, 0), f)
		}
		return f, err
	}
	flag := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if r.Op == syntax.AppOut || r.Op == syntax.AppAll {
		flag = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	f, err := s.openOut(word, flag)
	if err != nil {
		return nil, err
	}
	if fd < 0 {
		fd = 1
	}
	s.point(fd, f)
	if r.Op == syntax.RdrAll || r.Op == syntax.AppAll {
		s.point(2, f)
	}
	return f, nil
}

// point makes a descriptor a reader or writer.
func (s *Shell) point(fd int, v any) {
	switch fd {
	case 0:
		if r, ok := v.(io.Reader); ok {
			s.in = r
		}
	case 1:
		if w, ok := v.(io.Writer); ok {
			s.out = w
		}
	case 2:
		if w, ok := v.(io.Writer); ok {
			s.err = w
		}
	default:
		s.extra[fd] = v
	}
}

// empty is a closed descriptor for reading.
type empty struct{}

func (empty) Read([]byte) (int, error)    { return 0, io.EOF }
func (empty) Write(b []byte) (int, error) { return 0, fs.ErrClosed }

// duplicate makes fd what another descriptor is, or closes it.
func (s *Shell) duplicate(fd int, from string) error {
	if from == "-" {
		s.point(fd, empty{})
		return nil
	}
	n, err := strconv.Atoi(strings.TrimSuffix(from, "-"))
	if err != nil {
		return fmt.Errorf("%s: bad file descriptor", from)
	}
	switch n {
	case 0:
		s.point(fd, s.in)
	case 1:
		s.point(fd, s.out)
	case 2:
		s.point(fd, s.err)
	default:
		v, ok := s.extra[n]
		if !ok {
			return fmt.Errorf("%d: Bad file descriptor", n)
		}
		s.point(fd, v)
	}
	return nil
}

// hereDocument expands the text after <<.
func (s *Shell) hereDocument(r *syntax.Redirect) string {
	if r.Hdoc == nil {
		return ""
	}
	text := r.Hdoc.Lit()
	if text == "" || !quoted(r.Word) {
		text = s.document(r.Hdoc)
	}
	if r.Op == syntax.DashHdoc {
		lines := strings.SplitAfter(text, "\n")
		for i := range lines {
			lines[i] = strings.TrimLeft(lines[i], "\t")
		}
		text = strings.Join(lines, "")
	}
	return text
}

// quoted says that a here-document's delimiter is quoted, so that its text is taken as it is.
func quoted(w *syntax.Word) bool {
	for _, p := range w.Parts {
		switch p := p.(type) {
		case *syntax.SglQuoted, *syntax.DblQuoted:
			return true
		case *syntax.Lit:
			if strings.Contains(p.Value, `\`) {
				return true
			}
		}
	}
	return false
}

func (s *Shell) openIn(name string) (fsys.File, error) {
	f, err := s.task([]string{s.name}).OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, s.openError("open", name, "no such file", err)
	}
	return f, nil
}

func (s *Shell) openOut(name string, flag int) (fsys.File, error) {
	f, err := s.task([]string{s.name}).OpenFile(name, flag, 0o644)
	if err != nil {
		return nil, s.openError("create", name, "nonexistent directory", err)
	}
	return f, nil
}

// openError words a failed redirection as the dialect does.
func (s *Shell) openError(verb, name, missing string, err error) error {
	why := fsys.Text(err)
	gone := errors.Is(err, fs.ErrNotExist)
	switch s.dialect {
	case Bash:
		return fmt.Errorf("%s: %s", name, why)
	case Dash:
		if gone {
			why = map[string]string{"open": "No such file", "create": "Directory nonexistent"}[verb]
		}
		return fmt.Errorf("cannot %s %s: %s", verb, name, why)
	}
	if gone {
		why = missing
	}
	return fmt.Errorf("can't %s %s: %s", verb, name, why)
}
