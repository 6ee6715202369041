// Package embedded carries the small program of the practice containers (cmd/learn-container) inside
// the big binary, compressed, for the system that the binary is built for. It is optional: without it,
// containers run the big binary itself, which needs three times the memory.
//
// It is put there before the big binary is built, by one line of shell:
//
//	CGO_ENABLED=0 go build -trimpath -tags nethttpomithttp2 -ldflags='-s -w' -o /tmp/lc ./cmd/learn-container && gzip -9n </tmp/lc >pkg/sandbox/program/embedded/bin/learn-container-$(go env GOOS)-$(go env GOARCH).gz
package embedded

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

//go:embed all:bin
var files embed.FS

// sizeLimit is far more than the program has; it bounds what a broken archive can unpack.
const sizeLimit = 256 << 20

// ErrNone says that this build carries no program.
var ErrNone = errors.New("no container program is embedded in this build")

// Container returns the program for the running system, compressed with gzip, and whether there is one.
func Container() (gz []byte, ok bool) {
	b, err := files.ReadFile(fmt.Sprintf("bin/learn-container-%s-%s.gz", runtime.GOOS, runtime.GOARCH))
	return b, err == nil
}

// Extract writes the program into dir, unless that very program is there already, and returns its
// path. The name holds a hash of the content, so that several builds can share a folder; several
// processes may do it at the same time. Without an embedded program the error is ErrNone.
func Extract(dir string) (path string, err error) {
	gz, ok := Container()
	if !ok {
		return "", ErrNone
	}
	return extract(gz, dir)
}

func extract(gz []byte, dir string) (string, error) {
	sum := sha256.Sum256(gz)
	name := "learn-container-" + hex.EncodeToString(sum[:8])
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	path := filepath.Join(dir, name)
	if fi, err := os.Stat(path); err == nil && fi.Mode().IsRegular() {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("extract container program: %w", err)
	}
	if err := write(gz, dir, path); err != nil {
		return "", fmt.Errorf("extract container program: %w", err)
	}
	return path, nil
}

// write unpacks into a file of another name and renames it, so that nobody ever starts half a program.
func write(gz []byte, dir, path string) error {
	r, err := gzip.NewReader(bytes.NewReader(gz))
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".learn-container-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = io.Copy(f, io.LimitReader(r, sizeLimit))
	// The checksum of the archive is compared when all of it is read: Copy returns its error.
	if err = errors.Join(err, f.Chmod(0o700), f.Sync(), f.Close()); err != nil {
		return err
	}
	err = os.Rename(f.Name(), path)
	if _, serr := os.Stat(path); err != nil && serr == nil {
		// On Windows the rename fails if another process was first and runs the program already.
		return nil
	}
	return err
}
