package cluster

import (
	"context"
	"io"
)

// ImageBuilder is the optional ability to make an image of a program of the learner's own, from
// source, without an engine.
type ImageBuilder interface {
	// BuildImage compiles a program and gives it to the cluster as an image. What the compiler says goes
	// to o.Messages as it is.
	BuildImage(ctx context.Context, o BuildOptions, p Progress) (BuiltImage, error)
}

// BuildOptions say what to build.
type BuildOptions struct {
	// Name is the image's, with a tag or without, as a Pod would name it.
	Name string
	// Dir is the folder in which the go command runs, Package a main package as it takes it.
	Dir, Package string
	// Shell adds the commands of a small Linux system to the image, a shell among them.
	Shell    bool
	Messages io.Writer
}

// BuiltImage is an image that was built.
type BuiltImage struct {
	// Name is the image's as it was asked for, Reference the same completed.
	Name      string `json:"name"`
	Reference string `json:"reference"`
	Digest    string `json:"digest"`
	// Size is in bytes.
	Size int64 `json:"size"`
	// Shell says that kubectl exec finds a shell in it.
	Shell bool `json:"shell"`
}
