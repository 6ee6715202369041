package podnet

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
)

// Reason says why something cannot be reached. It is an error, and the value of the header
// ErrorHeader between a Proxy and its clients.
type Reason string

// The reasons that a Resolver gives, alone or wrapped.
const (
	// Refused is a port where nobody listens, and a Service without endpoints.
	Refused Reason = "refused"
	// Unreachable is an address that nobody has.
	Unreachable Reason = "unreachable"
	// NoSuchHost is a name that does not exist.
	NoSuchHost Reason = "no-such-host"
	// Timeout is what is lost on the way: the sender hears nothing until it gives up.
	Timeout Reason = "timeout"
	// Outside is an address that is not of the sandbox.
	Outside Reason = "outside"
)

// Error is the reason as the operating system words it.
func (r Reason) Error() string {
	if r == NoSuchHost {
		return "no such host"
	}
	return r.errno().Error()
}

func (r Reason) errno() syscall.Errno {
	switch r {
	case Refused:
		return syscall.ECONNREFUSED
	case Unreachable:
		return syscall.EHOSTUNREACH
	case Timeout:
		return syscall.ETIMEDOUT
	}
	return syscall.ENETUNREACH
}

// reasonOf finds the reason of an error of Network.Dial or a Resolver, or "".
func reasonOf(err error) Reason {
	var r Reason
	if errors.As(err, &r) {
		return r
	}
	var dns *net.DNSError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return NoSuchHost
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case errors.Is(err, syscall.EHOSTUNREACH):
		return Unreachable
	case errors.Is(err, syscall.ENETUNREACH):
		return Outside
	case errors.As(err, &timeout) && timeout.Timeout():
		return Timeout
	}
	return ""
}

// dialError dresses a cause as package net's dialler does.
func dialError(proto string, addr netip.AddrPort, cause error) error {
	var r Reason
	if errors.As(cause, &r) {
		cause = os.NewSyscallError("connect", r.errno())
	}
	return &net.OpError{Op: "dial", Net: proto, Addr: netAddr(proto, addr), Err: cause}
}

func listenError(proto string, addr netip.AddrPort, cause error) error {
	var e syscall.Errno
	if errors.As(cause, &e) {
		cause = os.NewSyscallError("bind", e)
	}
	return &net.OpError{Op: "listen", Net: proto, Addr: netAddr(proto, addr), Err: cause}
}

func notFound(name string) error {
	return &net.DNSError{Err: NoSuchHost.Error(), Name: name, IsNotFound: true}
}

// timeoutError is what package net returns when a deadline passes, which it does not export.
type timeoutError struct{}

func (timeoutError) Error() string        { return "i/o timeout" }
func (timeoutError) Timeout() bool        { return true }
func (timeoutError) Temporary() bool      { return true }
func (timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// contextError is the error of a dial whose context ended.
func contextError(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return timeoutError{}
	}
	return ctx.Err()
}

// hidePath rewrites an error of a unix socket, so that a program reads addresses of the Pod network
// and no host path.
func hidePath(err error, proto string, local, remote net.Addr) error {
	var op *net.OpError
	if !errors.As(err, &op) {
		return err
	}
	return &net.OpError{Op: op.Op, Net: proto, Source: local, Addr: remote, Err: op.Err}
}
