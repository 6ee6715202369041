package web

import (
	"fmt"
	"path"
	"sort"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// directive is one statement of nginx's configuration.
type directive struct {
	name   string
	args   []string
	block  []directive // nil without braces
	braces bool
	file   string
	line   int
}

// confError is an error at a place, in nginx's words.
type confError struct {
	text string
	file string
	line int
}

func (e *confError) Error() string {
	if e.file == "" {
		return e.text
	}
	return fmt.Sprintf("%s in %s:%d", e.text, e.file, e.line)
}

func (d directive) fail(format string, a ...any) error {
	return &confError{fmt.Sprintf(format, a...), d.file, d.line}
}

// readConf parses a file and what it includes.
func readConf(t *task.Task, file string) ([]directive, error) {
	b, err := t.FS.ReadFile(file)
	if err != nil {
		return nil, &confError{text: fmt.Sprintf("open() %q failed (%s)", file, errno(err))}
	}
	p := &confParser{t: t, text: string(b), file: file, line: 1}
	list, err := p.block(false)
	if err != nil {
		return nil, err
	}
	return list, nil
}

// errno is an error as nginx writes it: 2: No such file or directory.
func errno(err error) string {
	text := fsys.Text(err)
	n := map[string]int{"Operation not permitted": 1, "No such file or directory": 2, "Permission denied": 13, "File exists": 17, "Not a directory": 20, "Is a directory": 21,
		"Read-only file system": 30, "Symbolic link loop": 40}[text]
	return fmt.Sprintf("%d: %s", n, text)
}

type confParser struct {
	t    *task.Task
	text string
	at   int
	file string
	line int
	deep int
}

// maxInclude is how deep files may include each other.
const maxInclude = 10

func (p *confParser) fail(format string, a ...any) error {
	return &confError{fmt.Sprintf(format, a...), p.file, p.line}
}

// The kinds of token besides { } and ;.
const (
	tokenEnd  = 0
	tokenWord = 'w'
)

// token returns the next word, or which of { } ; there is.
func (p *confParser) token() (word string, kind byte, err error) {
	for p.at < len(p.text) {
		switch c := p.text[p.at]; c {
		case '\n':
			p.line++
			p.at++
		case ' ', '\t', '\r':
			p.at++
		case '#':
			for p.at < len(p.text) && p.text[p.at] != '\n' {
				p.at++
			}
		case '{', '}', ';':
			p.at++
			return "", c, nil
		case '"', '\'':
			word, err := p.quoted(c)
			return word, tokenWord, err
		default:
			return p.bare(), tokenWord, nil
		}
	}
	return "", tokenEnd, nil
}

func (p *confParser) quoted(q byte) (string, error) {
	var out strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		c := p.text[p.at]
		switch {
		case c == q:
			p.at++
			return out.String(), nil
		case c == '\\' && p.at+1 < len(p.text):
			p.at++
			switch n := p.text[p.at]; n {
			case 'n':
				out.WriteByte('\n')
			case 't':
				out.WriteByte('\t')
			case 'r':
				out.WriteByte('\r')
			case '"', '\'', '\\':
				out.WriteByte(n)
			default:
				out.WriteByte('\\')
				out.WriteByte(n)
			}
		default:
			if c == '\n' {
				p.line++
			}
			out.WriteByte(c)
		}
	}
	return "", p.fail("unexpected end of file, expecting \";\" or \"}\"")
}

func (p *confParser) bare() string {
	start := p.at
	for p.at < len(p.text) {
		c := p.text[p.at]
		if c == '$' && p.at+1 < len(p.text) && p.text[p.at+1] == '{' {
			if end := strings.IndexByte(p.text[p.at:], '}'); end > 0 {
				p.at += end + 1
				continue
			}
		}
		if strings.IndexByte(" \t\r\n{};", c) >= 0 {
			break
		}
		p.at++
	}
	return p.text[start:p.at]
}

// block reads directives up to the closing brace, or for a whole file to its end.
func (p *confParser) block(inner bool) ([]directive, error) {
	list := []directive{}
	for {
		d, done, err := p.directive(inner)
		if err != nil || done {
			return list, err
		}
		if d.name != "include" {
			list = append(list, d)
			continue
		}
		included, err := p.include(d)
		if err != nil {
			return nil, err
		}
		list = append(list, included...)
	}
}

// directive reads one; done says that the block ended instead.
func (p *confParser) directive(inner bool) (d directive, done bool, err error) {
	named := false
	for {
		word, kind, err := p.token()
		switch {
		case err != nil:
			return d, false, err
		case kind == tokenEnd && named:
			return d, false, p.fail("unexpected end of file, expecting \";\" or \"}\"")
		case kind == tokenEnd && inner:
			return d, false, p.fail("unexpected end of file, expecting \"}\"")
		case kind == tokenEnd:
			return d, true, nil
		case kind == tokenWord && !named:
			named = true
			d.name, d.file, d.line = word, p.file, p.line
		case kind == tokenWord:
			d.args = append(d.args, word)
		case kind == '}' && (named || !inner):
			return d, false, p.fail("unexpected \"}\"")
		case kind == '}':
			return d, true, nil
		case !named:
			return d, false, p.fail("unexpected \"%c\"", kind)
		case kind == '{':
			d.braces = true
			d.block, err = p.block(true)
			return d, false, err
		default:
			return d, false, nil
		}
	}
}

// include reads the files that an include names, relative to /etc/nginx.
func (p *confParser) include(d directive) ([]directive, error) {
	if d.name != "include" {
		return nil, nil
	}
	if len(d.args) != 1 {
		return nil, d.fail("invalid number of arguments in \"include\" directive")
	}
	if p.deep >= maxInclude {
		return nil, d.fail("too many levels of include")
	}
	pattern := d.args[0]
	if !path.IsAbs(pattern) {
		pattern = path.Join("/etc/nginx", pattern)
	}
	files := []string{pattern}
	if strings.ContainsAny(pattern, "*?[") {
		files = glob(p.t, pattern)
	}
	var out []directive
	for _, f := range files {
		b, err := p.t.FS.ReadFile(f)
		if err != nil {
			return nil, d.fail("open() %q failed (%s)", f, errno(err))
		}
		sub := &confParser{t: p.t, text: string(b), file: f, line: 1, deep: p.deep + 1}
		list, err := sub.block(false)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// glob lists the files of one folder whose names match, sorted.
func glob(t *task.Task, pattern string) []string {
	dir, base := path.Split(pattern)
	entries, err := t.FS.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		if ok, _ := path.Match(base, e.Name()); ok && !strings.HasPrefix(e.Name(), ".") {
			out = append(out, dir+e.Name())
		}
	}
	sort.Strings(out)
	return out
}
