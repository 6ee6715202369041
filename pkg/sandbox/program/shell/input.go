package shell

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"mvdan.cc/sh/v3/expand"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/stream"
)

// readCommand is the builtin read.
func (s *Shell) readCommand(ctx context.Context, args []string) int {
	raw, prompt, limit, timeout := false, "", -1, time.Duration(0)
	args = args[1:]
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		opt := args[0]
		args = args[1:]
		for i, c := range opt[1:] {
			value := opt[i+2:]
			if strings.ContainsRune("ptnd", c) {
				if value == "" && len(args) > 0 {
					value, args = args[0], args[1:]
				}
			}
			switch c {
			case 'r':
				raw = true
				continue
			case 's':
				continue
			case 'p':
				prompt = value
			case 'n':
				limit, _ = strconv.Atoi(value)
			case 't':
				f, _ := strconv.ParseFloat(value, 64)
				timeout = time.Duration(f * float64(time.Second))
			}
			break
		}
	}
	fmt.Fprint(s.err, prompt)
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	line, ok := s.inputLine(ctx, raw, limit)
	if len(args) == 0 {
		args = []string{"REPLY"}
	}
	values := expand.ReadFields(s.env, line, len(args), raw)
	for i, name := range args {
		v := ""
		if i < len(values) {
			v = values[i]
		}
		if err := s.set(name, expand.Variable{Set: true, Kind: expand.String, Str: v}); err != nil {
			s.complain("read: %v", err)
			return 2
		}
	}
	return boolStatus(ok)
}

// inputLine reads a line without its end; not ok at the end of the input.
func (s *Shell) inputLine(ctx context.Context, raw bool, limit int) (string, bool) {
	in := stream.Bind(ctx, s.in)
	var line []byte
	b := make([]byte, 1)
	for limit < 0 || len(line) < limit {
		n, err := in.Read(b)
		if n > 0 {
			if b[0] == '\n' {
				if !raw && trailingBackslash(line) {
					line = line[:len(line)-1]
					continue
				}
				return string(line), true
			}
			line = append(line, b[0])
		}
		if err != nil {
			return string(line), false
		}
	}
	return string(line), true
}

func trailingBackslash(line []byte) bool {
	n := 0
	for n < len(line) && line[len(line)-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// echo writes its arguments. Only dash interprets backslashes unasked.
func (s *Shell) echo(args []string) int {
	newline, escapes := true, s.dialect == Dash
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' && strings.Trim(args[0][1:], "neE") == "" {
		if s.dialect == Dash && args[0] != "-n" {
			break
		}
		for _, c := range args[0][1:] {
			switch c {
			case 'n':
				newline = false
			case 'e':
				escapes = true
			case 'E':
				escapes = false
			}
		}
		args = args[1:]
	}
	text := strings.Join(args, " ")
	if escapes {
		before, _, stop := strings.Cut(text, `\c`)
		text = unescape(before, true)
		newline = newline && !stop
	}
	if newline {
		text += "\n"
	}
	if _, err := fmt.Fprint(s.out, text); err != nil {
		return s.writeFailed("echo", err)
	}
	return 0
}

func (s *Shell) writeFailed(name string, err error) int {
	if !errors.Is(err, os.ErrClosed) {
		s.complain("%s: write error", name)
	}
	return 1
}

// getoptState is where getopts is within the arguments.
type getoptState struct{ arg, char int }

func (s *Shell) getoptsCommand(_ context.Context, args []string) int {
	if len(args) < 3 {
		s.complain("getopts: usage: getopts optstring name [arg]")
		return 2
	}
	spec, name := args[1], args[2]
	list := s.params
	if len(args) > 3 {
		list = args[3:]
	}
	g := &s.getopt
	if s.get("OPTIND") == "1" && g.char == 0 {
		g.arg = 0
	}
	end := func() int {
		s.setString("OPTIND", strconv.Itoa(g.arg+1))
		s.setString(name, "?")
		g.char = 0
		return 1
	}
	if g.arg >= len(list) || len(list[g.arg]) < 2 || list[g.arg][0] != '-' {
		return end()
	}
	word := list[g.arg]
	if word == "--" {
		g.arg++
		return end()
	}
	if g.char == 0 {
		g.char = 1
	}
	c := word[g.char]
	g.char++
	rest := word[g.char:]
	if rest == "" {
		g.arg, g.char = g.arg+1, 0
	}
	i := strings.IndexByte(strings.TrimPrefix(spec, ":"), c)
	delete(s.vars, "OPTARG")
	opt := string(c)
	switch {
	case i < 0 || c == ':':
		opt = "?"
		if strings.HasPrefix(spec, ":") {
			s.setString("OPTARG", string(c))
		} else {
			s.complain("illegal option -%c", c)
		}
	case strings.HasPrefix(strings.TrimPrefix(spec, ":")[i+1:], ":"):
		switch {
		case rest != "":
			s.setString("OPTARG", rest)
			g.arg, g.char = g.arg+1, 0
		case g.arg < len(list):
			s.setString("OPTARG", list[g.arg])
			g.arg++
		case strings.HasPrefix(spec, ":"):
			opt = ":"
			s.setString("OPTARG", string(c))
		default:
			opt = "?"
			s.complain("option requires an argument -- %c", c)
		}
	}
	s.setString("OPTIND", strconv.Itoa(g.arg+1))
	s.setString(name, opt)
	return 0
}
