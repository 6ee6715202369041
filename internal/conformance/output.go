package main

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// reader follows what a process of the suite prints, and tells the specs in it apart.
type reader struct {
	// specs are those that the process runs, by name.
	specs map[string]bool
	// begun and ended are told of each; ended with all that the spec printed.
	begun func(name string)
	ended func(result)

	afterRule bool
	name      string
	text      strings.Builder
	ending    *result
}

// rule stands before the name of each spec, and after each failure.
const rule = "------------------------------"

var (
	// endLine is "• [1.234 seconds]" or "• [FAILED] [1.234 seconds]", "S [SKIPPED] [0.1 seconds]".
	endLine = regexp.MustCompile(`^(?:•|S)(?: \[([A-Z ]+)\])?(?: \[([0-9.]+) seconds\])?$`)
	// reasonLine begins the message of a failure.
	reasonLine = regexp.MustCompile(`^\s*\[(?:FAILED|TIMEDOUT|PANICKED|INTERRUPTED|ABORTED|SKIPPED)\] (.*)$`)
)

// line takes the next line, without its end.
func (r *reader) line(line string) {
	afterRule := r.afterRule
	r.afterRule = line == rule
	if name := r.spec(line); afterRule && name != "" {
		r.finish()
		r.name = name
		r.text.Reset()
		r.begun(name)
	}
	if r.name == "" {
		return
	}
	r.text.WriteString(line + "\n")
	switch m := endLine.FindStringSubmatch(line); {
	case m != nil && r.ending == nil:
		r.ending = &result{Spec: r.name, Verdict: verdictOf(m[1]), Seconds: seconds(m[2])}
		if r.ending.Verdict == passed {
			r.finish()
		}
	case r.ending != nil && line == rule: // the end of what is said of a failure
		r.finish()
	}
}

// spec is the name in a line that a spec begins with, or "". The spec's labels may follow it.
func (r *reader) spec(line string) string {
	if r.specs[line] {
		return line
	}
	if i := strings.LastIndex(line, " ["); i > 0 && r.specs[line[:i]] {
		return line[:i]
	}
	return ""
}

// finish tells of the spec that has ended, if one has.
func (r *reader) finish() {
	if r.ending == nil {
		return
	}
	done := *r.ending
	done.Output = r.text.String()
	if done.Verdict != passed {
		done.Reason = reason(done.Output)
	}
	r.name, r.ending = "", nil
	r.ended(done)
}

// running is the spec that has begun and not ended, with what it printed.
func (r *reader) running() (name, text string) {
	if r.ending != nil {
		return "", ""
	}
	return r.name, r.text.String()
}

func verdictOf(state string) verdict {
	switch state {
	case "":
		return passed
	case "SKIPPED", "PENDING":
		return skipped
	default:
		return failed
	}
}

func seconds(s string) time.Duration {
	f, _ := strconv.ParseFloat(s, 64)
	return time.Duration(f * float64(time.Second)).Round(time.Second / 10)
}

// reason is the first line of the first failure.
func reason(text string) string {
	found := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if found != "" {
			found += " " + strings.TrimSpace(line)
			break
		}
		if m := reasonLine.FindStringSubmatch(line); m != nil && !strings.HasPrefix(m[1], "in [") { // where, not why
			found = strings.TrimSpace(m[1])
			if !strings.HasSuffix(found, ":") { // the next line has the error itself otherwise
				break
			}
		}
	}
	const longest = 300
	if len(found) > longest {
		found = found[:longest] + "…"
	}
	return found
}
