//go:build !windows

package shell

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// redrawTakes is how long a shell may take to see that its terminal has another size.
const redrawTakes = 20 * time.Millisecond

func (h *Host) connect() (link, error) {
	switch h.Shell.Kind {
	case Bash:
		return newPipeLink(h.Place, h.Out)
	case Zsh:
		return newPipeLink(h.Place, nil)
	case Fish:
		return newFishLink(h.Place)
	}
	return newFileLink(h.Place, nil)
}

// newFishLink is a fileLink whose news come by signal. What is said at a prompt comes so too:
// fish can't wait for an answer.
func newFishLink(p Place) (link, error) {
	return newFileLink(p, func(shell *os.Process) bool { return shell.Signal(syscall.SIGUSR1) == nil })
}

// pipeLink talks by two named pipes.
type pipeLink struct {
	up, down *os.File
	turns    chan string
	reading  sync.WaitGroup
	// terminal is where news go for a shell that draws its line again when that changes its size;
	// nil for one that watches the pipe while a line is edited.
	terminal *os.File
}

func newPipeLink(p Place, terminal *os.File) (*pipeLink, error) {
	up, err := makePipe(p.up())
	if err != nil {
		return nil, err
	}
	down, err := makePipe(p.down())
	if err != nil {
		return nil, errors.Join(err, up.Close())
	}
	l := &pipeLink{up: up, down: down, turns: make(chan string, 16), terminal: terminal}
	l.reading.Go(l.read)
	return l, nil
}

// makePipe makes a pipe anew and opens it in both directions, so that it never ends.
func makePipe(path string) (*os.File, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := unix.Mkfifo(path, 0o600); err != nil {
		return nil, fmt.Errorf("make pipe %s: %w", path, err)
	}
	return os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK, 0)
}

func (l *pipeLink) prompts() <-chan string { return l.turns }

func (l *pipeLink) read() {
	scanner := bufio.NewScanner(l.up)
	for scanner.Scan() {
		turn, ok := strings.CutPrefix(scanner.Text(), "p ")
		if !ok {
			continue
		}
		select {
		case l.turns <- turn:
		default: // nobody listens: the shell gives up waiting by itself
		}
	}
}

func (l *pipeLink) answer(turn, text string, _ *os.Process) error { return l.say(text, turn) }

// say writes each line with a mark before it, and how the reader knows the end.
func (l *pipeLink) say(text, end string) error {
	var all strings.Builder
	for _, line := range lines(text) {
		all.WriteString("|" + line + "\n")
	}
	all.WriteString(". " + end + "\n")
	_, err := io.WriteString(l.down, all.String())
	return err
}

func (l *pipeLink) news(text string, _ *os.Process) bool {
	if l.terminal == nil {
		return l.say(text, "news") == nil
	}
	return announce(l.terminal, text)
}

// announce writes text where the prompt stands, and the prompt below it.
func announce(terminal *os.File, text string) bool {
	var all strings.Builder
	all.WriteString("\r\x1b[K")
	for _, line := range lines(text) {
		all.WriteString(line + "\r\n")
	}
	if _, err := io.WriteString(terminal, all.String()); err != nil {
		return false
	}
	return redraw(terminal)
}

// redraw has readline draw its prompt and line again, where the cursor is now. It does so when the
// terminal's size changes, and only then: the terminal loses a line for a moment.
func redraw(terminal *os.File) bool {
	fd := int(terminal.Fd())
	size, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
	if err != nil || size.Row < 3 {
		return false
	}
	smaller := *size
	smaller.Row--
	if unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &smaller) != nil {
		return false
	}
	time.Sleep(redrawTakes)
	if now, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ); err == nil && *now == smaller {
		_ = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, size)
	}
	return true
}

func (l *pipeLink) close() error {
	err := errors.Join(l.up.Close(), l.down.Close())
	l.reading.Wait()
	return err
}

// foreground says that the terminal is the shell's own and not a command's that it runs.
func foreground(terminal *os.File, shell *os.Process) bool {
	group, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err == nil && group == shell.Pid
}

// takeTerminal makes the terminal ours again after a shell that ended without giving it back.
func takeTerminal(terminal *os.File) {
	signal.Ignore(syscall.SIGTTOU)
	defer signal.Reset(syscall.SIGTTOU)
	_ = unix.IoctlSetPointerInt(int(terminal.Fd()), unix.TIOCSPGRP, unix.Getpgrp())
}

// endingSignals are caught while the shell lives. SIGINT and SIGQUIT are caught so that they do
// not end us: they are keys for the shell.
func endingSignals() []os.Signal {
	return []os.Signal{syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT}
}

func ends(s os.Signal) bool { return s == syscall.SIGHUP || s == syscall.SIGTERM }

func hangUp(shell *os.Process) { _ = shell.Signal(syscall.SIGHUP) }
