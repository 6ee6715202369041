// Package version is the command that tells which version this is, and of what.
package version

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/catalog"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// Options is what the run needs.
type Options struct {
	*cmd.App
	Output cmd.Output
}

// New is the command.
func New(app *cmd.App) *cobra.Command {
	o := &Options{App: app}
	c := &cobra.Command{
		Use:   "version",
		Short: "Tell which versions this is made of",
		Long: `Tell which versions this is made of: the plugin itself, the Kubernetes that is
compiled in, the Go that compiled it, and the lessons. It asks no cluster.`,
		Example: cmd.Examples("For people", "version", "The plugin's version alone", "version -o jsonpath={.version}"),
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
	o.Output.AddTo(c)
	return c
}

type version struct {
	Version    string  `json:"version"`
	Kubernetes string  `json:"kubernetes"`
	Go         string  `json:"go"`
	OS         string  `json:"os"`
	Arch       string  `json:"arch"`
	Lessons    lessons `json:"lessons"`
}

// lessons are those that are built in. They are told apart by their contents: they change with every release, and packs have no version.
type lessons struct {
	Count int `json:"count"`
	// Digest is of all their files: the first 12 hexadecimal digits of a SHA-256.
	Digest string `json:"digest"`
}

// Run tells the versions.
func (o *Options) Run(context.Context) error {
	if err := o.Output.Validate(); err != nil {
		return err
	}
	v := version{Version: o.Version, Kubernetes: o.Kubernetes, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	built, err := fs.Glob(o.App.Lessons, "*/"+catalog.FileName)
	if err == nil {
		v.Lessons.Count = len(built)
		v.Lessons.Digest, err = digest(o.App.Lessons)
	}
	if err != nil {
		return fmt.Errorf("read the lessons: %w", err)
	}
	if !o.Output.ForPeople() {
		return o.Output.Print(o.Out, v, v.Version)
	}
	_, err = fmt.Fprintf(o.Out, "%s %s\nKubernetes    %s\nGo            %s, %s/%s\nLessons       %d, digest %s\n",
		plugin.Command, v.Version, v.Kubernetes, v.Go, v.OS, v.Arch, v.Lessons.Count, v.Lessons.Digest)
	return err
}

// digest is of the paths and the contents of all files.
func digest(files fs.FS) (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(sum, "%s %d\n%s", path, len(data), data)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil))[:12], err
}
