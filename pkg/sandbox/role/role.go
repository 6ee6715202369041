// Package role has the names (argument zero) under which the program starts itself as something else than the
// command line: as a part of a cluster, or as a program in one of its containers. It imports nothing, so that
// what is initialised first can ask.
package role

import (
	"path/filepath"
	"strings"
)

// Role is such a name.
type Role string

const (
	ControlPlane Role = "learn-control-plane"
	Node         Role = "learn-node"
	// Container runs the programs of images that are built in.
	Container Role = "learn-container"
	// Kubectl is the built-in kubectl in a container.
	Kubectl Role = "learn-kubectl"
)

// Of is the role of a process that has these arguments; of the command line it is whatever the program is called.
func Of(args []string) Role {
	if len(args) == 0 {
		return ""
	}
	return Role(strings.TrimSuffix(filepath.Base(args[0]), ".exe"))
}
