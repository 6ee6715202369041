package explain

import (
	"regexp"
	"slices"
	"strings"
)

const (
	// wordsShown is how many of the last lines of a log are shown on one line, linesShown how many at length.
	wordsShown = 3
	linesShown = 8
)

// How a program's end begins or ends in its log: Go's panics, the innermost cause of a Java exception, the exception itself, the last
// line after a Python traceback, and the error of Node.js before its stack.
var (
	panicked  = regexp.MustCompile(`^(panic|fatal error): `)
	causedBy  = regexp.MustCompile(`^Caused by: `)
	traceback = regexp.MustCompile(`^Traceback \(most recent call last\):`)
	thrown    = regexp.MustCompile(`^(Exception in thread .*|(Uncaught )?([\w$]+[.])*[\w$]*(Exception|Error)\b.*)$`)
	frame     = regexp.MustCompile(`^\s+at `)
)

// lastWords is the link that says what a program wrote last: the line that says most where there is a stack of calls, else the last
// lines; and what stands around that.
func lastWords(l *logText) Link {
	link := Link{Claim: "This it wrote last:", From: logFrom(l)}
	var lines []string
	for _, line := range l.Lines {
		if line = strings.TrimRight(line, " \t\r"); strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	n := len(lines)
	from, at := max(0, n-linesShown), telling(lines)
	switch {
	case at >= 0:
		said := []string{strings.TrimSpace(lines[at])}
		if last := lines[n-1]; at < n-1 && strings.TrimSpace(last) == last { // what is set in belongs to the stack
			said = append(said, last)
		}
		link.Claim, link.Evidence = "Of what it wrote last, this says most:", short(strings.Join(said, " / "), 300)
		from = min(from, at)
	default:
		var said []string
		for _, line := range lines[max(0, n-wordsShown):] {
			said = append(said, strings.TrimSpace(line))
		}
		link.Evidence = short(strings.Join(said, " / "), 300)
	}
	if n > wordsShown || at >= 0 && n > 1 {
		for _, line := range lines[from:min(n, from+linesShown)] {
			link.Lines = append(link.Lines, short(line, 200))
		}
	}
	return link
}

// telling is the place of the line that says most of a stack of calls, or -1 where there is none.
func telling(lines []string) int {
	cause, exception, traced := -1, -1, -1
	for i, line := range lines {
		switch {
		case panicked.MatchString(line):
			return i
		case causedBy.MatchString(line):
			cause = i
		case traceback.MatchString(line):
			traced = i
			exception = -1
		case traced >= 0 && exception < 0 && !strings.HasPrefix(line, " "):
			exception = i
		case traced < 0 && thrown.MatchString(line) && slices.ContainsFunc(lines[i+1:min(i+5, len(lines))], frame.MatchString):
			exception = i
		}
	}
	if cause >= 0 {
		return cause
	}
	return exception
}
