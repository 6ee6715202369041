package pack

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
	"unicode"
)

// files is a file system in memory: the files of a bundle.
type files map[string][]byte

// Open implements fs.FS.
func (f files) Open(name string) (fs.File, error) {
	data, ok := f[name]
	if !ok || !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &file{Reader: bytes.NewReader(data), name: path.Base(name)}, nil
}

// file is one of them, open.
type file struct {
	*bytes.Reader
	name string
}

func (f *file) Stat() (fs.FileInfo, error) { return f, nil }
func (f *file) Close() error               { return nil }
func (f *file) Name() string               { return f.name }
func (f *file) Mode() fs.FileMode          { return 0o444 }
func (f *file) ModTime() time.Time         { return time.Time{} }
func (f *file) IsDir() bool                { return false }
func (f *file) Sys() any                   { return nil }

// unpack reads a bundle into memory. Nothing of it is written anywhere.
func unpack(name string) (files, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, cause(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > maxBundle {
		return nil, fmt.Errorf("the bundle is larger than %d MiB", maxBundle>>20)
	}
	u := &unpacking{found: files{}}
	if strings.HasSuffix(strings.ToLower(name), ".zip") {
		err = u.zip(f, info.Size())
	} else {
		err = u.tar(f)
	}
	return u.found, err
}

// unpacking is a bundle that is being read.
type unpacking struct {
	found   files
	entries int
	total   int64
}

func (u *unpacking) tar(r io.Reader) error {
	unzipped, err := gzip.NewReader(r)
	if err != nil {
		return fmt.Errorf("it is not compressed with gzip: %w", err)
	}
	// What stands between files counts too: a small bundle may say without end that more is to come.
	const headers = 2 * 512 * maxEntries
	limited := &io.LimitedReader{R: unzipped, N: maxTotal + headers}
	t := tar.NewReader(limited)
	for {
		h, err := t.Next()
		switch {
		case err != nil && limited.N <= 0:
			return tooMuch()
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("it is no tar file, or a broken one: %w", err)
		}
		switch h.Typeflag {
		case tar.TypeDir, tar.TypeXGlobalHeader:
			_, err = u.enter(h.Name)
		case tar.TypeReg:
			err = u.add(h.Name, h.Size, t)
		case tar.TypeSymlink, tar.TypeLink:
			err = aLink(h.Name)
		default:
			err = fmt.Errorf("%s in it is no file", h.Name)
		}
		if err != nil {
			return err
		}
	}
}

func (u *unpacking) zip(r io.ReaderAt, size int64) error {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return fmt.Errorf("it is no zip file, or a broken one: %w", err)
	}
	for _, f := range z.File {
		switch mode := f.Mode(); {
		case mode.IsDir():
			_, err = u.enter(f.Name)
		case mode&fs.ModeSymlink != 0:
			err = aLink(f.Name)
		case !mode.IsRegular():
			err = fmt.Errorf("%s in it is no file", f.Name)
		default:
			err = u.zipped(f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacking) zipped(f *zip.File) error {
	r, err := f.Open()
	if err != nil {
		return fmt.Errorf("read %s in it: %w", f.Name, err)
	}
	defer r.Close()
	return u.add(f.Name, int64(min(f.UncompressedSize64, maxFile+1)), r)
}

func aLink(name string) error {
	return fmt.Errorf("%s in it is a link, and links are not followed; put the file itself there", name)
}

func tooMuch() error { return fmt.Errorf("what is in it is larger than %d MiB", maxTotal>>20) }

// enter counts an entry, and gives its path; one that leads out is refused.
func (u *unpacking) enter(name string) (string, error) {
	if u.entries++; u.entries > maxEntries {
		return "", fmt.Errorf("it holds more than %d files and folders", maxEntries)
	}
	return inside(name)
}

// add keeps a file.
func (u *unpacking) add(name string, size int64, r io.Reader) error {
	clean, err := u.enter(name)
	if err != nil {
		return err
	}
	for part := range strings.SplitSeq(clean, "/") {
		if hidden(part) {
			return nil
		}
	}
	switch _, twice := u.found[clean]; {
	case twice:
		return fmt.Errorf("%s is in it twice", clean)
	case size > maxFile:
		return fmt.Errorf("%s in it is larger than %d MiB", clean, maxFile>>20)
	}
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		return fmt.Errorf("read %s in it: %w", clean, err)
	case len(data) > maxFile:
		return fmt.Errorf("%s in it is larger than %d MiB", clean, maxFile>>20)
	}
	if u.total += int64(len(data)); u.total > maxTotal {
		return tooMuch()
	}
	u.found[clean] = data
	return nil
}

// inside is the path of an entry as fs.FS has it. One that is absolute, or has .., leads out.
func inside(name string) (string, error) {
	clean := strings.TrimSuffix(name, "/")
	for strings.HasPrefix(clean, "./") {
		clean = clean[2:]
	}
	switch {
	case !fs.ValidPath(clean) || strings.ContainsAny(clean, `\:`) || strings.ContainsFunc(clean, unicode.IsControl):
		return "", fmt.Errorf("the path %q in it leads out of the bundle, or is none", name)
	case strings.Count(clean, "/") > maxDepth:
		return "", fmt.Errorf("the path %q in it is deeper than %d folders", name, maxDepth)
	}
	return clean, nil
}
