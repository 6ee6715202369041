package process

import (
	"fmt"
	"strconv"
	"strings"
)

// Signal is a signal by its number on Linux, whatever the host is.
type Signal int

// The signals that programs care about.
const (
	HUP   Signal = 1
	INT   Signal = 2
	QUIT  Signal = 3
	KILL  Signal = 9
	USR1  Signal = 10
	USR2  Signal = 12
	PIPE  Signal = 13
	ALRM  Signal = 14
	TERM  Signal = 15
	CHLD  Signal = 17
	CONT  Signal = 18
	STOP  Signal = 19
	TSTP  Signal = 20
	TTIN  Signal = 21
	TTOU  Signal = 22
	URG   Signal = 23
	WINCH Signal = 28
)

var names = [...]string{"EXIT", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
	"USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU",
	"XFSZ", "VTALRM", "PROF", "WINCH", "POLL", "PWR", "SYS"}

// String is the name without SIG.
func (s Signal) String() string {
	if int(s) >= 0 && int(s) < len(names) {
		return names[s]
	}
	return strconv.Itoa(int(s))
}

// Text is what a shell says of a program that the signal ended.
func (s Signal) Text() string {
	switch s {
	case HUP:
		return "Hangup"
	case QUIT:
		return "Quit"
	case KILL:
		return "Killed"
	case USR1, USR2:
		return "User defined signal " + s.String()[3:]
	case ALRM:
		return "Alarm clock"
	case TERM:
		return "Terminated"
	}
	return "Unknown signal " + strconv.Itoa(int(s))
}

// ParseSignal reads 15, TERM or SIGTERM, in any case.
func ParseSignal(s string) (Signal, error) {
	if n, err := strconv.Atoi(s); err == nil && n >= 0 && n <= 64 {
		return Signal(n), nil
	}
	name := strings.TrimPrefix(strings.ToUpper(s), "SIG")
	for i, n := range names {
		if n == name {
			return Signal(i), nil
		}
	}
	return 0, fmt.Errorf("bad signal name '%s'", s)
}

// fatal says whether the signal ends a process that does not handle it. Stopping is not supported:
// the stop signals do nothing.
func (s Signal) fatal() bool {
	switch s {
	case 0, CHLD, CONT, STOP, TSTP, TTIN, TTOU, URG, WINCH:
		return false
	}
	return true
}
