// Command put builds the images of Kubernetes' end-to-end tests and gives them to a practice cluster:
//
//	go run ./internal/testimages/put CLUSTER-FOLDER CACHE-FOLDER [agnhost | sample-apiserver | etcd]...
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"github.com/kubectl-learn/kubectl-learn/internal/testimages"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/image"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: put CLUSTER-FOLDER CACHE-FOLDER [NAME...]")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	root, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	b := testimages.Builder{Root: root, Cache: args[1], Messages: os.Stderr}
	return b.Put(ctx, image.Store{Dir: sandbox.Layout{Dir: args[0]}.Images()}, args[2:]...)
}
