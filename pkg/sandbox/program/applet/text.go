package applet

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

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
	case "hexdump", "hd":
		return plain(hexdump)
	case "grep", "egrep", "fgrep":
		return plain(grep)
	case "sed":
		return plain(sed)
	case "awk":
		return awk
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
