package process

import (
	"os"
	"syscall"
	"time"
)

const (
	queryLimited = 0x1000
	stillActive  = 259
	pollEvery    = 100 * time.Millisecond
)

func alive(host int) bool {
	h, err := syscall.OpenProcess(queryLimited, false, uint32(host))
	if err != nil {
		return false
	}
	defer syscall.CloseHandle(h)
	var code uint32
	return syscall.GetExitCodeProcess(h, &code) == nil && code == stillActive
}

func kill(host int) error {
	p, err := os.FindProcess(host)
	if err != nil {
		return err
	}
	return p.Kill()
}

// send ends the process: Windows has no signals.
func send(host int, s Signal) error {
	if !s.fatal() {
		return nil
	}
	return kill(host)
}

// ring does nothing: Windows has no signals, and the other process polls.
func ring(int) error { return nil }

// Catch does nothing: Windows has no signals.
func Catch() Caught { return Caught{} }

// Caught is the signals held by Catch.
type Caught struct{}

// Listen collects the posted signals.
func (t *Table) Listen(Caught, *Process) {
	go func() {
		for range time.Tick(pollEvery) {
			t.Collect()
		}
	}()
}
