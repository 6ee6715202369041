package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kubectl-learn/kubectl-learn/internal/testimages"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/image"
)

// builtImages is where the programs of the suite's images stay between their building and the clusters.
var builtImages = filepath.Join("bin", "conformance", "images")

// buildImages builds the programs of the images that the suite runs in Pods and the sandbox has not
// built in. They are built anew: what they are made of may have changed, and the go command knows.
func buildImages(ctx context.Context, w io.Writer) error {
	if err := os.RemoveAll(builtImages); err != nil {
		return fmt.Errorf("remove old images: %w", err)
	}
	fmt.Fprintln(w, "Building the images of the e2e tests: some minutes the first time")
	store, err := os.MkdirTemp("", "learn-conformance-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(store)
	return putImages(ctx, store, w)
}

// putImages puts the images into a store.
func putImages(ctx context.Context, store string, w io.Writer) error {
	root, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	b := testimages.Builder{Root: root, Cache: filepath.Join(root, builtImages), Messages: w}
	if err := b.Put(ctx, image.Store{Dir: store}); err != nil {
		return fmt.Errorf("make the images of the e2e tests: %w", err)
	}
	return nil
}

// giveImages puts the images into the cluster's own store, whose nodes read it at each pull.
func (s *site) giveImages(ctx context.Context, w io.Writer) error {
	layout := sandbox.Layout{Dir: filepath.Join(s.work, "h", "clusters", s.name)}
	if err := putImages(ctx, layout.Images(), w); err != nil {
		return err
	}
	return filepath.WalkDir(layout.Images(), func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return s.account.own(path)
	})
}
