package applet

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

func cut(t *task.Task) int {
	o, names, ok := options(t, "d:f:c:b:s", "delimiter=d", "fields=f", "characters=c")
	if !ok {
		return 1
	}
	spec := o.value('f', o.value('c', o.value('b', "")))
	ranges, err := parseRanges(spec)
	if err != nil {
		t.Errorf("expected a list of bytes, characters, or fields")
		return 1
	}
	w := output(t)
	defer flush(w)
	return eachInput(t, names, func(_ string, r io.Reader) error {
		return filter(r, w, func(line string) error {
			line = strings.TrimSuffix(line, "\n")
			sep, parts := "", strings.Split(line, "")
			if o.has('f') {
				sep = o.value('d', "\t")
				parts = strings.Split(line, sep)
				if len(parts) == 1 {
					if !o.has('s') {
						fmt.Fprintln(w, line)
					}
					return nil
				}
			}
			var out []string
			for i, p := range parts {
				if inRanges(ranges, i+1) {
					out = append(out, p)
				}
			}
			_, err := fmt.Fprintln(w, strings.Join(out, sep))
			return err
		})
	})
}

// parseRanges reads 1,3-5,7-.
func parseRanges(s string) ([][2]int, error) {
	var out [][2]int
	for _, p := range strings.Split(s, ",") {
		from, to, isRange := strings.Cut(p, "-")
		r := [2]int{1, math.MaxInt}
		var err error
		if from != "" {
			if r[0], err = strconv.Atoi(from); err != nil || r[0] < 1 {
				return nil, fmt.Errorf("bad range %q", p)
			}
		}
		if to != "" {
			if r[1], err = strconv.Atoi(to); err != nil {
				return nil, fmt.Errorf("bad range %q", p)
			}
		}
		if !isRange {
			if from == "" {
				return nil, fmt.Errorf("bad range %q", p)
			}
			r[1] = r[0]
		}
		out = append(out, r)
	}
	return out, nil
}

func inRanges(ranges [][2]int, n int) bool {
	for _, r := range ranges {
		if n >= r[0] && n <= r[1] {
			return true
		}
	}
	return false
}

func tr(t *task.Task) int {
	o, args, ok := options(t, "dscC", "delete=d", "squeeze-repeats=s")
	if !ok {
		return 1
	}
	if len(args) == 0 || len(args) < 2 && !o.has('d') && !o.has('s') {
		return usage(t, "[-cds] STRING1 [STRING2]")
	}
	from := charset(args[0])
	var to []rune
	if len(args) > 1 {
		to = charset(args[1])
	}
	in := func(set []rune, c rune) int {
		for i, x := range set {
			if x == c {
				return i
			}
		}
		return -1
	}
	negate := o.has('c') || o.has('C')
	var last rune = -1
	w := output(t)
	defer flush(w)
	return eachInput(t, nil, func(_ string, r io.Reader) error {
		return filter(r, w, func(line string) error {
			for _, c := range line {
				i := in(from, c)
				hit := (i >= 0) != negate
				switch {
				case hit && o.has('d'):
					continue
				case hit && len(to) > 0:
					if negate {
						i = len(to) - 1
					}
					c = to[min(i, len(to)-1)]
				}
				if o.has('s') && hit && c == last {
					continue
				}
				last = c
				_, _ = w.WriteRune(c)
			}
			return nil
		})
	})
}

// charset expands a-z, \n and [:upper:].
func charset(s string) []rune {
	for name, set := range map[string]string{"[:upper:]": "A-Z", "[:lower:]": "a-z", "[:digit:]": "0-9", "[:alpha:]": "A-Za-z",
		"[:alnum:]": "A-Za-z0-9", "[:space:]": " \t\n\r\v\f", "[:punct:]": "!-/:-@[-`{-~", "[:blank:]": " \t"} {
		s = strings.ReplaceAll(s, name, set)
	}
	var out []rune
	rs := []rune(s)
	for i := 0; i < len(rs); i++ {
		c := rs[i]
		if c == '\\' && i+1 < len(rs) {
			i++
			c = rs[i]
			switch c {
			case 'n':
				c = '\n'
			case 't':
				c = '\t'
			case 'r':
				c = '\r'
			case '0':
				c = 0
			}
		}
		if i+2 < len(rs) && rs[i+1] == '-' && rs[i+2] >= c {
			for x := c; x <= rs[i+2]; x++ {
				out = append(out, x)
			}
			i += 2
			continue
		}
		out = append(out, c)
	}
	return out
}
