package applet

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/stream"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

func nc(ctx context.Context, t *task.Task) int {
	o, args, ok := options(t, "lzvnkw:p:e:uq:i:46", "listen=l")
	if !ok {
		return 1
	}
	if o.has('u') && o.has('l') {
		return ncReceive(ctx, t, o, args)
	}
	if o.has('l') {
		port := o.value('p', "")
		if port == "" && len(args) > 0 {
			port = args[len(args)-1]
		}
		return ncListen(ctx, t, port, o.has('k'), o.has('v'))
	}
	if len(args) < 2 {
		return usage(t, "[-lnz] [-w SEC] [IPADDR PORT]")
	}
	wait := connectTimeout
	if w := o.value('w', ""); w != "" {
		d, err := sleepTime(w)
		if err != nil {
			t.Errorf("invalid number '%s'", w)
			return 1
		}
		wait = d
	}
	addr, err := resolve(ctx, t, args[0])
	if err != nil {
		t.Errorf("bad address '%s'", args[0])
		return 1
	}
	dial, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	network := "tcp"
	if o.has('u') {
		network = "udp"
	}
	c, err := t.Net.DialContext(dial, network, net.JoinHostPort(addr, args[1]))
	where := fmt.Sprintf("%s (%s:%s)", args[0], addr, args[1])
	if err != nil {
		if o.has('v') {
			t.Errorf("%s: %s", where, dialText(err))
		}
		return 1
	}
	defer c.Close()
	if o.has('v') {
		fmt.Fprintf(t.Err, "%s open\n", where)
	}
	if o.has('z') {
		return 0
	}
	if o.has('u') {
		return datagrams(ctx, t, c, wait)
	}
	return splice(ctx, t, c)
}

// splice carries bytes between a connection and the program's streams until the other side ends.
func splice(ctx context.Context, t *task.Task, c net.Conn) int {
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	reading, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(c, stream.Bind(reading, t.In))
		if w, ok := c.(interface{ CloseWrite() error }); ok && reading.Err() == nil {
			_ = w.CloseWrite()
		}
	}()
	_, _ = io.Copy(t.Out, c)
	if ctx.Err() != nil {
		return task.CodeOf(ctx)
	}
	return 0
}

func ncListen(ctx context.Context, t *task.Task, port string, keep, verbose bool) int {
	l, err := t.Net.Listen(ctx, "tcp", ":"+port)
	if err != nil {
		return bindFailed(t, port, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	defer l.Close()
	if verbose {
		fmt.Fprintf(t.Err, "listening on [::]:%s ...\n", port)
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return task.CodeOf(ctx)
		}
		if verbose {
			fmt.Fprintf(t.Err, "connect to %s from %s\n", c.LocalAddr(), c.RemoteAddr())
		}
		code := splice(ctx, t, c)
		_ = c.Close()
		if !keep || ctx.Err() != nil {
			return code
		}
	}
}

func bindFailed(t *task.Task, port string, err error) int {
	if strings.Contains(err.Error(), "in use") {
		t.Errorf("bind: Address already in use")
	} else {
		t.Errorf("bad port '%s'", port)
	}
	return 1
}
