package applet

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

func findText(name string) task.Program {
	switch name {
	case "cat":
		return plain(cat)
	case "tac":
		return plain(tac)
	case "head":
		return plain(head)
	case "tail":
		return tail
	case "wc":
		return plain(wc)
	case "cut":
		return plain(cut)
	case "tr":
		return plain(tr)
	case "sort":
		return plain(sortLines)
	case "uniq":
		return plain(uniq)
	case "seq":
		return plain(seq)
	case "tee":
		return plain(tee)
	case "yes":
		return yes
	case "od":
		return plain(od)
	case "grep", "egrep", "fgrep":
		return plain(grep)
	case "sed":
		return plain(sed)
	case "fold", "less":
		return plain(cat)
	case "md5sum", "sha1sum", "sha256sum":
		return plain(sum)
	case "base64":
		return plain(base64Code)
	case "expr":
		return plain(expr)
	case "envsubst":
		return plain(envsubst)
	}
	return nil
}

func cat(t *task.Task) int {
	o, names, ok := options(t, "nbsuvetAET", "number=n")
	if !ok {
		return 1
	}
	if !o.has('n') {
		return eachInput(t, names, func(_ string, r io.Reader) error {
			_, err := io.Copy(t.Out, r)
			return err
		})
	}
	n := 0
	return eachInput(t, names, func(_ string, r io.Reader) error {
		return lines(r, func(line string) error {
			n++
			_, err := fmt.Fprintf(t.Out, "%6d\t%s", n, line)
			return err
		})
	})
}

func tac(t *task.Task) int {
	var all []string
	code := eachInput(t, t.Args[1:], func(_ string, r io.Reader) error {
		return lines(r, func(line string) error { all = append(all, line); return nil })
	})
	w := output(t)
	defer flush(w)
	for i := len(all) - 1; i >= 0; i-- {
		_, _ = w.WriteString(all[i])
	}
	return code
}

// oldStyle turns head -5 into head -n 5.
func oldStyle(t *task.Task) *task.Task {
	if len(t.Args) > 1 && len(t.Args[1]) > 1 && t.Args[1][0] == '-' && t.Args[1][1] >= '0' && t.Args[1][1] <= '9' {
		c := *t
		c.Args = append([]string{t.Args[0], "-n", t.Args[1][1:]}, t.Args[2:]...)
		return &c
	}
	return t
}

func head(t *task.Task) int {
	t = oldStyle(t)
	o, names, ok := options(t, "n:c:qv", "lines=n", "bytes=c")
	if !ok {
		return 1
	}
	bytes := o.has('c')
	limit, err := strconv.Atoi(o.value('n', "10"))
	if bytes {
		limit, err = count(o.value('c', ""))
	}
	if err != nil {
		t.Errorf("invalid number '%s'", o.value('n', o.value('c', "")))
		return 1
	}
	first := true
	return eachInput(t, names, func(name string, r io.Reader) error {
		title(t, o, names, name, &first)
		if bytes {
			_, err := io.CopyN(t.Out, r, int64(limit))
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return err
		}
		return headLines(t, r, limit)
	})
}

// headLines writes the first lines, or for a negative limit all but the last.
func headLines(t *task.Task, r io.Reader, limit int) error {
	var kept []string
	n := 0
	err := errDone
	if limit != 0 {
		err = lines(r, func(line string) error {
			if limit < 0 {
				if kept = append(kept, line); len(kept) > -limit {
					line, kept = kept[0], kept[1:]
				} else {
					return nil
				}
			}
			if _, err := io.WriteString(t.Out, line); err != nil {
				return err
			}
			if n++; n == limit {
				return errDone
			}
			return nil
		})
	}
	if errors.Is(err, errDone) {
		return nil
	}
	return err
}

// errDone ends a loop over lines early.
var errDone = errors.New("done")

// title prints the heading of one of several files.
func title(t *task.Task, o opts, names []string, name string, first *bool) {
	if len(names) < 2 && !o.has('v') || o.has('q') {
		return
	}
	if !*first {
		t.Printf("\n")
	}
	*first = false
	if name == "-" {
		name = "standard input"
	}
	t.Printf("==> %s <==\n", name)
}

// followEvery is how often tail -f looks again.
const followEvery = 200 * time.Millisecond

func tail(ctx context.Context, t *task.Task) int {
	t = oldStyle(t)
	o, names, ok := options(t, "n:c:fFqvs:", "lines=n", "follow=f")
	if !ok {
		return 1
	}
	spec := o.value('n', o.value('c', "10"))
	n, err := count(strings.TrimPrefix(spec, "+"))
	if err != nil {
		t.Errorf("invalid number '%s'", spec)
		return 1
	}
	n = max(n, -n)
	first := true
	code := eachInput(t, names, func(name string, r io.Reader) error {
		title(t, o, names, name, &first)
		return tailOf(t, r, n, strings.HasPrefix(spec, "+"), o.has('c'))
	})
	if o.has('f') || o.has('F') {
		return follow(ctx, t, names, o.has('F'))
	}
	return code
}

func tailOf(t *task.Task, r io.Reader, n int, fromStart, bytes bool) error {
	if bytes {
		b, err := io.ReadAll(r)
		if fromStart {
			b = b[min(max(n-1, 0), len(b)):]
		} else {
			b = b[max(len(b)-n, 0):]
		}
		_, _ = t.Out.Write(b)
		return err
	}
	var kept []string
	at := 0
	err := lines(r, func(line string) error {
		at++
		if fromStart {
			if at >= n {
				_, err := io.WriteString(t.Out, line)
				return err
			}
			return nil
		}
		if kept = append(kept, line); len(kept) > n {
			kept = kept[1:]
		}
		return nil
	})
	for _, l := range kept {
		_, _ = io.WriteString(t.Out, l)
	}
	return err
}

// follow prints what is added to files until ctx ends.
func follow(ctx context.Context, t *task.Task, names []string, byName bool) int {
	sizes := map[string]int64{}
	for _, n := range names {
		if fi, err := t.FS.Stat(t.Path(n)); err == nil {
			sizes[n] = fi.Size()
		}
	}
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return task.CodeOf(ctx)
		case <-tick.C:
		}
		for _, n := range names {
			more(t, n, sizes, byName)
		}
	}
}

func more(t *task.Task, name string, sizes map[string]int64, byName bool) {
	fi, err := t.FS.Stat(t.Path(name))
	if err != nil {
		if byName {
			sizes[name] = 0
		}
		return
	}
	if fi.Size() < sizes[name] {
		sizes[name] = 0
	}
	if fi.Size() == sizes[name] {
		return
	}
	f, err := t.FS.Open(t.Path(name))
	if err != nil {
		return
	}
	defer f.Close()
	if _, err := f.Seek(sizes[name], io.SeekStart); err == nil {
		n, _ := io.Copy(t.Out, f)
		sizes[name] += n
	}
}

// count reads a number with one of the suffixes b, k, m and so on.
func count(s string) (int, error) {
	mult := 1
	if s != "" {
		switch s[len(s)-1] {
		case 'b':
			mult = 512
		case 'k', 'K':
			mult = 1 << 10
		case 'm', 'M':
			mult = 1 << 20
		case 'g', 'G':
			mult = 1 << 30
		}
	}
	if mult > 1 {
		s = s[:len(s)-1]
	}
	n, err := strconv.Atoi(s)
	return n * mult, err
}

func wc(t *task.Task) int {
	o, names, ok := options(t, "lwcm", "lines=l", "words=w", "bytes=c")
	if !ok {
		return 1
	}
	all := len(o.set) == 0
	var total [3]int
	print := func(c [3]int, name string) {
		var cols []string
		for i, letter := range "lwc" {
			if all || o.has(letter) || letter == 'c' && o.has('m') {
				cols = append(cols, strconv.Itoa(c[i]))
			}
		}
		if len(cols) > 1 {
			for i := range cols {
				cols[i] = fmt.Sprintf("%9s", cols[i])
			}
		}
		line := strings.Join(cols, " ")
		if name != "-" {
			line += " " + name
		}
		t.Printf("%s\n", line)
	}
	code := eachInput(t, names, func(name string, r io.Reader) error {
		var c [3]int
		err := lines(r, func(line string) error {
			c[0] += strings.Count(line, "\n")
			c[1] += len(strings.Fields(line))
			c[2] += len(line)
			return nil
		})
		for i := range c {
			total[i] += c[i]
		}
		print(c, name)
		return err
	})
	if len(names) > 1 {
		print(total, "total")
	}
	return code
}

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

func seq(t *task.Task) int {
	args := t.Args[1:]
	sep, wide := "\n", false
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' && (args[0][1] == 's' || args[0][1] == 'w') {
		if args[0] == "-w" {
			wide = true
			args = args[1:]
		} else if args[0] == "-s" && len(args) > 1 {
			sep, args = args[1], args[2:]
		} else {
			sep, args = args[0][2:], args[1:]
		}
	}
	var n []float64
	decimals := 0
	for _, a := range args {
		f, err := strconv.ParseFloat(a, 64)
		if err != nil {
			t.Errorf("invalid number '%s'", a)
			return 1
		}
		if _, frac, ok := strings.Cut(a, "."); ok {
			decimals = max(decimals, len(frac))
		}
		n = append(n, f)
	}
	var last float64
	first, step := 1.0, 1.0
	switch len(n) {
	case 1:
		last = n[0]
	case 2:
		first, last = n[0], n[1]
	case 3:
		first, step, last = n[0], n[1], n[2]
	default:
		return usage(t, "[-w] [-s SEP] [FIRST [INC]] LAST")
	}
	if step == 0 {
		t.Errorf("increment is zero")
		return 1
	}
	width := 0
	if wide {
		width = max(len(strconv.FormatFloat(first, 'f', decimals, 64)), len(strconv.FormatFloat(last, 'f', decimals, 64)))
	}
	w := output(t)
	defer flush(w)
	for i := 0; ; i++ {
		v := first + float64(i)*step
		if step > 0 && v > last+1e-9 || step < 0 && v < last-1e-9 {
			if i > 0 {
				_, _ = w.WriteString("\n")
			}
			return 0
		}
		if i > 0 {
			_, _ = w.WriteString(sep)
		}
		if _, err := fmt.Fprintf(w, "%0*.*f", width, decimals, v); err != nil {
			return 1
		}
	}
}

func tee(t *task.Task) int {
	o, names, ok := options(t, "ai", "append=a")
	if !ok {
		return 1
	}
	code := 0
	writers := []io.Writer{t.Out}
	for _, n := range names {
		f, err := create(t, n, o.has('a'))
		if err != nil {
			code = failure(t, n, err)
			continue
		}
		defer f.Close()
		writers = append(writers, f)
	}
	if _, err := io.Copy(io.MultiWriter(writers...), t.In); err != nil {
		return 1
	}
	return code
}

func yes(ctx context.Context, t *task.Task) int {
	word := "y"
	if len(t.Args) > 1 {
		word = strings.Join(t.Args[1:], " ")
	}
	chunk := []byte(strings.Repeat(word+"\n", 512))
	for ctx.Err() == nil {
		if _, err := t.Out.Write(chunk); err != nil {
			return 1
		}
	}
	return task.CodeOf(ctx)
}

func od(t *task.Task) int {
	o, names, ok := options(t, "cxbdA:t:N:v")
	if !ok {
		return 1
	}
	limit := int64(math.MaxInt64)
	if v := o.value('N', ""); v != "" {
		n, err := count(v)
		if err != nil {
			t.Errorf("invalid number '%s'", v)
			return 1
		}
		limit = int64(n)
	}
	at := 0
	code := eachInput(t, names, func(_ string, r io.Reader) error {
		b := make([]byte, 16)
		in := io.LimitReader(r, limit)
		for {
			n, err := io.ReadFull(in, b)
			if n > 0 {
				t.Printf("%07o", at)
				for _, c := range b[:n] {
					switch {
					case o.has('c') && c == '\n':
						t.Printf("  \\n")
					case o.has('c') && c >= ' ' && c < 127:
						t.Printf("   %c", c)
					case strings.HasPrefix(o.value('t', ""), "x") || o.has('x'):
						t.Printf(" %02x", c)
					default:
						t.Printf(" %03o", c)
					}
				}
				t.Printf("\n")
				at += n
			}
			if err != nil {
				return nil
			}
		}
	})
	t.Printf("%07o\n", at)
	return code
}

func sum(t *task.Task) int {
	o, names, ok := options(t, "cbsw", "check=c", "status=s")
	if !ok {
		return 1
	}
	digest := func(r io.Reader) (string, error) {
		h := map[string]func() hash.Hash{"md5sum": md5.New, "sha1sum": sha1.New, "sha256sum": sha256.New}[t.Name()]()
		_, err := io.Copy(h, r)
		return hex.EncodeToString(h.Sum(nil)), err
	}
	if !o.has('c') {
		return eachInput(t, names, func(name string, r io.Reader) error {
			d, err := digest(r)
			if err == nil {
				t.Printf("%s  %s\n", d, name)
			}
			return err
		})
	}
	bad := 0
	code := eachInput(t, names, func(_ string, r io.Reader) error {
		return lines(r, func(l string) error {
			want, name, _ := strings.Cut(strings.TrimSpace(l), " ")
			name = strings.TrimLeft(name, " *")
			got := ""
			_ = withInput(t, name, func(_ string, r io.Reader) (err error) { got, err = digest(r); return err })
			if got == want {
				t.Printf("%s: OK\n", name)
				return nil
			}
			bad++
			t.Printf("%s: FAILED\n", name)
			return nil
		})
	})
	if bad > 0 {
		t.Errorf("WARNING: %d computed checksums did NOT match", bad)
		return 1
	}
	return code
}

func base64Code(t *task.Task) int {
	o, names, ok := options(t, "dw:Di", "decode=d", "wrap=w")
	if !ok {
		return 1
	}
	wrap, err := strconv.Atoi(o.value('w', "76"))
	if err != nil {
		t.Errorf("invalid number '%s'", o.value('w', ""))
		return 1
	}
	return eachInput(t, names, func(_ string, r io.Reader) error {
		b, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if o.has('d') || o.has('D') {
			out, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(b)), ""))
			_, _ = t.Out.Write(out)
			return err
		}
		text := base64.StdEncoding.EncodeToString(b)
		for wrap > 0 && len(text) > wrap {
			t.Printf("%s\n", text[:wrap])
			text = text[wrap:]
		}
		if text != "" {
			t.Printf("%s", text)
			if wrap > 0 {
				t.Printf("\n")
			}
		}
		return nil
	})
}

// expr does + - * / % and comparisons, from left to right.
func expr(t *task.Task) int {
	a := t.Args[1:]
	if len(a) == 0 {
		return usage(t, "EXPRESSION")
	}
	if len(a) == 2 && a[0] == "length" {
		t.Printf("%d\n", len(a[1]))
		return 0
	}
	value := a[0]
	for a = a[1:]; len(a) >= 2; a = a[2:] {
		x, e1 := strconv.Atoi(value)
		y, e2 := strconv.Atoi(a[1])
		truth := func(b bool) string {
			if b {
				return "1"
			}
			return "0"
		}
		numeric := e1 == nil && e2 == nil
		switch a[0] {
		case "=":
			value = truth(value == a[1])
			continue
		case "!=":
			value = truth(value != a[1])
			continue
		}
		if !numeric {
			t.Errorf("non-numeric argument")
			return 2
		}
		switch a[0] {
		case "+":
			value = strconv.Itoa(x + y)
		case "-":
			value = strconv.Itoa(x - y)
		case "*":
			value = strconv.Itoa(x * y)
		case "/", "%":
			if y == 0 {
				t.Errorf("division by zero")
				return 2
			}
			if a[0] == "/" {
				value = strconv.Itoa(x / y)
			} else {
				value = strconv.Itoa(x % y)
			}
		case "<":
			value = truth(x < y)
		case "<=":
			value = truth(x <= y)
		case ">":
			value = truth(x > y)
		case ">=":
			value = truth(x >= y)
		default:
			t.Errorf("syntax error")
			return 2
		}
	}
	t.Printf("%s\n", value)
	if value == "0" || value == "" {
		return 1
	}
	return 0
}

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
