//go:build !windows

package render

// The C locale is what a POSIX system runs in when none is set.
const utf8WithoutLocale = false
