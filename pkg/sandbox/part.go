package sandbox

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A Stage of the control plane's start that ended well is a line of its process's standard output: StagePrefix
// and its name.
type Stage string

// The stages, in their order.
const (
	Etcd       Stage = "etcd"
	APIServer  Stage = "API server"
	Components Stage = "scheduler, controllers"

	StagePrefix = "stage "
)

// Serving is the path at which the API server says that it can serve. It leaves out whether the default roles are
// up to date, which the API server sees to a second after all else.
const Serving = "/readyz?exclude=poststarthook/rbac/bootstrap-roles"

// Stages are all of them, in their order.
var Stages = []Stage{Etcd, APIServer, Components}

// OwnMounts is set in the environment of a node's process that was started with mounts of its own, which
// no other process of the machine sees.
const OwnMounts = "SANDBOX_OWN_MOUNTS"

// IsPart says whether a process is a part of the cluster that runs, the control plane or a node.
func IsPart(l Layout, pid int) bool {
	files, err := os.ReadDir(filepath.Dir(l.Alive(ControlPlane)))
	if err != nil {
		return false
	}
	for _, f := range files {
		b, err := os.ReadFile(l.Alive(f.Name()))
		if err != nil || strings.TrimSpace(string(b)) != strconv.Itoa(pid) {
			continue
		}
		if alive, ok := Alive(l, f.Name()); ok && alive == pid {
			return true
		}
	}
	return false
}
