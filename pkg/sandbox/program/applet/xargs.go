package applet

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

func xargs(ctx context.Context, t *task.Task) int {
	o, args, ok := leading(t, "n:I:0rtP:L:d:", "null=0", "max-args=n", "no-run-if-empty=r", "replace=I", "delimiter=d")
	if !ok {
		return 1
	}
	if len(args) == 0 {
		args = []string{"echo"}
	}
	items, err := xargsItems(t.In, o)
	if err != nil {
		t.Errorf("%s", fsys.Text(err))
		return 1
	}
	size := len(items)
	if n := o.value('n', o.value('L', "")); n != "" {
		if size, err = strconv.Atoi(n); err != nil || size < 1 {
			t.Errorf("invalid number '%s'", n)
			return 1
		}
	}
	if o.has('I') {
		size = 1
	}
	if len(items) == 0 && o.has('r') {
		return 0
	}
	code := 0
	for first := true; (first && !o.has('I')) || len(items) > 0; first = false {
		if len(items) == 0 && !first || ctx.Err() != nil {
			break
		}
		n := min(max(size, 0), len(items))
		argv := append(slices.Clone(args), items[:n]...)
		if mark := o.value('I', ""); mark != "" {
			argv = slices.Clone(args)
			for i := range argv {
				argv[i] = strings.ReplaceAll(argv[i], mark, items[0])
			}
		}
		items = items[n:]
		if o.has('t') {
			fmt.Fprintln(t.Err, strings.Join(argv, " "))
		}
		c := *t
		c.In = strings.NewReader("")
		switch got := runProgram(ctx, &c, argv); {
		case got >= task.CodeCannotRun && got <= task.CodeNotFound:
			return got
		case got != 0:
			code = 123
		}
	}
	return code
}

// xargsItems splits the input into words, at NULs, or for -I into lines.
func xargsItems(r io.Reader, o opts) ([]string, error) {
	b, err := io.ReadAll(bufio.NewReader(r))
	if err != nil {
		return nil, err
	}
	text := string(b)
	var items []string
	switch {
	case o.has('0'):
		items = strings.Split(strings.TrimSuffix(text, "\x00"), "\x00")
	case o.has('d'):
		items = strings.Split(strings.TrimSuffix(text, "\n"), strings.ReplaceAll(o.value('d', ""), `\n`, "\n"))
	case o.has('I'), o.has('L'):
		for _, l := range strings.Split(text, "\n") {
			if l = strings.TrimSpace(l); l != "" {
				items = append(items, l)
			}
		}
	default:
		items = splitQuoted(text)
	}
	if text == "" {
		return nil, nil
	}
	return items, nil
}

// splitQuoted splits at white space outside of quotes.
func splitQuoted(text string) []string {
	var out []string
	var word strings.Builder
	var quote rune
	inside, escaped := false, false
	for _, c := range text {
		switch {
		case escaped:
			word.WriteRune(c)
			escaped = false
		case quote == 0 && c == '\\':
			escaped, inside = true, true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, inside = c, true
		case quote == 0 && strings.ContainsRune(" \t\n", c):
			if inside {
				out = append(out, word.String())
				word.Reset()
			}
			inside = false
		default:
			word.WriteRune(c)
			inside = true
		}
	}
	if inside {
		out = append(out, word.String())
	}
	return out
}
