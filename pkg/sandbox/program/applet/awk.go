package applet

import (
	"context"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/benhoyt/goawk/interp"
	"github.com/benhoyt/goawk/parser"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// awk is GoAWK, which is kept away from the machine: it gets its input and output from here, and may neither
// open files nor start programs by itself.
func awk(ctx context.Context, t *task.Task) int {
	o, vars, args, ok := awkOptions(t)
	if !ok {
		return 1
	}
	program, err := parser.ParseProgram([]byte(awkSource(o)), nil)
	if err != nil {
		t.Errorf("%v", err)
		return 1
	}
	input, err := awkInput(t, args)
	if err != nil {
		return 2
	}
	defer input.Close()
	runner, err := interp.New(program)
	if err != nil {
		t.Errorf("%v", err)
		return 2
	}
	w := output(t)
	defer flush(w)
	code, err := runner.ExecuteContext(ctx, &interp.Config{
		Stdin: input, Output: w, Error: t.Err, Argv0: "awk", Args: input.args, Vars: vars, Environ: awkEnvironment(t),
		NoExec: true, NoFileReads: true, NoFileWrites: true,
	})
	switch {
	case ctx.Err() != nil:
		return task.CodeOf(ctx)
	case err != nil && strings.Contains(err.Error(), " due to No"):
		t.Errorf("this awk reads its input and writes its output; it opens no other files and starts no programs")
		return 2
	case err != nil:
		t.Errorf("%v", err)
		return 2
	}
	return code
}

// awkOptions reads -F, -v and -f; what comes after the program belongs to it.
func awkOptions(t *task.Task) (source string, vars, args []string, ok bool) {
	var files []string
	words := t.Args[1:]
	for len(words) > 0 && len(words[0]) > 1 && words[0][0] == '-' {
		word := words[0]
		words = words[1:]
		if word == "--" {
			break
		}
		letter, value := word[1], word[2:]
		if !strings.ContainsRune("Fvf", rune(letter)) {
			t.Errorf("unrecognized option: %c", letter)
			return "", nil, nil, false
		}
		if value == "" {
			if len(words) == 0 {
				t.Errorf("option requires an argument: %c", letter)
				return "", nil, nil, false
			}
			value, words = words[0], words[1:]
		}
		switch letter {
		case 'F':
			if value == "t" {
				value = "\t"
			}
			vars = append(vars, "FS", value)
		case 'v':
			name, to, found := strings.Cut(value, "=")
			if !found {
				t.Errorf("-v wants NAME=VALUE, not %s", value)
				return "", nil, nil, false
			}
			vars = append(vars, name, to)
		case 'f':
			files = append(files, value)
		}
	}
	if len(files) == 0 {
		if len(words) == 0 {
			usage(t, "[-F SEP] [-v NAME=VALUE] [-f FILE] [PROGRAM] [FILE]...")
			return "", nil, nil, false
		}
		return words[0], vars, words[1:], true
	}
	var all strings.Builder
	if eachInput(t, files, func(_ string, r io.Reader) error { _, err := io.Copy(&all, r); return err }) != 0 {
		return "", nil, nil, false
	}
	return all.String(), vars, words, true
}

// fileName is what awkSource has for FILENAME: all files come as standard input to GoAWK, which would call them so.
const fileName = "FILENAME_"

var (
	// awkName finds FILENAME, and strings, in which it means nothing.
	awkName    = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|\bFILENAME\b`)
	assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)
)

func awkSource(program string) string {
	return awkName.ReplaceAllStringFunc(program, func(found string) string {
		if found == "FILENAME" {
			return fileName
		}
		return found
	})
}

// awkFiles are the files that were named, one after the other: a read says io.EOF at the end of each.
type awkFiles struct {
	args  []string // for the interpreter, which sets variables in between
	files []io.Reader
	open  []io.Closer
}

func awkInput(t *task.Task, args []string) (*awkFiles, error) {
	f := &awkFiles{}
	for _, a := range args {
		switch {
		case assignment.MatchString(a):
			f.args = append(f.args, a)
		case a == "-":
			f.args, f.files = append(f.args, fileName+"=-", "-"), append(f.files, t.In)
		default:
			h, err := t.Open(a)
			if err != nil {
				cannotOpen(t, a, err)
				f.Close()
				return nil, err
			}
			f.args, f.files, f.open = append(f.args, fileName+"="+a, "-"), append(f.files, h), append(f.open, h)
		}
	}
	if len(f.files) == 0 {
		f.files = []io.Reader{t.In}
	}
	return f, nil
}

func (f *awkFiles) Read(b []byte) (int, error) {
	if len(f.files) == 0 {
		return 0, io.EOF
	}
	n, err := f.files[0].Read(b)
	if err != nil {
		f.files = f.files[1:]
	}
	if errors.Is(err, os.ErrClosed) {
		err = io.EOF
	}
	return n, err
}

func (f *awkFiles) Close() {
	for _, c := range f.open {
		_ = c.Close()
	}
}

func awkEnvironment(t *task.Task) []string {
	pairs := []string{}
	for _, kv := range t.Env {
		name, value, _ := strings.Cut(kv, "=")
		pairs = append(pairs, name, value)
	}
	return pairs
}
