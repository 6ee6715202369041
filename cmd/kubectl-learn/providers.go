package main

import (
	"os"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cluster/current"
	"github.com/kubectl-learn/kubectl-learn/pkg/cluster/kind"
	"github.com/kubectl-learn/kubectl-learn/pkg/cluster/sandbox"
)

// providers are all sorts of clusters, the one to prefer first.
func providers(home string) []cluster.Provider {
	return []cluster.Provider{kind.New(home, os.Getenv), sandbox.New(home), current.New(home, time.Now)}
}
