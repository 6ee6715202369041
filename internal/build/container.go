package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// container builds what runs in containers and writes it, packed, into folder. A file that would
// not change is left alone.
func (b *builder) container(ctx context.Context, folder string) error {
	temp, err := os.MkdirTemp("", "learn-build-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(temp)
	file := filepath.Join(temp, "learn-container")
	cmd := b.command(ctx, "build", "-trimpath", "-buildvcs=false", "-tags", "nethttpomithttp2", "-ldflags", "-s -w", "-o", file, "./cmd/learn-container")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the container program: %w\n%s", err, out)
	}
	program, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read the container program: %w", err)
	}
	packed, err := pack(program)
	if err != nil {
		return fmt.Errorf("pack the container program: %w", err)
	}
	name := "learn-container-" + b.goos + "-" + b.goarch + ".gz"
	if err := removeOthers(folder, name); err != nil {
		return err
	}
	return replace(filepath.Join(folder, name), packed)
}

// removeOthers removes packed programs of other systems, which would all be embedded.
func removeOthers(folder, name string) error {
	found, err := filepath.Glob(filepath.Join(folder, "*.gz"))
	if err != nil {
		return fmt.Errorf("look for packed programs: %w", err)
	}
	for _, f := range found {
		if filepath.Base(f) == name {
			continue
		}
		if err := os.Remove(f); err != nil {
			return fmt.Errorf("remove the packed program of another system: %w", err)
		}
	}
	return nil
}

// pack compresses as `gzip -9n` does: the result depends on the contents alone.
func pack(data []byte) ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// replace writes data to path in one move, so that a build that is killed leaves no half of a file.
// It writes beside path's folder first: all that is in the folder is embedded.
func replace(path string, data []byte) error {
	switch old, err := os.ReadFile(path); {
	case err == nil && bytes.Equal(old, data):
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read the packed program: %w", err)
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	fresh := filepath.Join(filepath.Dir(folder), "new.gz")
	if err := os.WriteFile(fresh, data, 0o644); err != nil {
		return fmt.Errorf("write the packed program: %w", err)
	}
	if err := os.Rename(fresh, path); err != nil {
		return fmt.Errorf("put the packed program in place: %w", err)
	}
	return nil
}
