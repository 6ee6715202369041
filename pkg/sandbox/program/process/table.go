// Package process is a practice container's process table: a folder with a file for each process,
// shared by the container's main process and those that joined by exec. What a program runs (a
// command in a shell) is a goroutine of the process that runs it, and has an entry of its own too.
package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Entry is a process as the table shows it.
type Entry struct {
	// Host is the process ID on the host.
	Host int `json:"pid"`
	// Args is the command line.
	Args []string `json:"args"`
	// Parent is the parent's ID within the container, 0 for one that the node started.
	Parent int `json:"parent,omitempty"`
	// Inner is true for a program that runs inside the process of its parent.
	Inner bool `json:"inner,omitempty"`
	// Started is when it began.
	Started time.Time `json:"started"`
	// Native is true for a process of the host that knows nothing of the table: signals go to it as they
	// are.
	Native bool `json:"native,omitempty"`
	// PID is the process ID within the container.
	PID int `json:"-"`
}

// Table is the process table. It is safe for use by several goroutines and processes.
type Table struct {
	dir string

	mu   sync.Mutex
	own  map[int]*Process
	last int
}

// Open returns the table in dir. An empty dir is a table of this process alone.
func Open(dir string) *Table { return &Table{dir: dir, own: map[int]*Process{}} }

// reserved is the host process of an entry that stands for no program. No process has it.
const reserved = -1

// Reserve makes a table that several containers will share, in the folder dir, which is made. Its
// process 1 is none of theirs: a program of the given name that does nothing and minds no signal,
// as the one that holds a Pod's namespaces.
func Reserve(dir, name string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	b, err := json.Marshal(Entry{Host: reserved, Args: []string{name}, Started: time.Now()})
	if err != nil {
		return fmt.Errorf("encode process: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, "1"), b, 0o600)
}

// ErrKilled is the cause of the cancellation of a process's context by a signal.
type ErrKilled struct{ Signal Signal }

func (e ErrKilled) Error() string { return "killed by SIG" + e.Signal.String() }

// Process is a running program.
type Process struct {
	Entry
	table  *Table
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	handler func(Signal) bool
}

// Start registers a program. main asks for process ID 1. The context that it returns ends when a
// signal kills the program; context.Cause is then an ErrKilled.
func (t *Table) Start(ctx context.Context, main bool, parent int, inner bool, args []string) (*Process, context.Context, error) {
	p := &Process{table: t, Entry: Entry{Host: os.Getpid(), Args: args, Parent: parent, Inner: inner, Started: time.Now()}}
	ctx, p.cancel = context.WithCancelCause(ctx)
	if err := t.allocate(p, main); err != nil {
		p.cancel(nil)
		return nil, nil, err
	}
	return p, ctx, nil
}

// Enter registers a native process that was started as host. main asks for process ID 1. What it
// returns takes the process out of the table.
func (t *Table) Enter(host int, main bool, args []string) (leave func(), err error) {
	p := &Process{table: t, Entry: Entry{Host: host, Args: args, Started: time.Now(), Native: true}, cancel: func(error) {}}
	if err := t.allocate(p, main); err != nil {
		return nil, err
	}
	return p.End, nil
}

func (t *Table) allocate(p *Process, main bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := 1
	if !main {
		first = max(t.highest(), t.last, 1) + 1
	}
	b, err := json.Marshal(p.Entry)
	if err != nil {
		return fmt.Errorf("encode process: %w", err)
	}
	for n := first; ; n++ {
		err := t.create(n, b)
		if errors.Is(err, fs.ErrExist) && !main {
			continue
		}
		if err != nil {
			return fmt.Errorf("register process %d: %w", n, err)
		}
		p.PID, t.last = n, n
		t.own[n] = p
		return nil
	}
}

// create writes the entry's file. Whoever reads it between creation and writing takes it for none.
func (t *Table) create(n int, b []byte) error {
	if t.dir == "" {
		if t.own[n] != nil {
			return fs.ErrExist
		}
		return nil
	}
	f, err := os.OpenFile(t.file(n), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

func (t *Table) file(n int) string { return filepath.Join(t.dir, strconv.Itoa(n)) }

func (t *Table) highest() int {
	top := 0
	for n := range t.own {
		top = max(top, n)
	}
	if t.dir == "" {
		return top
	}
	entries, _ := os.ReadDir(t.dir)
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil {
			top = max(top, n)
		}
	}
	return top
}

// End takes the process out of the table.
func (p *Process) End() {
	p.cancel(nil)
	p.table.mu.Lock()
	delete(p.table.own, p.PID)
	p.table.mu.Unlock()
	if p.table.dir != "" {
		_ = os.Remove(p.table.file(p.PID))
	}
}

// SetArgs changes the command line that ps shows, as exec does.
func (p *Process) SetArgs(args []string) {
	p.Args = args
	if p.table.dir == "" {
		return
	}
	if b, err := json.Marshal(p.Entry); err == nil {
		_ = os.WriteFile(p.table.file(p.PID), b, 0o600)
	}
}

// Handle sets what receives the process's signals. It returns whether it took the signal: if not, the
// signal does what it does by default. Handle(nil) takes it away. KILL cannot be handled.
func (p *Process) Handle(h func(Signal) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handler = h
}

// Deliver gives a signal to a process of this table that runs in this very process. As in a real PID
// namespace, process 1 gets only those signals that it handles.
func (p *Process) Deliver(s Signal) {
	p.mu.Lock()
	h := p.handler
	p.mu.Unlock()
	if s != KILL && h != nil && h(s) {
		return
	}
	if p.PID == 1 || !s.fatal() {
		return
	}
	p.cancel(ErrKilled{s})
}

// List returns all living processes by process ID.
func (t *Table) List() []Entry {
	var out []Entry
	if t.dir == "" {
		t.mu.Lock()
		for _, p := range t.own {
			out = append(out, p.Entry)
		}
		t.mu.Unlock()
	} else {
		files, _ := os.ReadDir(t.dir)
		for _, f := range files {
			n, err := strconv.Atoi(f.Name())
			if err != nil {
				continue
			}
			if e, ok := t.read(n); ok {
				out = append(out, e)
			}
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].PID < out[j].PID })
	return out
}

// read returns an entry whose process is alive, and removes the file of one that died without
// cleaning up.
func (t *Table) read(n int) (Entry, bool) {
	b, err := os.ReadFile(t.file(n))
	if err != nil {
		return Entry{}, false
	}
	e := Entry{}
	if json.Unmarshal(b, &e) != nil {
		return Entry{}, false
	}
	e.PID = n
	if e.Host != os.Getpid() && e.Host != reserved && !alive(e.Host) {
		if n != 1 {
			_ = os.Remove(t.file(n))
		}
		return Entry{}, false
	}
	return e, true
}

// Signal sends s to a process. syscall.ESRCH: there is none with that ID. Signal 0 only asks.
func (t *Table) Signal(pid int, s Signal) error {
	t.mu.Lock()
	p := t.own[pid]
	t.mu.Unlock()
	if p != nil {
		if s != 0 {
			p.Deliver(s)
		}
		return nil
	}
	if t.dir == "" {
		return syscall.ESRCH
	}
	e, ok := t.read(pid)
	switch {
	case !ok:
		return syscall.ESRCH
	case s == 0, pid == 1 && s == KILL, e.Host == reserved:
		return nil
	case s == KILL && !e.Inner:
		return kill(e.Host)
	case e.Native:
		return send(e.Host, s)
	}
	if err := t.post(pid, s); err != nil {
		return err
	}
	return ring(e.Host)
}

const mailPrefix = ".signal-"

// post leaves a signal for a process of another host process, which collects it when it is rung.
func (t *Table) post(pid int, s Signal) error {
	name := fmt.Sprintf("%s%d-%d-%d-%d", mailPrefix, pid, s, time.Now().UnixNano(), os.Getpid())
	return os.WriteFile(filepath.Join(t.dir, name), nil, 0o600)
}

// Collect delivers the signals that other processes left for those of this one.
func (t *Table) Collect() {
	if t.dir == "" {
		return
	}
	files, _ := os.ReadDir(t.dir)
	for _, f := range files {
		rest, ok := strings.CutPrefix(f.Name(), mailPrefix)
		if !ok {
			continue
		}
		var pid, sig int
		if _, err := fmt.Sscanf(rest, "%d-%d-", &pid, &sig); err != nil {
			continue
		}
		t.mu.Lock()
		p := t.own[pid]
		t.mu.Unlock()
		if p != nil && os.Remove(filepath.Join(t.dir, f.Name())) == nil {
			p.Deliver(Signal(sig))
		}
	}
}
