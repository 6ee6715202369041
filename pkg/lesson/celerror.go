package lesson

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/google/cel-go/cel"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// explain says CEL's complaints in our words, with what to write instead.
func (e *kindEnv) explain(text string, complaints []*cel.Error) []issue {
	var issues []issue
	for _, c := range complaints {
		what, instead := e.rephrase(c.Message)
		offset := runeOffset(text, c.Location.Line(), c.Location.Column())
		issues = append(issues, issue{atName([]rune(text), offset, c.Message), what, instead})
	}
	clear(e.types.missed)
	return issues
}

// atName moves from where CEL points to, the dot before a field or the bracket behind a function, to the name.
func atName(text []rune, offset int, message string) int {
	if offset >= len(text) {
		return offset
	}
	if text[offset] == '.' && strings.HasPrefix(message, "undefined field") {
		return offset + 1
	}
	m := regexp.MustCompile(`^undeclared reference to '(.*?)'`).FindStringSubmatch(message)
	if m == nil || text[offset] != '(' {
		return offset
	}
	return max(offset-len([]rune(m[1])), 0)
}

// runeOffset turns CEL's line (from 1) and column (from 0) into an offset.
func runeOffset(text string, line, col int) int {
	offset := 0
	for i, l := range strings.SplitAfter(text, "\n") {
		n := len([]rune(l))
		if i+1 == line {
			return offset + min(max(col, 0), n)
		}
		offset += n
	}
	return max(offset-1, 0)
}

func (e *kindEnv) rephrase(message string) (what, instead string) {
	if m := regexp.MustCompile(`^undefined field '(.*)'$`).FindStringSubmatch(message); m != nil {
		return e.unknownField(m[1])
	}
	if m := regexp.MustCompile(`^undeclared reference to '(.*?)'`).FindStringSubmatch(message); m != nil {
		names := append([]string{"object", "objects", "before", "started", "now"}, helperNames()...)
		return fmt.Sprintf("unknown name %q", m[1]), didYouMean(m[1], names, "there are: ")
	}
	if m := regexp.MustCompile(`^found no matching overload for '(.*?)' applied to '(.*)'$`).FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%s can't be used with %s", operator(m[1]), m[2]), "compare or combine values of one type"
	}
	if first, _, ok := strings.Cut(message, "\n"); ok {
		message = first
	}
	if rest, ok := strings.CutPrefix(message, "Syntax error: "); ok {
		rest, _, _ = strings.Cut(rest, " expecting ")
		return "the expression does not read: " + rest, "look at its quotes, brackets and operators"
	}
	return message, "see docs/lessons.md for what an expression may use"
}

func (e *kindEnv) unknownField(field string) (what, instead string) {
	owner := e.types.missed[field]
	what = fmt.Sprintf("unknown field %q", field)
	if owner == "" {
		return what, "look at kubectl explain for the fields"
	}
	what += " of " + owner[strings.LastIndex(owner, ".")+1:]
	names := sortedKeys(e.types.fields[owner])
	if near := nearestField(field, names); near != "" {
		return what, fmt.Sprintf("did you mean %q?", near)
	}
	if len(names) > 12 {
		return what, "look at kubectl explain for the fields"
	}
	return what, "its fields are: " + strings.Join(names, ", ")
}

// nearestField also finds a field of which a beginning was written: replica, replicas.
func nearestField(field string, names []string) string {
	if near := snapshot.Nearest(field, names); near != "" {
		return near
	}
	for _, n := range names {
		if len(field) > 2 && strings.HasPrefix(strings.ToLower(n), strings.ToLower(field)) {
			return n
		}
	}
	return ""
}

// operator shows CEL's internal name of an operator as it is written.
func operator(name string) string {
	plain := strings.Trim(strings.TrimPrefix(name, "@"), "_")
	return strings.ReplaceAll(plain, "[_", "[") + ""
}
