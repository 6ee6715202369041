package applet

import (
	"fmt"
	"io"
	"math"
	"sort"
	"strconv"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

func sortLines(t *task.Task) int {
	o, names, ok := options(t, "nruhfk:t:bsVo:", "numeric-sort=n", "reverse=r", "unique=u", "key=k", "field-separator=t")
	if !ok {
		return 1
	}
	field := 0
	if k := o.value('k', ""); k != "" {
		field, _ = strconv.Atoi(strings.FieldsFunc(k, func(r rune) bool { return r < '0' || r > '9' })[0])
	}
	numeric := o.has('n') || o.has('h') || strings.Contains(o.value('k', ""), "n")
	key := func(l string) string {
		if field > 0 {
			parts := strings.Fields(l)
			if sep := o.value('t', ""); sep != "" {
				parts = strings.Split(l, sep)
			}
			if field > len(parts) {
				return ""
			}
			l = strings.Join(parts[field-1:], " ")
		}
		if o.has('f') {
			l = strings.ToUpper(l)
		}
		return l
	}
	var all []string
	code := eachInput(t, names, func(_ string, r io.Reader) error {
		return lines(r, func(l string) error { all = append(all, strings.TrimSuffix(l, "\n")); return nil })
	})
	less := func(a, b string) bool {
		ka, kb := key(a), key(b)
		if numeric {
			if x, y := leadingNumber(ka), leadingNumber(kb); x != y {
				return x < y
			}
			return a < b
		}
		if ka == kb {
			return a < b
		}
		return ka < kb
	}
	sort.SliceStable(all, func(i, j int) bool {
		if o.has('r') || strings.Contains(o.value('k', ""), "r") {
			return less(all[j], all[i])
		}
		return less(all[i], all[j])
	})
	w := output(t)
	defer flush(w)
	for i, l := range all {
		if o.has('u') && i > 0 && (l == all[i-1] || field > 0 && key(l) == key(all[i-1])) {
			continue
		}
		fmt.Fprintln(w, l)
	}
	return code
}

// leadingNumber is the number a text begins with, with a size suffix.
func leadingNumber(s string) float64 {
	s = strings.TrimSpace(s)
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == '.' || end == 0 && s[end] == '-') {
		end++
	}
	f, _ := strconv.ParseFloat(s[:end], 64)
	if end < len(s) {
		if i := strings.IndexByte("KMGT", s[end]); i >= 0 {
			f *= math.Pow(1024, float64(i+1))
		}
	}
	return f
}

func uniq(t *task.Task) int {
	o, names, ok := options(t, "cdui", "count=c", "repeated=d", "unique=u")
	if !ok {
		return 1
	}
	last, n := "", 0
	flush := func() {
		if n == 0 || o.has('d') && n < 2 || o.has('u') && n > 1 {
			return
		}
		if o.has('c') {
			t.Printf("%7d %s\n", n, last)
		} else {
			t.Printf("%s\n", last)
		}
	}
	code := eachInput(t, names[:min(len(names), 1)], func(_ string, r io.Reader) error {
		return lines(r, func(l string) error {
			l = strings.TrimSuffix(l, "\n")
			if n > 0 && (l == last || o.has('i') && strings.EqualFold(l, last)) {
				n++
				return nil
			}
			flush()
			last, n = l, 1
			return nil
		})
	})
	flush()
	return code
}
