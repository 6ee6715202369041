package web

import (
	"fmt"
	"os"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// nginxLog is the error log, which in the image is standard error.
type nginxLog struct {
	t      *task.Task
	worker int
}

func (l *nginxLog) from(pid int, level, format string, a ...any) {
	line := fmt.Sprintf("%s [%s] %d#%d: %s\n", l.t.Now().UTC().Format("2006/01/02 15:04:05"), level, pid, pid, fmt.Sprintf(format, a...))
	f, err := l.t.OpenFile("/var/log/nginx/error.log", os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		fmt.Fprint(l.t.Err, line)
		return
	}
	_, _ = f.Write([]byte(line))
	_ = f.Close()
}

// print writes a line of the master process.
func (l *nginxLog) print(level, format string, a ...any) { l.from(l.t.Proc.PID, level, format, a...) }

// emerg writes why nginx cannot start: to the log, and as what the command says.
func (l *nginxLog) emerg(err error) {
	l.print("emerg", "%v", err)
	fmt.Fprintf(l.t.Err, "nginx: [emerg] %v\n", err)
}
