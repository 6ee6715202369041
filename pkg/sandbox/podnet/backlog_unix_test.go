//go:build unix

package podnet_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
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
	file := filepath.Join(w.network.Dir, podA, "80.sock")
	l := shortListener(t, file)
	for i := 0; ; i++ {
		c, err := net.Dial("unix", file)
		if errors.Is(err, syscall.EAGAIN) {
			break
		}
		if err != nil || i > 100 {
			t.Fatalf("dial %d = %v, want the backlog to be full", i, err)
		}
		defer func() { _ = c.Close() }()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if _, err := w.network.Dial(ctx, "tcp", podA+":80"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Dial = %v, want it to wait when the backlog is full", err)
	}
	done := make(chan error, 1)
	go func() {
		c, err := w.network.Dial(testContext(t), "tcp", podA+":80")
		if err == nil {
			err = c.Close()
		}
		done <- err
	}()
	var accepted sync.WaitGroup
	t.Cleanup(accepted.Wait)
	t.Cleanup(func() { _ = l.Close() })
	accepted.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			// One that is closed before its client has spoken is refused to it.
			defer func() { _ = c.Close() }()
		}
	})
	if err := <-done; err != nil {
		t.Error(err)
	}
}
