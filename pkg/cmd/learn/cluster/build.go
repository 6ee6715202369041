package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
)

// BuildOptions is what making an image of a learner's program needs.
type BuildOptions struct {
	*cmd.App
	Output cmd.Output
	Name   string
	Path   string
	// Shell gives the image a shell, Yes stands for the answer to the question.
	Shell, Yes bool
}

func newBuildImage(app *cmd.App) *cobra.Command {
	o := &BuildOptions{App: app}
	c := &cobra.Command{
		Use:   "build-image NAME[:TAG] PATH",
		Short: "Make an image of a Go program of your own",
		Long: `Make an image of a Go program of your own, and give it to the practice cluster.

PATH is the folder of its package main. The go command compiles it as it is;
in the cluster it listens and dials on the Pod network, and finds the files of
its container. The image holds the program and nothing else, unless you ask for
a shell.

On the sandbox a container is a process of your machine, without isolation: the
program could read, change and send whatever you can. So you are asked before.`,
		Example: cmd.Examples(
			"Build it, run three of it, look at one", "cluster build-image hello:v1 ./hello\n$ kubectl create deployment hello --image hello:v1 --replicas 3\n$ kubectl logs deployment/hello",
		),
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.Output.Validate(); err != nil {
				return err
			}
			o.Name, o.Path = args[0], args[1]
			return o.Run(c.Context())
		},
	}
	c.Flags().BoolVar(&o.Shell, "shell", false, "Put a shell and the commands of a small Linux into the image, for kubectl exec.")
	c.Flags().BoolVarP(&o.Yes, "yes", "y", false, "Do not ask.")
	o.Output.AddTo(c)
	return c
}

// Run builds the image once the learner knows what its program can reach.
func (o *BuildOptions) Run(ctx context.Context) error {
	h, err := o.OpenCluster(ctx)
	if err != nil {
		return err
	}
	builder, ok := h.(cluster.ImageBuilder)
	if !ok {
		return o.elsewhere(h)
	}
	dir, pkg, err := source(o.Path)
	if err != nil {
		return err
	}
	if err := o.consent(ctx); err != nil {
		return err
	}
	built, err := builder.BuildImage(ctx, cluster.BuildOptions{Name: o.Name, Dir: dir, Package: pkg, Shell: o.Shell, Messages: o.ErrOut}, o.Progress(""))
	if err != nil {
		return err
	}
	if !o.Output.ForPeople() {
		return o.Output.Print(o.Out, built, "image/"+built.Name)
	}
	fmt.Fprintf(o.Out, "  Image %s is in cluster %s (%d MB).\n", built.Name, o.Cluster, (built.Size+1<<20-1)>>20)
	name, _, _ := strings.Cut(filepath.Base(built.Name), ":")
	o.Narrator().Advice("Run it", "kubectl create deployment "+name+" --image "+built.Name+" --replicas 3")
	return nil
}

// elsewhere says how it is done where containers are real ones.
func (o *BuildOptions) elsewhere(h cluster.Handle) error {
	if _, ok := h.(cluster.ImageLoader); ok {
		return fmt.Errorf("build image: cluster %s runs real images, which docker builds: with a Dockerfile in %[2]s,\n"+
			"  docker build -t %[3]s %[2]s && docker save -o image.tar %[3]s && %[4]s cluster load-images image.tar", o.Cluster, o.Path, o.Name, o.Prefix())
	}
	return fmt.Errorf("build image: cluster %s (%s) pulls its images from a registry: build yours with docker, and push it to one that the cluster reaches", o.Cluster, h.Info().Provider)
}

// source is where the go command is to run, and what it is to build there.
func source(path string) (dir, pkg string, err error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", "", fmt.Errorf("find %s: %w", path, err)
	}
	fi, err := os.Stat(abs)
	switch {
	case err != nil:
		return "", "", fmt.Errorf("build image: there is no folder %s: name that of your program's package main", path)
	case fi.IsDir():
		return abs, ".", nil
	case strings.HasSuffix(abs, ".go"):
		return filepath.Dir(abs), "./" + filepath.Base(abs), nil
	}
	return "", "", fmt.Errorf("build image: %s is no folder: name that of your program's package main", path)
}

// consent says what the program can reach, and asks.
func (o *BuildOptions) consent(ctx context.Context) error {
	if o.Yes {
		return nil
	}
	const what = "a container of the sandbox is a process of your machine, under your user: the cluster leads it to its own files and network, " +
		"but nothing locks it in. It could read, change and send whatever you can"
	if !o.Interactive() {
		return errors.New("build image: " + what + ". Build it only if you would run it as it is; then say so with --yes")
	}
	text := render.Hang("  ", "Your program will run without isolation: "+what+".\nRun only what you would run outside of the cluster too.", o.Style())
	fmt.Fprintf(o.ErrOut, "\n%s\n\n  Build it? [y/N] ", text)
	return answered(ctx, o.App, "nothing was built")
}
