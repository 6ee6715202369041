package shell

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"time"

	"golang.org/x/term"
)

// promptAtMost is how long a prompt waits for what there is to say about the last command.
const promptAtMost = 80 * time.Millisecond

// Host runs one practice shell.
type Host struct {
	Shell Shell
	Place Place
	// In, Out and Err are the learner's terminal.
	In, Out, Err *os.File
	Environ      []string
	// AtPrompt is asked for what to say before each prompt. It gets 80 ms.
	AtPrompt func(ctx context.Context) string
	// News is what to say while the shell is at its prompt; while a command runs it waits.
	News <-chan string
}

// link is how host and shell talk.
type link interface {
	// prompts tells of each prompt that is due, by its number.
	prompts() <-chan string
	// answer lets the prompt of that number come, after text.
	answer(turn, text string, shell *os.Process) error
	// news shows text above the prompt that stands; false when that can't be done, and the next
	// prompt is to bring it.
	news(text string, shell *os.Process) bool
	close() error
}

// Run returns when the learner leaves the shell. Keys that interrupt are the shell's: only the end
// of the terminal, or of this process, ends it from outside.
func (h *Host) Run(ctx context.Context) error {
	if err := h.Place.write(h.Shell.Kind); err != nil {
		return err
	}
	l, err := h.connect()
	if err != nil {
		return fmt.Errorf("connect to the practice shell: %w", err)
	}
	defer func() { _ = l.close() }()
	restore := h.keepTerminal()
	defer restore()

	started, ended := make(chan *os.Process, 1), make(chan error, 1)
	go func() { ended <- h.live(started) }()
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	select {
	case err := <-ended:
		return leftWith(err)
	case process := <-started:
		return leftWith(h.serve(ctx, l, process, ended))
	}
}

// leftWith drops the exit code of the shell, which is that of the learner's last command.
func leftWith(err error) error {
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil
	}
	return err
}

// live starts the shell and waits for its end, on a thread of its own: on Linux the shell is told
// to end when the thread that started it does.
func (h *Host) live(started chan<- *os.Process) error {
	runtime.LockOSThread()
	cmd := exec.Command(h.Shell.Path, h.Place.args(h.Shell.Kind)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = h.In, h.Out, h.Err
	cmd.Env = h.Place.env(h.Shell.Kind, h.Environ, lookup(h.Environ))
	cmd.SysProcAttr = endWithUs()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", h.Shell.Path, err)
	}
	started <- cmd.Process
	return cmd.Wait()
}

// lookup is os.Getenv over a list.
func lookup(environ []string) func(string) string {
	return func(name string) string {
		for i := len(environ) - 1; i >= 0; i-- {
			if value, ok := strings.CutPrefix(environ[i], name+"="); ok {
				return value
			}
		}
		return ""
	}
}

// serve talks with the shell until it ends.
func (h *Host) serve(ctx context.Context, l link, process *os.Process, ended <-chan error) error {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, endingSignals()...)
	defer signal.Stop(signals)
	atPrompt, pending := false, ""
	for {
		select {
		case err := <-ended:
			return err
		case s := <-signals:
			if ends(s) {
				hangUp(process)
			}
		case turn := <-l.prompts():
			if err := l.answer(turn, pending+h.atPrompt(ctx), process); err != nil {
				return err
			}
			atPrompt, pending = true, ""
		case text, ok := <-h.News:
			switch {
			case !ok:
				h.News = nil
			case !atPrompt || !foreground(h.In, process) || !l.news(text, process):
				pending += text
			}
		}
	}
}

func (h *Host) atPrompt(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, promptAtMost)
	defer cancel()
	return h.AtPrompt(ctx)
}

// keepTerminal keeps how the terminal is set, and whose it is.
func (h *Host) keepTerminal() (restore func()) {
	state, err := term.GetState(int(h.In.Fd()))
	if err != nil {
		return func() {}
	}
	return func() {
		takeTerminal(h.In)
		_ = term.Restore(int(h.In.Fd()), state)
	}
}

// lines splits text into its lines, without an empty last one.
func lines(text string) []string {
	text = strings.TrimSuffix(text, "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
