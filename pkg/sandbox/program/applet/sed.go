package applet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
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

type sedParser struct {
	text     string
	extended bool
	last     bool // some address is $
	lastRE   *regexp.Regexp
}

func (p *sedParser) skip(set string) { p.text = strings.TrimLeft(p.text, set) }

func (p *sedParser) commands(inner bool) ([]*sedCommand, error) {
	var out []*sedCommand
	for {
		p.skip(" \t\n;")
		if p.text == "" {
			if inner {
				return nil, errors.New("unterminated {")
			}
			return out, nil
		}
		if p.text[0] == '}' {
			p.text = p.text[1:]
			if !inner {
				return nil, errors.New("unexpected }")
			}
			return out, nil
		}
		if p.text[0] == '#' {
			_, p.text, _ = strings.Cut(p.text, "\n")
			continue
		}
		c, err := p.command()
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
}

func (p *sedParser) command() (*sedCommand, error) {
	c := &sedCommand{nth: 1}
	var err error
	if c.from, err = p.address(); err != nil {
		return nil, err
	}
	p.skip(" \t")
	if c.from != nil && strings.HasPrefix(p.text, ",") {
		p.text = p.text[1:]
		if c.to, err = p.address(); err != nil {
			return nil, err
		}
		if c.to == nil {
			return nil, errors.New("unexpected ','")
		}
	}
	p.skip(" \t")
	if strings.HasPrefix(p.text, "!") {
		c.negate = true
		p.text = strings.TrimLeft(p.text[1:], " \t")
	}
	if p.text == "" {
		return nil, errors.New("missing command")
	}
	c.name, p.text = p.text[0], p.text[1:]
	switch c.name {
	case '{':
		c.block, err = p.commands(true)
	case 's':
		err = p.substitution(c)
	case 'y':
		err = p.transliteration(c)
	case 'p', 'd', 'q', '=':
	case 'a', 'i', 'c':
		text := strings.TrimLeft(p.text, " \t")
		text = strings.TrimPrefix(text, "\\")
		text = strings.TrimPrefix(text, "\n")
		c.text, p.text, _ = strings.Cut(text, "\n")
	default:
		err = fmt.Errorf("unsupported command %c", c.name)
	}
	return c, err
}

func (p *sedParser) address() (*sedAddress, error) {
	p.skip(" \t")
	if p.text == "" {
		return nil, nil
	}
	switch c := p.text[0]; {
	case c == '$':
		p.text = p.text[1:]
		p.last = true
		return &sedAddress{last: true}, nil
	case c >= '0' && c <= '9':
		end := 0
		for end < len(p.text) && p.text[end] >= '0' && p.text[end] <= '9' {
			end++
		}
		n, err := strconv.Atoi(p.text[:end])
		p.text = p.text[end:]
		return &sedAddress{line: n}, err
	case c == '/':
		p.text = p.text[1:]
		src, err := p.until('/')
		if err != nil {
			return nil, err
		}
		re, err := p.compile(src, "")
		return &sedAddress{re: re}, err
	}
	return nil, nil
}

// until reads up to a delimiter that no backslash stands before.
func (p *sedParser) until(d byte) (string, error) {
	var out strings.Builder
	for i := 0; i < len(p.text); i++ {
		c := p.text[i]
		switch {
		case c == d:
			p.text = p.text[i+1:]
			return out.String(), nil
		case c == '\\' && i+1 < len(p.text):
			i++
			if p.text[i] != d {
				out.WriteByte('\\')
			}
			out.WriteByte(p.text[i])
		case c == '[' && d != ']':
			end := bracketEnd(p.text, i)
			if strings.IndexByte(p.text[i:end], ']') < 0 {
				end = i + 1
			}
			out.WriteString(p.text[i:end])
			i = end - 1
		default:
			out.WriteByte(c)
		}
	}
	return "", fmt.Errorf("unmatched '%c'", d)
}

func (p *sedParser) compile(src, flags string) (*regexp.Regexp, error) {
	if src == "" && p.lastRE != nil {
		return p.lastRE, nil
	}
	if !p.extended {
		src = basic(src)
	}
	re, err := regexp.Compile(flags + src)
	if err != nil {
		return nil, fmt.Errorf("bad regex '%s': %w", src, err)
	}
	re.Longest()
	p.lastRE = re
	return re, nil
}

func (p *sedParser) substitution(c *sedCommand) error {
	if p.text == "" {
		return errors.New("bad option in substitution expression")
	}
	d := p.text[0]
	p.text = p.text[1:]
	src, err := p.until(d)
	if err != nil {
		return err
	}
	if c.text, err = p.until(d); err != nil {
		return err
	}
	flags := ""
	for p.text != "" && strings.IndexByte(" \t\n;}", p.text[0]) < 0 {
		switch f := p.text[0]; {
		case f == 'g':
			c.global = true
		case f == 'p':
			c.print = true
		case f == 'i' || f == 'I':
			flags = "(?i)"
		case f >= '1' && f <= '9':
			c.nth = int(f - '0')
		default:
			return errors.New("bad option in substitution expression")
		}
		p.text = p.text[1:]
	}
	c.re, err = p.compile(src, flags)
	return err
}

func (p *sedParser) transliteration(c *sedCommand) error {
	if p.text == "" {
		return errors.New("unmatched 'y'")
	}
	d := p.text[0]
	p.text = p.text[1:]
	var err error
	if c.text, err = p.until(d); err != nil {
		return err
	}
	if c.with, err = p.until(d); err != nil {
		return err
	}
	if len([]rune(c.text)) != len([]rune(c.with)) {
		return errors.New("strings for 'y' command are different lengths")
	}
	return nil
}
