package applet

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/stream"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

func nc(ctx context.Context, t *task.Task) int {
	known := "lzvnkw:p:e:uq:i:46"
	if openBSD(t) {
		known = "lzvnkw:p:uq:i:46tN"
	}
	o, args, ok := options(t, known, "listen=l")
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
	if err != nil {
		if o.has('v') {
			ncFailed(t, args, addr, network, err)
		}
		return 1
	}
	defer c.Close()
	if o.has('v') {
		ncOpen(t, args, addr, network)
	}
	if o.has('z') {
		return 0
	}
	if o.has('u') {
		return datagrams(ctx, t, c, wait)
	}
	if openBSD(t) && o.has('w') {
		c = &impatient{Conn: c, limit: wait}
	}
	return splice(ctx, t, c)
}

// openBSD says that this is the netcat of OpenBSD, not busybox's.
func openBSD(t *task.Task) bool { return t.Binary.Flavor == "openbsd" }

func ncFailed(t *task.Task, args []string, addr, network string, err error) {
	if openBSD(t) {
		t.Errorf("connect to %s (%s) port %s (%s) failed: %s", args[0], addr, args[1], network, dialText(err))
		return
	}
	t.Errorf("%s (%s:%s): %s", args[0], addr, args[1], dialText(err))
}

func ncOpen(t *task.Task, args []string, addr, network string) {
	if openBSD(t) {
		fmt.Fprintf(t.Err, "Connection to %s (%s) %s port [%s/*] succeeded!\n", args[0], addr, args[1], network)
		return
	}
	fmt.Fprintf(t.Err, "%s (%s:%s) open\n", args[0], addr, args[1])
}

// impatient is a connection that ends when nothing comes for a time.
type impatient struct {
	net.Conn
	limit time.Duration
}

func (i *impatient) Read(b []byte) (int, error) {
	_ = i.SetReadDeadline(time.Now().Add(i.limit))
	n, err := i.Conn.Read(b)
	if isTimeout(err) {
		err = io.EOF
	}
	return n, err
}

// CloseWrite tells the other side that no more will come.
func (i *impatient) CloseWrite() error {
	if w, ok := i.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
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
