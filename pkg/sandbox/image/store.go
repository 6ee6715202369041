// Package image keeps the images that a cluster has besides the built-in ones (package program): programs
// that were built for it (package native). A Store is a folder in the cluster's own, with a folder an
// image, so that every node of the cluster finds it as if there were a registry.
package image

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program"
)

// Image is what a store knows of an image.
type Image struct {
	// Reference is the name and tag, completed: docker.io/library/hello:v1.
	Reference string `json:"reference"`
	// Program is where the program stands in the container, an absolute path.
	Program string `json:"program"`
	// Entrypoint and Cmd are what a container runs unless the Pod says otherwise. Without an entrypoint
	// it is the program.
	Entrypoint []string `json:"entrypoint,omitempty"`
	Cmd        []string `json:"cmd,omitempty"`
	Env        []string `json:"env,omitempty"`
	WorkingDir string   `json:"workingDir,omitempty"`
	User       string   `json:"user,omitempty"`
	// ExposedPorts is what the image declares, 80/tcp.
	ExposedPorts []string `json:"exposedPorts,omitempty"`
	// Files is what the image carries besides the program.
	Files map[string]program.File `json:"files,omitempty"`
	// Base names a built-in image whose files and commands this one has too: a shell, above all. Without
	// one there is nothing but the program.
	Base string `json:"base,omitempty"`
	// Source says where the program came from, for people.
	Source string    `json:"source,omitempty"`
	Built  time.Time `json:"built"`
	// Digest and Size, in bytes, are the store's to set.
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
}

// Store is a folder of images. The zero value has none. It is safe for use by several processes.
type Store struct {
	Dir string
}

const (
	describedBy = "image.json"
	programFile = "program"
	partial     = ".new-"
)

// Add puts an image into the store, with a copy of the program in the file given. One that has its
// reference already is replaced; containers that run it keep theirs.
func (s Store) Add(ctx context.Context, i Image, file string) (Image, error) {
	i.Reference = program.Reference(i.Reference)
	if builtIn(i.Reference) {
		return Image{}, fmt.Errorf("add image: the sandbox has an image %s of its own; choose another name", short(i.Reference))
	}
	if i.Base != "" {
		if _, err := program.Lookup(i.Base); err != nil {
			return Image{}, fmt.Errorf("add image %s: %w", short(i.Reference), err)
		}
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return Image{}, fmt.Errorf("add image %s: %w", short(i.Reference), err)
	}
	dir, err := os.MkdirTemp(s.Dir, partial)
	if err != nil {
		return Image{}, fmt.Errorf("add image %s: %w", short(i.Reference), err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := s.fill(ctx, dir, &i, file); err != nil {
		return Image{}, fmt.Errorf("add image %s: %w", short(i.Reference), err)
	}
	if err := s.place(dir, i); err != nil {
		return Image{}, fmt.Errorf("add image %s: %w", short(i.Reference), err)
	}
	return i, nil
}

// builtIn says whether a reference is of a repository that program has.
func builtIn(reference string) bool {
	for _, i := range program.Images() {
		if i.Repository == repository(reference) {
			return true
		}
	}
	return false
}

// fill writes what stands in an image's folder.
func (s Store) fill(ctx context.Context, dir string, i *Image, file string) error {
	sum := sha256.New()
	size, err := copyProgram(ctx, filepath.Join(dir, programFile), file, sum)
	if err != nil {
		return err
	}
	i.Size, i.Digest = size, ""
	// The moment of its making is no part of what an image is.
	same := *i
	same.Built = time.Time{}
	b, err := json.Marshal(same)
	if err != nil {
		return fmt.Errorf("describe image: %w", err)
	}
	sum.Write(b)
	i.Digest = "sha256:" + hex.EncodeToString(sum.Sum(nil))
	if b, err = json.MarshalIndent(i, "", "  "); err != nil {
		return fmt.Errorf("describe image: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, describedBy), append(b, '\n'), 0o600)
}

func copyProgram(ctx context.Context, to, from string, sum io.Writer) (int64, error) {
	in, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer func() { _ = in.Close() }()
	// Containers share the file: nobody is to write to it.
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o555)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(io.MultiWriter(out, sum), in)
	return n, errors.Join(err, out.Close(), ctx.Err())
}

// place gives a filled folder its name, and removes what else has the image's reference.
func (s Store) place(dir string, i Image) error {
	old, err := s.List()
	if err != nil {
		return err
	}
	to := s.folder(i)
	if err := os.Rename(dir, to); err != nil {
		if _, known := os.Stat(filepath.Join(to, describedBy)); known != nil {
			return err
		}
		// The very same image is there.
	}
	for _, o := range old {
		if o.Reference == i.Reference && o.Digest != i.Digest {
			if err := os.RemoveAll(s.folder(o)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s Store) folder(i Image) string {
	return filepath.Join(s.Dir, strings.TrimPrefix(i.Digest, "sha256:")[:16])
}

// Remove takes an image out of the store; containers that run it keep theirs. The error wraps
// fs.ErrNotExist when there is none.
func (s Store) Remove(ref string) error {
	ref = program.Reference(ref)
	all, err := s.List()
	if err != nil {
		return err
	}
	for _, i := range all {
		if i.Reference == ref {
			return os.RemoveAll(s.folder(i))
		}
	}
	return fmt.Errorf("remove image %s: %w", short(ref), fs.ErrNotExist)
}

// List returns the images of the store, by reference.
func (s Store) List() ([]Image, error) {
	if s.Dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	var all []Image
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), partial) {
			continue
		}
		b, err := os.ReadFile(filepath.Join(s.Dir, e.Name(), describedBy))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it is being removed
		}
		var i Image
		if err == nil {
			err = json.Unmarshal(b, &i)
		}
		if err != nil {
			return nil, fmt.Errorf("list images: %w", err)
		}
		all = append(all, i)
	}
	sort.Slice(all, func(a, b int) bool { return all[a].Reference < all[b].Reference })
	return all, nil
}

// Images returns what Lookup finds: all images that are built in, and those of the store, by name, the newest of each
// name first.
func (s Store) Images() ([]cluster.Image, error) {
	built, err := s.List()
	if err != nil {
		return nil, err
	}
	var out []cluster.Image
	for _, i := range program.Images() {
		out = append(out, shown(i))
	}
	sort.SliceStable(built, func(a, b int) bool { return built[a].Built.After(built[b].Built) })
	for _, b := range built {
		i, err := s.open(b)
		if err != nil {
			return nil, err
		}
		c := shown(i)
		c.Usual, c.About, c.BuiltFrom = c.Tags, "your program", cmp.Or(b.Source, "source that is not known")
		if b.Base != "" {
			c.About += " with a shell"
		}
		out = append(out, c)
	}
	sort.SliceStable(out, func(a, b int) bool { return out[a].Name < out[b].Name })
	return out, nil
}

func shown(i *program.Image) cluster.Image {
	return cluster.Image{Name: short(i.Repository), Tags: i.Tags, Usual: i.Usual, About: i.About, Size: i.Size, Digest: i.Digest}
}

// Lookup finds an image as program.Lookup does, among those of the store where none is built in. The
// error is a *program.NotFound that names what the store has.
func (s Store) Lookup(ref string) (*program.Image, error) {
	found, notFound := program.Lookup(ref)
	if notFound == nil {
		return found, nil
	}
	all, err := s.List()
	if err != nil {
		return nil, err
	}
	for _, i := range all {
		if matches(i, ref) {
			return s.open(i)
		}
	}
	return nil, withHint(notFound, all)
}

func matches(i Image, ref string) bool {
	if i.Digest == ref || i.Reference == program.Reference(ref) {
		return true
	}
	want, digest, pinned := strings.Cut(program.Reference(ref), "@")
	return pinned && digest == i.Digest && repository(want) == repository(i.Reference)
}

func repository(reference string) string {
	if i := strings.LastIndex(reference, ":"); i > strings.LastIndex(reference, "/") {
		return reference[:i]
	}
	return reference
}

func short(reference string) string { return program.Familiar(reference) }

// open is the image as containers are made of it.
func (s Store) open(i Image) (*program.Image, error) {
	out := &program.Image{Files: map[string]program.File{}, Programs: map[string]bool{}}
	if i.Base != "" {
		base, err := program.Lookup(i.Base)
		if err != nil {
			return nil, err
		}
		out.Files, out.Programs, out.Env = maps.Clone(base.Files), maps.Clone(base.Programs), append(out.Env, base.Env...)
		out.Size = base.Size
	}
	out.Repository = repository(i.Reference)
	out.Tags = []string{strings.TrimPrefix(i.Reference, out.Repository+":")}
	out.Entrypoint, out.Cmd = i.Entrypoint, i.Cmd
	if len(out.Entrypoint) == 0 {
		out.Entrypoint = []string{i.Program}
	}
	out.Env = append(out.Env, i.Env...)
	out.WorkingDir, out.User, out.ExposedPorts = i.WorkingDir, i.User, i.ExposedPorts
	out.Digest, out.Size = i.Digest, out.Size+i.Size
	for _, dir := range []string{"/proc", "/tmp"} {
		out.Files[dir] = program.File{Dir: true}
	}
	out.Files["/tmp"] = program.File{Dir: true, Mode: 0o1777}
	maps.Copy(out.Files, i.Files)
	out.Files[i.Program] = program.File{Source: filepath.Join(s.folder(i), programFile), Mode: 0o755}
	out.Programs[filepath.Base(i.Program)] = true
	return out, nil
}

// withHint names the images of the store beside those that are built in.
func withHint(err error, all []Image) error {
	n, ok := errors.AsType[*program.NotFound](err)
	if !ok || len(all) == 0 {
		return err
	}
	names := make([]string, len(all))
	for i := range all {
		names[i] = short(all[i].Reference)
	}
	hint := "built for this cluster: " + strings.Join(names, ", ")
	if n.Hint != "" {
		hint = n.Hint + "; " + hint
	}
	return &program.NotFound{Reference: n.Reference, Hint: hint}
}
