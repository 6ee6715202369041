package main

import (
	"os"
	"time"

	_ "github.com/kubectl-learn/kubectl-learn/internal/startup/english"    // before kubectl's own packages
	_ "github.com/kubectl-learn/kubectl-learn/internal/startup/unmeasured" // before Kubernetes' own packages
	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cluster/current"
	"github.com/kubectl-learn/kubectl-learn/pkg/cluster/kind"
	"github.com/kubectl-learn/kubectl-learn/pkg/cluster/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/kubectl"
	parts "github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/process"
)

// providers are all sorts of clusters, the one to prefer first.
func providers(home string) []cluster.Provider {
	return []cluster.Provider{kind.New(home, os.Getenv), sandbox.New(home), current.New(home, time.Now)}
}

// underOtherName runs this program as a part of a sandbox, or as kubectl in one of its containers, where
// it was started under such a name.
func underOtherName(args []string) (handled bool, code int) {
	if handled, code := kubectl.InPod(args, parts.Version, parts.StampVersion, os.Exit); handled {
		return true, code
	}
	return process.Main(args)
}
