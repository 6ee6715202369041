// Command kubectl-learn teaches Kubernetes on a live practice cluster. As a plugin of kubectl it is
// called kubectl learn. Under other names it is a part of a practice cluster.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-learn/kubectl-learn/internal/startup"
	"github.com/kubectl-learn/kubectl-learn/lessons"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/kubectl"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
	parts "github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
)

func main() {
	startup.Done()
	if handled, code := underOtherName(os.Args); handled {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	deps, err := cmd.FromProcess(time.Now)
	if err != nil {
		fmt.Fprintln(os.Stderr, "learn:", err)
		os.Exit(cmd.CodeError)
	}
	deps.Lessons = lessons.FS
	deps.Providers = providers(string(deps.Home))
	deps.Kubernetes = parts.Version
	parts.StampVersion() // kubectl version parses what the client calls itself
	deps.Kubectl = kubectl.Run(parts.Version, deps.Home, stop)
	os.Exit(learn.Main(ctx, genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}, deps, plugin.Args(os.Args)))
}
