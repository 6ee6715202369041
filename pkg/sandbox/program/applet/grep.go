package applet

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

func grep(t *task.Task) int {
	o, args, ok := options(t, "EFGivcqrRnlLhHosxwe:m:A:B:C:", "ignore-case=i", "invert-match=v", "count=c", "quiet=q", "silent=q", "recursive=r",
		"line-number=n", "files-with-matches=l", "extended-regexp=E", "fixed-strings=F", "only-matching=o", "word-regexp=w", "regexp=e", "color=G")
	if !ok {
		return 2
	}
	if !o.has('e') {
		if len(args) == 0 {
			usage(t, "[-HhnlLoqvsrRiwFE] [-m N] [-A|B|C N] { PATTERN | -e PATTERN... } [FILE]...")
			return 2
		}
		o.values['e'], args = args[0], args[1:]
	}
	re, err := grepPattern(t, o)
	if err != nil {
		t.Errorf("bad regex '%s': %v", o.values['e'], err)
		return 2
	}
	g := &grepper{t: t, o: o, re: re}
	g.before, _ = strconv.Atoi(o.value('B', o.value('C', "0")))
	g.after, _ = strconv.Atoi(o.value('A', o.value('C', "0")))
	g.limit, err = strconv.Atoi(o.value('m', "-1"))
	if err != nil {
		t.Errorf("invalid number '%s'", o.value('m', ""))
		return 2
	}
	recursive := o.has('r') || o.has('R')
	if recursive && len(args) == 0 {
		args = []string{"."}
	}
	g.names = (len(args) > 1 || recursive || o.has('H')) && !o.has('h')
	if len(args) == 0 {
		args = []string{"-"}
	}
	for _, a := range args {
		if recursive && a != "-" && isDir(t, a) {
			g.tree(a)
		} else {
			g.file(a)
		}
	}
	switch {
	case g.failed && !(o.has('q') && g.found):
		return 2
	case g.found:
		return 0
	}
	return 1
}

func grepPattern(t *task.Task, o opts) (*regexp.Regexp, error) {
	var alternatives []string
	for _, p := range strings.Split(o.values['e'], "\n") {
		switch {
		case o.has('F') || t.Name() == "fgrep":
			p = regexp.QuoteMeta(p)
		case !o.has('E') && t.Name() != "egrep":
			p = basic(p)
		}
		alternatives = append(alternatives, "(?:"+p+")")
	}
	p := strings.Join(alternatives, "|")
	if o.has('w') {
		p = `\b(?:` + p + `)\b`
	}
	if o.has('x') {
		p = "^(?:" + p + ")$"
	}
	if o.has('i') {
		p = "(?i)" + p
	}
	re, err := regexp.Compile(p)
	if err == nil {
		re.Longest()
	}
	return re, err
}

// basic turns a basic regular expression into the syntax of package regexp.
func basic(p string) string {
	var out strings.Builder
	for i := 0; i < len(p); i++ {
		c := p[i]
		switch {
		case c == '\\' && i+1 < len(p):
			i++
			if strings.IndexByte("(){}|+?", p[i]) >= 0 {
				out.WriteByte(p[i])
			} else if p[i] == '<' || p[i] == '>' {
				out.WriteString(`\b`)
			} else {
				out.WriteByte('\\')
				out.WriteByte(p[i])
			}
		case strings.IndexByte("(){}|+?", c) >= 0:
			out.WriteByte('\\')
			out.WriteByte(c)
		case c == '*' && (i == 0 || p[i-1] == '^' && i == 1):
			out.WriteString(`\*`)
		case c == '[':
			end := bracketEnd(p, i)
			out.WriteString(p[i:end])
			i = end - 1
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// bracketEnd returns the index after the bracket expression that begins at i.
func bracketEnd(p string, i int) int {
	j := i + 1
	if j < len(p) && p[j] == '^' {
		j++
	}
	if j < len(p) && p[j] == ']' {
		j++
	}
	for j < len(p) && p[j] != ']' {
		if strings.HasPrefix(p[j:], "[:") {
			if k := strings.Index(p[j:], ":]"); k > 0 {
				j += k + 1
			}
		}
		j++
	}
	return min(j+1, len(p))
}

type grepper struct {
	t      *task.Task
	o      opts
	re     *regexp.Regexp
	names  bool
	before int
	after  int
	limit  int
	found  bool
	failed bool
}

func (g *grepper) tree(dir string) {
	entries, err := g.t.FS.ReadDir(g.t.Path(dir))
	if err != nil {
		g.complain(dir, err)
		return
	}
	for _, e := range entries {
		name := strings.TrimSuffix(dir, "/") + "/" + e.Name()
		if dir == "." {
			name = "./" + e.Name()
		}
		switch {
		case e.IsDir():
			g.tree(name)
		case e.Type()&fs.ModeSymlink != 0 && !g.o.has('R'), e.Type()&fs.ModeDevice != 0:
		default:
			g.file(name)
		}
	}
}

func (g *grepper) complain(name string, err error) {
	g.failed = true
	if !g.o.has('s') {
		g.t.Errorf("%s: %s", name, errText(err))
	}
}

func (g *grepper) file(name string) {
	in := g.t.In
	if name != "-" {
		h, err := g.t.Open(name)
		if err != nil {
			g.complain(name, err)
			return
		}
		defer h.Close()
		in = h
	}
	hits, n, left := 0, 0, 0
	var past []string
	err := lines(in, func(line string) error {
		n++
		line = strings.TrimSuffix(line, "\n")
		if g.re.MatchString(line) == g.o.has('v') {
			if left > 0 {
				left--
				g.print(name, n, line, '-')
			} else if past = append(past, line); len(past) > g.before {
				past = past[1:]
			}
			return nil
		}
		hits++
		g.found = true
		if g.o.has('q') || g.o.has('l') || g.o.has('L') {
			return errDone
		}
		if !g.o.has('c') {
			for i, l := range past {
				g.print(name, n-len(past)+i, l, '-')
			}
			g.print(name, n, line, ':')
		}
		past, left = nil, g.after
		if hits == g.limit {
			return errDone
		}
		return nil
	})
	if err != nil && !errors.Is(err, errDone) {
		g.complain(name, err)
	}
	label := name
	if name == "-" {
		label = "(standard input)"
	}
	switch {
	case g.o.has('c'):
		if g.names {
			fmt.Fprintf(g.t.Out, "%s:", label)
		}
		fmt.Fprintln(g.t.Out, hits)
	case g.o.has('l') && hits > 0, g.o.has('L') && hits == 0:
		fmt.Fprintln(g.t.Out, label)
	}
}

func (g *grepper) print(name string, n int, line string, sep rune) {
	head := ""
	if g.names {
		head = name + string(sep)
	}
	if g.o.has('n') {
		head += strconv.Itoa(n) + string(sep)
	}
	if g.o.has('o') && !g.o.has('v') {
		if sep == ':' {
			for _, m := range g.re.FindAllString(line, -1) {
				if m != "" {
					fmt.Fprintln(g.t.Out, head+m)
				}
			}
		}
		return
	}
	fmt.Fprintln(g.t.Out, head+line)
}
