// Package teach has the programs of the teaching images (kubectl-learn/...): each shows one thing that
// is hard to see with real software, and says in its log what it does and why. Their flags and paths
// are an interface for authors of lessons; docs/images.md describes them.
package teach

import (
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// codeUsage is the exit code for a command line that cannot be understood.
const codeUsage = 2

// log writes a line of the program's log.
func log(t *task.Task, format string, a ...any) {
	t.Printf("%s %s\n", t.Now().UTC().Format("15:04:05"), fmt.Sprintf(format, a...))
}

// newFlags is a set of flags that explains itself. An environment variable of a flag's name
// (READY_AFTER for --ready-after) counts where the flag is not given.
func newFlags(t *task.Task, about string) *flag.FlagSet {
	f := flag.NewFlagSet(t.Name(), flag.ContinueOnError)
	f.SetOutput(t.Err)
	f.Usage = func() {
		fmt.Fprintf(t.Err, "%s %s: %s\n\nFlags (or the environment: READY_AFTER for --ready-after):\n", t.Name(), t.Binary.Version, about)
		f.VisitAll(func(fl *flag.Flag) {
			text := fl.Usage
			if fl.DefValue != "" && fl.DefValue != "0" && fl.DefValue != "0s" && fl.DefValue != "false" {
				text += " (default " + fl.DefValue + ")"
			}
			fmt.Fprintf(t.Err, "  --%-16s %s\n", fl.Name, text)
		})
	}
	return f
}

// parse reads the environment, then the arguments. It has told about what is wrong when ok is false.
func parse(t *task.Task, f *flag.FlagSet) (ok bool) {
	ok = true
	f.VisitAll(func(fl *flag.Flag) {
		name := strings.ToUpper(strings.ReplaceAll(fl.Name, "-", "_"))
		if v := t.Getenv(name); v != "" && ok {
			if err := f.Set(fl.Name, v); err != nil {
				t.Errorf("invalid value %q of the variable %s: %v", v, name, err)
				ok = false
			}
		}
	})
	if !ok || f.Parse(t.Args[1:]) != nil {
		return false
	}
	if f.NArg() > 0 {
		t.Errorf("unexpected argument %q", f.Arg(0))
		f.Usage()
		return false
	}
	return true
}

// after is a channel that gets a value when d is over, and never where d is none.
func after(d time.Duration) <-chan time.Time {
	if d <= 0 {
		return nil
	}
	return time.After(d)
}
