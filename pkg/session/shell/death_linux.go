package shell

import "syscall"

// endWithUs has the kernel kill the shell when this process is killed. A milder signal would let it
// take the terminal once more on its way out, from the learner's own shell that has just got it back.
func endWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
