package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTellerShowsErrorsOnly(t *testing.T) {
	var out bytes.Buffer
	newTeller(&out, false, 3, time.Now).tell(strings.NewReader(
		"k8s.io/api/core/v1\n# example.test/m\n./main.go:3:1: undefined: x\ngo: downloading x v1.0.0\nvendor/golang.org/x/net\n"))
	if want := "# example.test/m\n./main.go:3:1: undefined: x\ngo: downloading x v1.0.0\n"; out.String() != want {
		t.Errorf("told %q, want %q", out.String(), want)
	}
}

func TestTellerOnTerminal(t *testing.T) {
	var out bytes.Buffer
	at := time.Unix(0, 0)
	teller := newTeller(&out, true, 600, func() time.Time { at = at.Add(time.Minute); return at })
	teller.tell(strings.NewReader("a\nb\n"))
	if want := "\r\x1b[K  1 of 600 packages compiled, 1m0s\r\x1b[K  2 of 600 packages compiled, 2m0s\r\x1b[K"; out.String() != want {
		t.Errorf("told %q, want %q", out.String(), want)
	}
}

// TestTellerKeepsTalking has a build that says nothing for a while, as the compiler does.
func TestTellerKeepsTalking(t *testing.T) {
	said := make(chan string, 1)
	teller := newTeller(writerFunc(func(p []byte) {
		select {
		case said <- string(p):
		default:
		}
	}), false, 600, func() time.Time { return time.Unix(0, 0) })
	teller.every = time.Millisecond
	silent, end := io.Pipe()
	ended := make(chan struct{})
	go func() { teller.tell(silent); close(ended) }()
	if got := <-said; got != "  0 of 600 packages compiled, 0s\n" {
		t.Errorf("told %q", got)
	}
	_ = end.Close()
	<-ended
}

type writerFunc func([]byte)

func (f writerFunc) Write(p []byte) (int, error) { f(p); return len(p), nil }

func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bin", "program.gz")
	first, err := pack([]byte("a program"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := pack([]byte("a program"))
	if err != nil || !bytes.Equal(first, again) {
		t.Fatalf("packing the same twice gives two results (%v)", err)
	}
	if err := replace(path, first); err != nil {
		t.Fatal(err)
	}
	old := time.Unix(1000, 0)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	if err := replace(path, again); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || !info.ModTime().Equal(old) {
		t.Errorf("the same contents were written again (%v)", err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(z); err != nil || string(data) != "a program" {
		t.Errorf("unpacked %q, %v", data, err)
	}
	other := filepath.Join(filepath.Dir(path), "other.gz")
	if err := replace(other, first); err != nil {
		t.Fatal(err)
	}
	if err := removeOthers(filepath.Dir(path), "other.gz"); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(path)), "*", "*")); len(left) != 1 || left[0] != other {
		t.Errorf("there are %q, want only %s", left, other)
	}
}

func TestRunRefuses(t *testing.T) {
	for _, args := range [][]string{{"extra"}, {"-for", "windows"}, {"-nonsense"}} {
		if err := run(t.Context(), args, io.Discard, false); err == nil {
			t.Errorf("run(%q) succeeded", args)
		}
	}
}
