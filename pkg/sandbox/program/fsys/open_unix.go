//go:build unix

package fsys

import "syscall"

// nonBlocking keeps the opening of a named pipe without a partner from hanging for ever.
const nonBlocking = syscall.O_NONBLOCK
