package shell

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"time"
)

// lookEvery is how often a file is looked at that a shell writes to which can't use pipes.
const lookEvery = 10 * time.Millisecond

// fileLink talks by files: the shell adds a line to one at each prompt, and reads another.
type fileLink struct {
	place   Place
	turns   chan string
	stop    chan struct{}
	stopped sync.WaitGroup
	// poke asks the shell to read the notice now; nil where there is no way to.
	poke func(*os.Process) bool
}

func newFileLink(p Place, poke func(*os.Process) bool) (*fileLink, error) {
	for _, path := range []string{p.up(), p.notice(), p.answer()} {
		_ = os.Remove(path)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			return nil, err
		}
	}
	l := &fileLink{place: p, turns: make(chan string), stop: make(chan struct{}), poke: poke}
	l.stopped.Go(l.follow)
	return l, nil
}

func (l *fileLink) prompts() <-chan string { return l.turns }

// follow tells of the newest prompt whenever the file has grown.
func (l *fileLink) follow() {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	seen := 0
	for {
		select {
		case <-l.stop:
			return
		case <-tick.C:
		}
		data, err := os.ReadFile(l.place.up())
		whole := data[:bytes.LastIndexByte(data, '\n')+1]
		if err != nil || len(whole) <= seen {
			continue
		}
		seen = len(whole)
		fields := strings.Fields(string(whole))
		select {
		case l.turns <- fields[len(fields)-1]:
		case <-l.stop:
			return
		}
	}
}

func (l *fileLink) answer(turn, text string, shell *os.Process) error {
	if err := l.add(text); err != nil {
		return err
	}
	if text != "" && l.poke != nil {
		l.poke(shell)
	}
	return os.WriteFile(l.place.answer(), []byte(turn), 0o600)
}

func (l *fileLink) add(text string) error {
	if text == "" {
		return nil
	}
	f, err := os.OpenFile(l.place.notice(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

func (l *fileLink) news(text string, shell *os.Process) bool {
	if l.poke == nil || l.add(text) != nil {
		return false
	}
	return l.poke(shell)
}

func (l *fileLink) close() error {
	close(l.stop)
	l.stopped.Wait()
	return nil
}
