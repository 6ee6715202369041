package sandbox

import (
	"sync/atomic"
	_ "unsafe" // for go:linkname

	_ "k8s.io/component-base/version" // holds the variable
)

// A build stamps Kubernetes' version in by linker flags; `go install` gives none. The package has a
// setter, which refuses a version that is not a refinement of the one that the linker stamped.
//
//go:linkname dynamicGitVersion k8s.io/component-base/version.dynamicGitVersion
var dynamicGitVersion atomic.Value

// StampVersion makes this process's Kubernetes code call itself Version, not v0.0.0-master. It is
// called once, before any of that code runs.
func StampVersion() { dynamicGitVersion.Store(Version) }
