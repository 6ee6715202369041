package shell

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/stream"
)

// testCommand is test and [: 0 for true, 1 for false, 2 for an error.
func (s *Shell) testCommand(args []string) int {
	name := args[0]
	args = args[1:]
	if name == "[" {
		if len(args) == 0 || args[len(args)-1] != "]" {
			s.complain("[: missing ]")
			return 2
		}
		args = args[:len(args)-1]
	}
	p := &tester{s: s, args: args}
	ok := false
	if len(args) > 0 {
		ok = p.or()
	}
	if p.err == nil && len(p.args) > 0 {
		p.err = fmt.Errorf("%s: unknown operand", p.args[0])
	}
	if p.err != nil {
		s.complain("%s: %v", name, p.err)
		return 2
	}
	return boolStatus(ok)
}

// tester reads the words of a test from left to right.
type tester struct {
	s    *Shell
	args []string
	err  error
}

func (p *tester) peek(i int) string {
	if i < len(p.args) {
		return p.args[i]
	}
	return ""
}

func (p *tester) or() bool {
	ok := p.and()
	for len(p.args) > 0 && p.args[0] == "-o" && p.err == nil {
		p.args = p.args[1:]
		right := p.and()
		ok = ok || right
	}
	return ok
}

func (p *tester) and() bool {
	ok := p.not()
	for len(p.args) > 0 && p.args[0] == "-a" && p.err == nil {
		p.args = p.args[1:]
		right := p.not()
		ok = ok && right
	}
	return ok
}

func (p *tester) not() bool {
	if len(p.args) > 1 && p.args[0] == "!" && !(len(p.args) == 3 && isBinary(p.args[1])) {
		p.args = p.args[1:]
		return !p.not()
	}
	return p.primary()
}

func (p *tester) primary() bool {
	n := len(p.args)
	switch {
	case n == 0:
		p.err = errors.New("argument expected")
		return false
	case n >= 3 && isBinary(p.args[1]):
		x, op, y := p.args[0], p.args[1], p.args[2]
		p.args = p.args[3:]
		ok, err := p.s.binaryTest(x, op, y)
		p.err = err
		return ok
	case p.args[0] == "(" && n > 1:
		p.args = p.args[1:]
		ok := p.or()
		if p.peek(0) != ")" {
			p.err = errors.New("closing paren expected")
			return false
		}
		p.args = p.args[1:]
		return ok
	case n >= 2 && isUnary(p.args[0]):
		op, x := p.args[0], p.args[1]
		p.args = p.args[2:]
		return p.s.unaryTest(op, x)
	}
	x := p.args[0]
	p.args = p.args[1:]
	return x != ""
}

func isUnary(op string) bool {
	return len(op) == 2 && op[0] == '-' && strings.Contains("bcdefghkLnprsStuwxzOG", op[1:])
}

func isBinary(op string) bool {
	switch op {
	case "=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef":
		return true
	}
	return false
}

func (s *Shell) binaryTest(x, op, y string) (bool, error) {
	switch op {
	case "=", "==":
		return x == y, nil
	case "!=":
		return x != y, nil
	case "<":
		return x < y, nil
	case ">":
		return x > y, nil
	case "-nt", "-ot", "-ef":
		return s.compareFiles(x, op, y), nil
	}
	a, err := integer(x)
	if err != nil {
		return false, err
	}
	b, err := integer(y)
	if err != nil {
		return false, err
	}
	switch op {
	case "-eq":
		return a == b, nil
	case "-ne":
		return a != b, nil
	case "-lt":
		return a < b, nil
	case "-le":
		return a <= b, nil
	case "-gt":
		return a > b, nil
	}
	return a >= b, nil
}

func integer(x string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(x), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: bad number", x)
	}
	return n, nil
}

func (s *Shell) abs(p string) string {
	if p == "" || strings.HasPrefix(p, "/") {
		return p
	}
	return s.dir + "/" + p
}

func (s *Shell) compareFiles(x, op, y string) bool {
	a, aerr := s.t.FS.Stat(s.abs(x))
	b, berr := s.t.FS.Stat(s.abs(y))
	switch op {
	case "-nt":
		return aerr == nil && (berr != nil || a.ModTime().After(b.ModTime()))
	case "-ot":
		return berr == nil && (aerr != nil || b.ModTime().After(a.ModTime()))
	}
	ra, e1 := s.t.FS.RealPath(s.abs(x))
	rb, e2 := s.t.FS.RealPath(s.abs(y))
	return aerr == nil && berr == nil && e1 == nil && e2 == nil && ra == rb
}

func (s *Shell) unaryTest(op, x string) bool {
	switch op {
	case "-n":
		return x != ""
	case "-z":
		return x == ""
	case "-t":
		return s.isTerminal(x)
	case "-L", "-h":
		fi, err := s.t.FS.Lstat(s.abs(x))
		return err == nil && fi.Mode()&fs.ModeSymlink != 0
	case "-w":
		return s.t.FS.Writable(s.abs(x)) == nil
	}
	fi, err := s.t.FS.Stat(s.abs(x))
	if err != nil {
		return false
	}
	m := fi.Mode()
	switch op {
	case "-f":
		return m.IsRegular()
	case "-d":
		return m.IsDir()
	case "-s":
		return fi.Size() > 0
	case "-r":
		return s.t.FS.Readable(s.abs(x)) == nil
	case "-x":
		return m.IsDir() || m&0o111 != 0
	case "-c":
		return m&fs.ModeCharDevice != 0
	case "-b":
		return m&fs.ModeDevice != 0 && m&fs.ModeCharDevice == 0
	case "-p":
		return m&fs.ModeNamedPipe != 0
	case "-S":
		return m&fs.ModeSocket != 0
	case "-u":
		return m&fs.ModeSetuid != 0
	case "-g":
		return m&fs.ModeSetgid != 0
	case "-k":
		return m&fs.ModeSticky != 0
	}
	return op == "-e" || op == "-O" || op == "-G"
}

func (s *Shell) isTerminal(fd string) bool {
	if s.t.Terminal == nil {
		return false
	}
	switch fd {
	case "0":
		return s.task([]string{"sh"}).TTY() != nil
	case "1":
		return s.task([]string{"sh"}).OutTTY() != nil
	case "2":
		return stream.Ungate(s.err) == s.t.Terminal.Output()
	}
	return false
}

// testClause is [[ … ]].
func (s *Shell) testClause(x syntax.TestExpr) bool {
	switch x := x.(type) {
	case *syntax.Word:
		return s.literal(x) != ""
	case *syntax.ParenTest:
		return s.testClause(x.X)
	case *syntax.UnaryTest:
		if x.Op == syntax.TsNot {
			return !s.testClause(x.X)
		}
		w, _ := x.X.(*syntax.Word)
		value := s.literal(w)
		switch x.Op {
		case syntax.TsVarSet:
			return variables{s}.Get(value).Set
		case syntax.TsExists:
			return s.unaryTest("-e", value)
		}
		return s.unaryTest(x.Op.String(), value)
	case *syntax.BinaryTest:
		return s.binaryClause(x)
	}
	return false
}

func (s *Shell) binaryClause(x *syntax.BinaryTest) bool {
	switch x.Op {
	case syntax.AndTest:
		return s.testClause(x.X) && s.testClause(x.Y)
	case syntax.OrTest:
		return s.testClause(x.X) || s.testClause(x.Y)
	}
	xw, _ := x.X.(*syntax.Word)
	yw, _ := x.Y.(*syntax.Word)
	left := s.literal(xw)
	switch x.Op {
	case syntax.TsMatch, syntax.TsMatchShort:
		return s.matches(s.pattern(yw), left)
	case syntax.TsNoMatch:
		return !s.matches(s.pattern(yw), left)
	case syntax.TsReMatch:
		re, err := regexp.Compile(s.literal(yw))
		return err == nil && re.MatchString(left)
	}
	ok, err := s.binaryTest(left, x.Op.String(), s.literal(yw))
	if err != nil {
		s.complain("[[: %v", err)
	}
	return ok
}
