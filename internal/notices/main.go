// Command notices writes the licences and notices of all that is linked into the programs of a release, as
// their authors ask: the Go standard library, and each module with the files that say so in its own folder
// and in those of the packages that are used. Texts that are equal stand there once.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

func main() {
	output := flag.String("o", "", "the file to write; without it standard output")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *output, flag.Args())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
}

// programs are what an archive has in it: the one, and in it the one of containers.
var programs = []string{"./cmd/kubectl-learn", "./cmd/learn-container"}

// run writes the notices for all of the systems, each as GOOS/GOARCH.
func run(ctx context.Context, output string, systems []string) error {
	if len(systems) == 0 {
		return errors.New("name systems: GOOS/GOARCH...")
	}
	found := notices{}
	for _, s := range systems {
		if err := found.of(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	var text bytes.Buffer
	found.write(&text)
	if output == "" {
		_, err := os.Stdout.Write(text.Bytes())
		return err
	}
	return os.WriteFile(output, text.Bytes(), 0o644)
}

// notices are whose each text is, by the text.
type notices map[string]map[string]bool

// listed is what the go command tells of a package.
type listed struct {
	Dir      string
	Standard bool
	Module   *struct {
		Path, Version, Dir string
		Main               bool
	}
}

// of adds what the programs link on one system.
func (n notices) of(ctx context.Context, system string) error {
	goos, goarch, ok := strings.Cut(system, "/")
	if !ok {
		return errors.New("it is no GOOS/GOARCH")
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-deps", "-json=Dir,Standard,Module"}, programs...)...)
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	has := map[string]bool{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		if p.Standard || p.Module == nil || p.Module.Main {
			continue
		}
		name := strings.TrimSpace(p.Module.Path + " " + p.Module.Version)
		for dir := p.Dir; within(dir, p.Module.Dir); dir = filepath.Dir(dir) {
			some, err := n.add(name, dir)
			if err != nil {
				return err
			}
			has[name] = has[name] || some
		}
	}
	for name, some := range has {
		if !some {
			return fmt.Errorf("%s has no licence", name)
		}
	}
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return err
	}
	some, err := n.add("Go's standard library "+runtime.Version(), strings.TrimSpace(string(root)))
	if err == nil && !some {
		err = errors.New("the Go standard library has no licence")
	}
	return err
}

func within(dir, root string) bool {
	return dir == root || strings.HasPrefix(dir, root+string(filepath.Separator))
}

var isNotice = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents|copyright)([-_.].*)?$`)

// add adds the files of one folder, and says whether there are any.
func (n notices) add(name, dir string) (some bool, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return false, err
	}
	for _, f := range files {
		if f.IsDir() || !isNotice.MatchString(f.Name()) || strings.HasSuffix(f.Name(), ".go") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return false, err
		}
		text := strings.TrimSpace(strings.ReplaceAll(string(data), "\r\n", "\n"))
		if n[text] == nil {
			n[text] = map[string]bool{}
		}
		n[text][name], some = true, true
	}
	return some, nil
}

// write writes each text below the names of those whose it is, in the order of the first of them.
func (n notices) write(w io.Writer) {
	type notice struct {
		names []string
		text  string
	}
	var all []notice
	for text, names := range n {
		one := notice{text: text}
		for name := range names {
			one.names = append(one.names, name)
		}
		slices.Sort(one.names)
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b notice) int {
		return strings.Compare(a.names[0]+"\n"+a.text, b.names[0]+"\n"+b.text)
	})
	fmt.Fprintln(w, "What is linked into this program beside its own code, and on what terms.")
	for _, one := range all {
		fmt.Fprintf(w, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), strings.Join(one.names, "\n"), one.text)
	}
}
