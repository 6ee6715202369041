//go:build unix

package process

import (
	"os"
	"os/signal"
	"syscall"
)

// doorbell tells another process of the container to look at what was posted to it. The signal is one
// that does nothing to a process that does not expect it.
const doorbell = syscall.SIGWINCH

func alive(host int) bool {
	err := syscall.Kill(host, 0)
	return err == nil || err == syscall.EPERM
}

func kill(host int) error { return syscall.Kill(host, syscall.SIGKILL) }

// send gives a signal of the container to a process of the host that it is meant for. The numbers of
// those that other systems number otherwise are the host's.
func send(host int, s Signal) error {
	switch s {
	case USR1:
		return syscall.Kill(host, syscall.SIGUSR1)
	case USR2:
		return syscall.Kill(host, syscall.SIGUSR2)
	case CHLD:
		return syscall.Kill(host, syscall.SIGCHLD)
	case CONT:
		return syscall.Kill(host, syscall.SIGCONT)
	}
	return syscall.Kill(host, syscall.Signal(s))
}

func ring(host int) error { return syscall.Kill(host, doorbell) }

// Catch begins to hold the signals of the host process. It comes first in a program: what arrives
// before would end the process, which a container's process 1 survives.
func Catch() Caught {
	ch := make(chan os.Signal, 16)
	signal.Notify(ch, doorbell, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	return Caught{ch}
}

// Caught is the signals held by Catch.
type Caught struct{ ch chan os.Signal }

// Listen passes the signals of the host process on to top, its program, and collects the posted ones.
func (t *Table) Listen(c Caught, top *Process) {
	go func() {
		for s := range c.ch {
			if s == doorbell {
				t.Collect()
				continue
			}
			top.Deliver(fromHost(s))
		}
	}()
	t.Collect()
}

func fromHost(s os.Signal) Signal {
	switch s {
	case syscall.SIGINT:
		return INT
	case syscall.SIGQUIT:
		return QUIT
	case syscall.SIGHUP:
		return HUP
	case syscall.SIGUSR1:
		return USR1
	case syscall.SIGUSR2:
		return USR2
	}
	return TERM
}
