package fault

import (
	"errors"
	"os"
)

// Kill ends a process at once.
func Kill(pid int) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Kill()
}

var errNoSignals = errors.New("Windows pauses no process by a signal")

// Pause is not to be had.
func Pause(int) error { return errNoSignals }

// Resume is not to be had.
func Resume(int) error { return errNoSignals }
