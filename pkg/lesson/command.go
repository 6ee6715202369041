package lesson

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// splitCommand cuts a line into words the way every shell does it that learners use: bash, zsh,
// fish, PowerShell and cmd. What one of them would read differently is refused, so that a command
// of a lesson can be typed anywhere. A template stays whole, quotes and all.
func splitCommand(line string) (args []string, bad *issue) {
	s := &splitter{rest: []rune(line)}
	for len(s.rest) > 0 && s.bad == nil {
		s.next()
	}
	if s.bad == nil && s.quoted {
		s.fail("a double quote is not closed", "close it on the same line")
	}
	if s.bad != nil {
		return nil, s.bad
	}
	s.finish()
	if len(s.args) == 0 || s.args[0] != "kubectl" {
		return nil, &issue{0, "the command does not begin with kubectl", "a lesson asks for kubectl alone, so that it works on every system"}
	}
	return s.args, nil
}

type splitter struct {
	rest   []rune
	at     int
	word   strings.Builder
	open   bool // a word has begun
	quoted bool
	args   []string
	bad    *issue
}

func (s *splitter) fail(what, instead string) { s.bad = &issue{s.at, what, instead} }

func (s *splitter) finish() {
	if s.open {
		s.args = append(s.args, s.word.String())
	}
	s.word.Reset()
	s.open = false
}

func (s *splitter) step(n int) {
	s.rest = s.rest[n:]
	s.at += n
}

func (s *splitter) next() {
	r := s.rest[0]
	if strings.HasPrefix(string(s.rest[:min(2, len(s.rest))]), "{{") {
		s.template()
		return
	}
	switch {
	case r == '"':
		s.quoted = !s.quoted
		s.open = true
	case !s.quoted && unicode.IsSpace(r):
		s.finish()
	case s.refuse(r):
		return
	default:
		s.word.WriteRune(r)
		s.open = true
	}
	s.step(1)
}

// template takes over {{ … }} as it stands.
func (s *splitter) template() {
	end := strings.Index(string(s.rest), "}}")
	if end < 0 {
		s.fail("a template is not closed", "close it with }}")
		return
	}
	whole := string(s.rest)[:end+2]
	s.word.WriteString(whole)
	s.open = true
	s.step(len([]rune(whole)))
}

// refuse complains about a character that some shell does not take as itself.
func (s *splitter) refuse(r rune) bool {
	switch r {
	case '|':
		s.fail("a pipe joins two programs", "use kubectl's own -o, -l, --field-selector or --sort-by")
	case '\'':
		instead := `use double quotes: "…"`
		if len(s.rest) > 1 && s.rest[1] == '{' {
			instead = patchInYAML
		}
		s.fail("single quotes do not work in every shell", instead)
	case '$', '`':
		s.fail(fmt.Sprintf("%q does not work in every shell", string(r)), `for the name of a live object write {{ name "pods?app=web" }}`)
	case '\\':
		s.fail("a backslash does not work in every shell", "write the command on one line; "+patchInYAML)
	case '<', '>':
		if !s.quoted {
			s.fail("a redirection is not the same in every shell", "kubectl alone: take it out")
		}
	case ';', '&':
		if !s.quoted {
			s.fail("this joins two commands", "write each on a line of its own")
		}
	case '*', '?', '[', ']', '(', ')', '{', '}', '^', '~':
		if !s.quoted {
			s.fail(fmt.Sprintf("a shell may expand %q", string(r)), "put the word in double quotes")
		}
	case '@', '#':
		if !s.quoted && !s.open {
			s.fail(fmt.Sprintf("a shell may not take a word that begins with %q", string(r)), "put the word in double quotes")
		}
	case '!':
		// bash expands !word even inside double quotes, and leaves != alone.
		if len(s.rest) < 2 || s.rest[1] != '=' {
			s.fail(`"!" does not work in every shell`, "write it without")
		}
	}
	return s.bad != nil
}

// patchInYAML is how a patch is written that every shell leaves as it is.
const patchInYAML = `write a patch as YAML without outer braces, in double quotes: -p "spec: {replicas: 3}"`

// noPatch says that a command hands over a patch that kubectl can't read.
func noPatch(args []string) bool {
	if len(args) < 2 || args[1] != "patch" {
		return false
	}
	for i := range args {
		name, value := flagAt(args, i)
		if (name == "-p" || name == "--patch") && strings.HasPrefix(value, "{") && !strings.HasPrefix(value, "{{") && !json.Valid([]byte(value)) {
			return true
		}
	}
	return false
}

// flagAt is a word as a flag: its name, and its value, which stands behind a = or is the next word.
func flagAt(args []string, i int) (name, value string) {
	name, value, inline := strings.Cut(args[i], "=")
	if !inline && i+1 < len(args) {
		value = args[i+1]
	}
	return name, value
}

// command reads one line that a learner types. at is where its first character stands.
func (p *parser) command(line string, at func(offset int) Pos) (Command, bool) {
	args, bad := splitCommand(line)
	if bad != nil {
		p.add(at(bad.offset), bad.what, bad.instead)
		return Command{}, false
	}
	if what, instead := p.options.guard(args); what != "" {
		p.add(at(0), what, instead)
		return Command{}, false
	}
	if noPatch(args) {
		p.add(at(0), "kubectl takes a patch that begins with a brace as JSON, and this is none", patchInYAML)
		return Command{}, false
	}
	if what, instead := p.guardContent(args); what != "" {
		p.add(at(0), what, instead)
		return Command{}, false
	}
	tmpl, issues := p.compiler.compileText(line, noQuery())
	for _, i := range issues {
		p.add(at(i.offset), i.what, i.instead)
	}
	return Command{Line: line, Args: args, Pos: at(0), tmpl: tmpl}, len(issues) == 0
}
