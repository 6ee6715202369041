package main

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

//go:embed sessions/*.txt known.txt
var embedded embed.FS

// session is what is done on both clusters, in a namespace of its own: a txtar archive (see
// github.com/rogpeppe/go-internal/txtar) whose first part is a script and whose files are there
// while it runs. The first comment is its title. A line begins with a sign:
//
//	$ COMMAND   run by sh; what it prints, and its exit code, is compared
//	% COMMAND   the same for lines in no promised order: they are sorted
//	. COMMAND   must succeed; what it prints is not compared
//	? COMMAND   is tried until it succeeds; what it prints is not compared
//	~ /REGEXP/ SENTENCE   explains differing lines of the command above; ~? one that comes and goes
//	! alone     the session changes nodes: no other runs meanwhile
//
// A line that begins with a blank goes on with the command above it. kubectl is the one that was
// asked for, on the cluster and in the session's namespace. Set are NS, the namespace, CONTROL,
// WORKER1 and WORKER2, the names of the nodes.
type session struct {
	Name  string
	Title string
	alone bool
	steps []*step
	files []txtar.File
}

// kind is the sign of a line.
type kind byte

const (
	shown  kind = '$'
	sorted kind = '%'
	quiet  kind = '.'
	await  kind = '?'
)

type step struct {
	kind    kind
	command string
	known   []*known
}

func (s *step) compared() bool { return s.kind == shown || s.kind == sorted }

// known is a difference that is accepted. pattern is matched with differing lines as they stand in
// a diff, with their - or + in front.
type known struct {
	pattern  *regexp.Regexp
	sentence string
	// sometimes is true for what depends on who was faster: that it is not seen says nothing.
	sometimes bool
	where     string
}

// load reads all sessions, by name, and what is known of all of them.
func load() ([]*session, []*known, error) {
	files, err := fs.Glob(embedded, "sessions/*.txt")
	if err != nil {
		return nil, nil, err
	}
	var all []*session
	for _, f := range files {
		text, err := embedded.ReadFile(f)
		if err != nil {
			return nil, nil, err
		}
		s, err := readSession(strings.TrimSuffix(path.Base(f), ".txt"), text)
		if err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", f, err)
		}
		all = append(all, s)
	}
	text, err := embedded.ReadFile("known.txt")
	if err != nil {
		return nil, nil, err
	}
	global, err := readKnown(string(text))
	return all, global, err
}

// readKnown reads the differences that are accepted in every session: a line each, as in a session.
func readKnown(text string) ([]*known, error) {
	var all []*known
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		k, err := parseKnown(line)
		if err != nil {
			return nil, fmt.Errorf("read known.txt: %w", err)
		}
		k.where = "known.txt"
		all = append(all, k)
	}
	return all, nil
}

func readSession(name string, text []byte) (*session, error) {
	archive := txtar.Parse(text)
	s := &session{Name: name, files: archive.Files}
	for n, line := range strings.Split(string(archive.Comment), "\n") {
		if err := s.line(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	if s.Title == "" || len(s.steps) == 0 {
		return nil, fmt.Errorf("a session begins with a comment that is its title, and has commands")
	}
	return s, nil
}

// line takes one line of the script.
func (s *session) line(line string) error {
	sign, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch sign {
	case "#":
		if s.Title == "" {
			s.Title = rest
		}
		return nil
	case "$", "%", ".", "?":
		s.steps = append(s.steps, &step{kind: kind(sign[0]), command: rest})
		return nil
	case "!":
		s.alone = rest == "alone"
		if !s.alone {
			return fmt.Errorf("! %s is not understood; there is ! alone", rest)
		}
		return nil
	}
	switch {
	case strings.TrimSpace(line) == "":
		return nil
	case len(s.steps) == 0:
		return fmt.Errorf("%q comes before any command", line)
	}
	last := s.steps[len(s.steps)-1]
	if sign == "~" || sign == "~?" {
		k, err := parseKnown(line)
		if err != nil {
			return err
		}
		k.where = s.Name
		last.known = append(last.known, k)
		return nil
	}
	if sign != "" {
		return fmt.Errorf("%q begins with no sign", line)
	}
	last.command += "\n" + strings.TrimPrefix(line, " ")
	return nil
}

var knownForm = regexp.MustCompile(`^~(\??) /(.+)/ ([^/]+)$`)

func parseKnown(line string) (*known, error) {
	m := knownForm.FindStringSubmatch(line)
	if m == nil {
		return nil, fmt.Errorf("%q is not of the form ~ /REGEXP/ SENTENCE", line)
	}
	pattern, err := regexp.Compile(m[2])
	if err != nil {
		return nil, err
	}
	return &known{pattern: pattern, sentence: strings.TrimSpace(m[3]), sometimes: m[1] != ""}, nil
}
