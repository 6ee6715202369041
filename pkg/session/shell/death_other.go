//go:build !linux

package shell

import "syscall"

func endWithUs() *syscall.SysProcAttr { return nil }
