package cluster

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

var (
	// ErrNotFound says that no cluster has that name.
	ErrNotFound = errors.New("no such practice cluster")
	// ErrExists says that a cluster of that name is there already.
	ErrExists = errors.New("practice cluster already exists")
	// ErrControlPlaneNode says that a node is not to be stopped or removed by itself.
	ErrControlPlaneNode = errors.New("the control plane's node carries the whole cluster: use " + plugin.Command + " cluster stop, start or delete")
)

// NotRunning is the error of changing the nodes of a cluster that does not run.
func NotRunning(name string, s State) error {
	return fmt.Errorf("cluster %s is %s; first: "+plugin.Command+" cluster start --name %s", name, s, name)
}

// NoNode is the error of a node that a cluster does not have.
func NoNode(name, node string, nodes []string) error {
	return fmt.Errorf("cluster %s has no node %q; it has %s", name, node, strings.Join(nodes, ", "))
}
