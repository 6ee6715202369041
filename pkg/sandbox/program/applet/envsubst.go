package applet

import (
	"io"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// envsubst replaces $NAME and ${NAME} by variables of the environment; with an operand only those
// that it names.
func envsubst(t *task.Task) int {
	var only map[string]bool
	if len(t.Args) > 1 {
		only = map[string]bool{}
		Substitute(t.Args[1], func(name string) (string, bool) { only[name] = true; return "", true })
	}
	b, err := io.ReadAll(t.In)
	if err != nil {
		return 1
	}
	t.Printf("%s", Substitute(string(b), func(name string) (string, bool) {
		if only != nil && !only[name] {
			return "", false
		}
		return t.Getenv(name), true
	}))
	return 0
}

// Substitute replaces $NAME and ${NAME} in text by what f returns, if f knows the name.
func Substitute(text string, f func(name string) (string, bool)) string {
	var out strings.Builder
	for {
		i := strings.IndexByte(text, '$')
		if i < 0 {
			out.WriteString(text)
			return out.String()
		}
		out.WriteString(text[:i])
		text = text[i:]
		braced := strings.HasPrefix(text, "${")
		start := 1
		if braced {
			start = 2
		}
		end := start
		for end < len(text) && (text[end] == '_' || text[end] >= 'a' && text[end] <= 'z' || text[end] >= 'A' && text[end] <= 'Z' || end > start && text[end] >= '0' && text[end] <= '9') {
			end++
		}
		whole := end
		if braced {
			whole++
		}
		if end == start || braced && (end >= len(text) || text[end] != '}') {
			out.WriteByte('$')
			text = text[1:]
			continue
		}
		if v, ok := f(text[start:end]); ok {
			out.WriteString(v)
		} else {
			out.WriteString(text[:whole])
		}
		text = text[whole:]
	}
}
