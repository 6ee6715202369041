package embedded

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func pack(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestExtract(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bin")
	gz := pack(t, "the program")
	paths := make([]string, 16)
	var wg sync.WaitGroup
	for i := range paths {
		wg.Go(func() {
			p, err := extract(gz, dir)
			if err != nil {
				t.Error(err)
			}
			paths[i] = p
			if b, err := os.ReadFile(p); err != nil || string(b) != "the program" {
				t.Errorf("%s: %q %v", p, b, err)
			}
		})
	}
	wg.Wait()
	fi, err := os.Stat(paths[0])
	if err != nil || fi.Mode().Perm()&0o777 != 0o700 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
	other, err := extract(pack(t, "another program"), dir)
	if err != nil || other == paths[0] {
		t.Errorf("another program went to %s, %v", other, err)
	}
}

func TestExtractBroken(t *testing.T) {
	dir := t.TempDir()
	gz := pack(t, "a program of some length, so that it can be cut")
	if p, err := extract(gz[:len(gz)-6], dir); err == nil {
		t.Errorf("half an archive gave %s", p)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestContainerIsForThisSystem(t *testing.T) {
	gz, ok := Container()
	if !ok {
		if _, err := Extract(t.TempDir()); !errors.Is(err, ErrNone) {
			t.Errorf("without a program: %v", err)
		}
		return
	}
	if _, err := gzip.NewReader(bytes.NewReader(gz)); err != nil {
		t.Error(err)
	}
}
