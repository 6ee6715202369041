package runtime

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

const (
	killRequest = "kill "
	killAnswer  = "killed"
	pingRequest = "ping"
	pingAnswer  = "here"
	takeRequest = "take "
	takeAnswer  = "taken"
)

// serveControl takes the connections that containers hold for as long as they live, and requests
// to kill one of them.
func (r *Runtime) serveControl() error {
	_ = os.Remove(r.control)
	l, err := net.Listen("unix", r.control)
	if err != nil {
		return err
	}
	r.closing = append(r.closing, l.Close)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go r.hold(c)
		}
	}()
	return nil
}

// hold keeps a connection until its other end goes. A container says no more on it than which terminal it has.
func (r *Runtime) hold(c net.Conn) {
	defer c.Close()
	lines := bufio.NewScanner(io.LimitReader(c, 1<<10))
	for lines.Scan() {
		if lines.Text() == pingRequest {
			fmt.Fprintln(c, pingAnswer)
			continue
		}
		if left, ok := strings.CutPrefix(lines.Text(), takeRequest); ok {
			fmt.Fprintln(c, r.take(left))
			continue
		}
		if name, ok := strings.CutPrefix(lines.Text(), windowRequest); ok {
			r.windows.change(name, func(at *window) { at.conn = c })
			continue
		}
		id, ok := strings.CutPrefix(lines.Text(), killRequest)
		if !ok {
			return
		}
		if found, err := r.find(id); err != nil {
			fmt.Fprintln(c, err)
		} else {
			found.kill()
			fmt.Fprintln(c, killAnswer)
		}
	}
}

// Kill asks the node whose control socket is given to end the processes of one of its containers,
// as the kernel would: no signal that a program could answer, and no word to the API server.
func Kill(ctx context.Context, control, id string) error {
	return ask(ctx, control, killRequest+id, killAnswer)
}

// Ping asks a node whether it is there.
func Ping(ctx context.Context, control string) error {
	return ask(ctx, control, pingRequest, pingAnswer)
}

// ask sends one request to a node's control socket; the error is any answer but the one wanted.
func ask(ctx context.Context, control, request, want string) error {
	c, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", control)
	if err != nil {
		return fmt.Errorf("reach the node: %w", err)
	}
	defer c.Close()
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(10 * time.Second)
	}
	if err := c.SetDeadline(deadline); err != nil {
		return fmt.Errorf("reach the node: %w", err)
	}
	if _, err := fmt.Fprintln(c, request); err != nil {
		return fmt.Errorf("reach the node: %w", err)
	}
	answer, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return fmt.Errorf("reach the node: %w", err)
	}
	if answer = strings.TrimSpace(answer); answer != want {
		return errors.New(answer)
	}
	return nil
}
