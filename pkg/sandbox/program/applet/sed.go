package applet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// sedCommand is one command of a sed script: s, p, d, q, a, i, c, y and =, with addresses.
type sedCommand struct {
	from, to *sedAddress
	negate   bool
	inRange  bool
	name     byte
	re       *regexp.Regexp
	text     string // replacement, text to add, or the characters for y
	with     string // of y
	global   bool
	print    bool
	nth      int
	block    []*sedCommand
}

type sedAddress struct {
	line int
	last bool
	re   *regexp.Regexp
}

func sed(t *task.Task) int {
	var scripts []string
	var words []string
	args := t.Args[1:]
	// -e may be given several times, and -i takes its suffix only attached.
	inPlace := false
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case a == "-e" && i+1 < len(args):
			i++
			scripts = append(scripts, args[i])
		case a == "-i" || strings.HasPrefix(a, "-i") && !strings.HasPrefix(a, "-in"):
			inPlace = true
		default:
			words = append(words, a)
		}
	}
	c := *t
	c.Args = append([]string{t.Args[0]}, words...)
	o, names, ok := options(&c, "nErsf:", "quiet=n", "silent=n", "regexp-extended=E")
	if !ok {
		return 1
	}
	if len(scripts) == 0 {
		if f := o.value('f', ""); f != "" {
			b, err := t.FS.ReadFile(t.Path(f))
			if err != nil {
				return cannotOpen(t, f, err)
			}
			scripts = append(scripts, string(b))
		} else if len(names) == 0 {
			return usage(t, "[-i] [-nE] [-f FILE]... [-e CMD]... [FILE]...")
		} else {
			scripts, names = names[:1], names[1:]
		}
	}
	p := &sedParser{text: strings.Join(scripts, "\n"), extended: o.has('E') || o.has('r')}
	list, err := p.commands(false)
	if err != nil {
		t.Errorf("%v", err)
		return 1
	}
	s := &sedRun{commands: list, quiet: o.has('n'), ahead: p.last}
	if inPlace {
		return s.inPlace(t, names)
	}
	code := 0
	if len(names) == 0 {
		names = []string{"-"}
	}
	s.w = output(t)
	defer flush(s.w)
	for _, n := range names {
		err := withSed(t, n, s.w, s.feed)
		if errors.Is(err, errDone) {
			return code
		}
		if err != nil {
			code = 1
		}
	}
	s.end()
	return code
}

func withSed(t *task.Task, name string, w *bufio.Writer, f func(string) error) error {
	if name == "-" {
		return filter(t.In, w, f)
	}
	h, err := t.Open(name)
	if err != nil {
		t.Errorf("%s: %s", name, errText(err))
		return err
	}
	defer h.Close()
	return filter(h, w, f)
}

// sedRun is a script on its way through the lines.
type sedRun struct {
	commands []*sedCommand
	quiet    bool
	ahead    bool // the script asks for the last line, so that one line is held back
	w        *bufio.Writer
	n        int
	held     string
	holding  bool
}

// feed takes the next line. errDone says that the script wants no more.
func (s *sedRun) feed(line string) error {
	if !s.ahead {
		return s.line(line, false)
	}
	before, had := s.held, s.holding
	s.held, s.holding = line, true
	if !had {
		return nil
	}
	return s.line(before, false)
}

// end runs the script on the line held back.
func (s *sedRun) end() {
	if s.holding {
		_ = s.line(s.held, true)
		s.holding = false
	}
}

func (s *sedRun) inPlace(t *task.Task, names []string) int {
	code := 0
	for _, n := range names {
		var out bytes.Buffer
		one := &sedRun{commands: s.commands, quiet: s.quiet, ahead: s.ahead, w: bufio.NewWriter(&out)}
		if err := withSed(t, n, nil, one.feed); err != nil && !errors.Is(err, errDone) {
			code = 1
			continue
		}
		one.end()
		_ = one.w.Flush()
		if err := t.FS.WriteFile(t.Path(n), out.Bytes(), 0o644); err != nil {
			code = failure(t, n, err)
		}
	}
	return code
}

// sedState is the line that a script works on.
type sedState struct {
	w       io.Writer
	n       int
	last    bool
	space   string
	deleted bool
	quit    bool
	after   []string
}

// line runs the script on one line.
func (s *sedRun) line(l string, last bool) error {
	text, newline := strings.CutSuffix(l, "\n")
	s.n++
	st := &sedState{w: s.w, n: s.n, last: last, space: text}
	s.apply(s.commands, st)
	if !s.quiet && !st.deleted {
		_, _ = io.WriteString(s.w, st.space)
		if newline || len(st.after) > 0 {
			_, _ = io.WriteString(s.w, "\n")
		}
	}
	for _, a := range st.after {
		fmt.Fprintln(s.w, a)
	}
	if st.quit {
		return errDone
	}
	return nil
}

func (s *sedRun) apply(list []*sedCommand, st *sedState) {
	for _, c := range list {
		if st.deleted || st.quit {
			return
		}
		if c.selects(st) == c.negate {
			continue
		}
		switch c.name {
		case '{':
			s.apply(c.block, st)
		case 's':
			c.substitute(st)
		case 'p':
			fmt.Fprintln(st.w, st.space)
		case 'd':
			st.deleted = true
		case 'q':
			st.quit = true
		case '=':
			fmt.Fprintln(st.w, st.n)
		case 'a':
			st.after = append(st.after, c.text)
		case 'i':
			fmt.Fprintln(st.w, c.text)
		case 'c':
			fmt.Fprintln(st.w, c.text)
			st.deleted = true
		case 'y':
			from, to := []rune(c.text), []rune(c.with)
			st.space = strings.Map(func(r rune) rune {
				for i, f := range from {
					if f == r {
						return to[i]
					}
				}
				return r
			}, st.space)
		}
	}
}

func (a *sedAddress) matches(st *sedState) bool {
	switch {
	case a.last:
		return st.last
	case a.re != nil:
		return a.re.MatchString(st.space)
	}
	return a.line == st.n
}

func (c *sedCommand) selects(st *sedState) bool {
	switch {
	case c.from == nil:
		return true
	case c.to == nil:
		return c.from.matches(st)
	case c.inRange:
		if c.to.matches(st) || c.to.re == nil && !c.to.last && st.n >= c.to.line {
			c.inRange = false
		}
		return true
	case c.from.matches(st):
		c.inRange = c.to.re != nil || c.to.last && !st.last || c.to.line > st.n
		return true
	}
	return false
}

func (c *sedCommand) substitute(st *sedState) {
	hits := c.re.FindAllStringSubmatchIndex(st.space, -1)
	var out strings.Builder
	at, done := 0, false
	for i, h := range hits {
		if i+1 < c.nth || done && !c.global {
			continue
		}
		out.WriteString(st.space[at:h[0]])
		out.WriteString(expandSed(c.text, st.space, h))
		at, done = h[1], true
	}
	if !done {
		return
	}
	out.WriteString(st.space[at:])
	st.space = out.String()
	if c.print {
		fmt.Fprintln(st.w, st.space)
	}
}

// expandSed puts & and \1 into a replacement.
func expandSed(text, line string, hit []int) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		group := -1
		switch {
		case c == '&':
			group = 0
		case c == '\\' && i+1 < len(text):
			i++
			switch n := text[i]; {
			case n >= '0' && n <= '9':
				group = int(n - '0')
			case n == 'n':
				out.WriteByte('\n')
			case n == 't':
				out.WriteByte('\t')
			default:
				out.WriteByte(n)
			}
		default:
			out.WriteByte(c)
		}
		if group >= 0 && 2*group+1 < len(hit) && hit[2*group] >= 0 {
			out.WriteString(line[hit[2*group]:hit[2*group+1]])
		}
	}
	return out.String()
}
