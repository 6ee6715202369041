//go:build unix

package podnet_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// shortListener listens with room for hardly any connection that waits.
func shortListener(t *testing.T, file string) net.Listener {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), file)
	defer func() { _ = f.Close() }()
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: file}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 1); err != nil {
		t.Fatal(err)
	}
	l, err := net.FileListener(f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// A full backlog makes TCP wait, and must not look like a refusal here.
func TestFullBacklogWaits(t *testing.T) {
	w := newWorld(t)
	w.pod(podA)
	l := shortListener(t, filepath.Join(w.network.Dir, podA, "80.sock"))
	for i := 0; ; i++ {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		c, err := w.network.Dial(ctx, "tcp", podA+":80")
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			break
		}
		if err != nil || i > 100 {
			t.Fatalf("dial %d = %v, want it to wait when the backlog is full", i, err)
		}
		defer func() { _ = c.Close() }()
	}
	done := make(chan error, 1)
	go func() {
		c, err := w.network.Dial(testContext(t), "tcp", podA+":80")
		if err == nil {
			err = c.Close()
		}
		done <- err
	}()
	for {
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		case <-time.After(20 * time.Millisecond): // the dial's next try
		}
		if u, ok := l.(*net.UnixListener); ok {
			_ = u.SetDeadline(time.Now().Add(patience))
		}
	}
}
