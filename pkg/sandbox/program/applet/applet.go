// Package applet has the small commands of the images, with the options and messages of busybox or of
// the GNU tools, whichever the image has. An option that is not here is refused, never ignored, except
// where ignoring it changes nothing that can be seen.
package applet

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// Find returns the applet of that name, or nil.
func Find(name string) task.Program {
	for _, group := range []func(string) task.Program{findText, findFile, findSystem, findNet} {
		if p := group(name); p != nil {
			return p
		}
	}
	return nil
}

// gnu says whether the program is the one of coreutils and not that of busybox.
func gnu(t *task.Task) bool { return t.Binary.Flavor == "gnu" }

// opts are the options that were given.
type opts struct {
	set    map[rune]bool
	values map[rune]string
}

func (o opts) has(c rune) bool { return o.set[c] }

func (o opts) value(c rune, otherwise string) string {
	if v, ok := o.values[c]; ok {
		return v
	}
	return otherwise
}

// options reads the options before and between the operands. short lists the letters, each with a colon
// if it takes a value. long lists name=letter for long options. It has told about what is wrong when ok
// is false.
func options(t *task.Task, short string, long ...string) (o opts, args []string, ok bool) {
	return parse(t, t.Args[1:], short, true, long)
}

// leading is options for a program whose operands are another command line.
func leading(t *task.Task, short string, long ...string) (o opts, args []string, ok bool) {
	return parse(t, t.Args[1:], short, false, long)
}

func parse(t *task.Task, words []string, short string, between bool, long []string) (o opts, args []string, ok bool) {
	o = opts{map[rune]bool{}, map[rune]string{}}
	for len(words) > 0 {
		w := words[0]
		words = words[1:]
		switch {
		case w == "--":
			return o, append(args, words...), true
		case strings.HasPrefix(w, "--"):
			if words, ok = o.long(t, w[2:], words, short, long); !ok {
				return o, nil, false
			}
		case len(w) > 1 && w[0] == '-':
			if words, ok = o.short(t, w[1:], words, short); !ok {
				return o, nil, false
			}
		default:
			args = append(args, w)
			if !between {
				return o, append(args, words...), true
			}
		}
	}
	return o, args, true
}

func (o opts) short(t *task.Task, w string, words []string, short string) ([]string, bool) {
	for i, c := range w {
		at := strings.IndexRune(short, c)
		if at < 0 || c == ':' {
			badOption(t, string(c), false)
			return nil, false
		}
		o.set[c] = true
		if !strings.HasPrefix(short[at+1:], ":") {
			continue
		}
		value := w[i+1:]
		if value == "" {
			if len(words) == 0 {
				if gnu(t) {
					t.Errorf("option requires an argument -- '%c'", c)
				} else {
					t.Errorf("option requires an argument: %c", c)
				}
				return nil, false
			}
			value, words = words[0], words[1:]
		}
		o.values[c] = value
		return words, true
	}
	return words, true
}

func (o opts) long(t *task.Task, w string, words []string, short string, long []string) ([]string, bool) {
	name, value, has := strings.Cut(w, "=")
	for _, l := range long {
		ln, letter, _ := strings.Cut(l, "=")
		if ln != name {
			continue
		}
		c := []rune(letter)[0]
		o.set[c] = true
		if !strings.Contains(short, letter+":") {
			return words, true
		}
		if !has {
			if len(words) == 0 {
				t.Errorf("option '--%s' requires an argument", name)
				return nil, false
			}
			value, words = words[0], words[1:]
		}
		o.values[c] = value
		return words, true
	}
	if name == "help" {
		t.Printf("Usage: %s (the common options of this command; see its manual page)\n", t.Name())
		return nil, false
	}
	badOption(t, name, true)
	return nil, false
}

func badOption(t *task.Task, o string, long bool) {
	if !gnu(t) {
		t.Errorf("unrecognized option: %s", o)
		fmt.Fprintf(t.Err, "BusyBox v%s multi-call binary.\n", t.Binary.Version)
		return
	}
	if long {
		t.Errorf("unrecognized option '--%s'", o)
	} else {
		t.Errorf("invalid option -- '%s'", o)
	}
	fmt.Fprintf(t.Err, "Try '%s --help' for more information.\n", t.Name())
}

// cannotOpen reports a file that cannot be read.
func cannotOpen(t *task.Task, name string, err error) int {
	if gnu(t) {
		t.Errorf("%s: %s", name, fsys.Text(err))
	} else {
		t.Errorf("can't open '%s': %s", name, fsys.Text(err))
	}
	return 1
}

// failure reports what went wrong with a file.
func failure(t *task.Task, name string, err error) int {
	t.Errorf("%s: %s", name, fsys.Text(err))
	return 1
}

// eachInput calls f for each file named, or for standard input if none is. It returns 1 if one of them
// could not be read.
func eachInput(t *task.Task, names []string, f func(name string, r io.Reader) error) int {
	if len(names) == 0 {
		names = []string{"-"}
	}
	code := 0
	for _, name := range names {
		if err := withInput(t, name, f); err != nil {
			if errors.Is(err, errStop) {
				return code
			}
			code = 1
		}
	}
	return code
}

// errStop ends eachInput early without an error.
var errStop = errors.New("stop")

func withInput(t *task.Task, name string, f func(string, io.Reader) error) error {
	if name == "-" {
		return f(name, t.In)
	}
	h, err := t.Open(name)
	if err != nil {
		cannotOpen(t, name, err)
		return err
	}
	defer h.Close()
	if err := f(name, h); err != nil && !errors.Is(err, errStop) && !errors.Is(err, syscall.EPIPE) {
		t.Errorf("read error: %s", fsys.Text(err))
		return err
	} else if err != nil {
		return errStop
	}
	return nil
}

// lines calls f for each line, with its line feed if it has one.
func lines(r io.Reader, f func(line string) error) error { return filter(r, nil, f) }

// filter is lines for a program that writes to w, which is flushed whenever the input may make it wait:
// what comes through a pipe must go on at once.
func filter(r io.Reader, w *bufio.Writer, f func(line string) error) error {
	b := bufio.NewReader(r)
	for {
		if w != nil && b.Buffered() == 0 {
			if err := w.Flush(); err != nil {
				return err
			}
		}
		line, err := b.ReadString('\n')
		if line != "" {
			if err := f(line); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// output is a buffered standard output.
func output(t *task.Task) *bufio.Writer { return bufio.NewWriterSize(t.Out, 8<<10) }

// flush writes what is left. When the reader is gone there is nobody to tell.
func flush(w *bufio.Writer) { _ = w.Flush() }

// usage ends with the message of a wrong command line.
func usage(t *task.Task, text string) int {
	if gnu(t) {
		t.Errorf("missing operand")
		fmt.Fprintf(t.Err, "Try '%s --help' for more information.\n", t.Name())
		return 1
	}
	fmt.Fprintf(t.Err, "BusyBox v%s multi-call binary.\n\nUsage: %s %s\n", t.Binary.Version, t.Name(), text)
	return 1
}

// plain makes a program of a function that needs no context.
func plain(f func(t *task.Task) int) task.Program {
	return func(_ context.Context, t *task.Task) int { return f(t) }
}

// isDir says whether a path is a folder.
func isDir(t *task.Task, name string) bool {
	fi, err := t.FS.Stat(t.Path(name))
	return err == nil && fi.IsDir()
}

// errText is the text of an error without the path.
func errText(err error) string { return fsys.Text(err) }

// exists says whether the error is about a missing file.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
