package sandbox

import (
	"strings"
	"sync/atomic"
	_ "unsafe" // for go:linkname

	_ "k8s.io/client-go/pkg/version"
	_ "k8s.io/component-base/version" // these two hold the variables
)

// A build stamps Kubernetes' version in by linker flags; `go install` gives none. The package has a
// setter, which refuses a version that is not a refinement of the one that the linker stamped.
//
//go:linkname dynamicGitVersion k8s.io/component-base/version.dynamicGitVersion
var dynamicGitVersion atomic.Value

// client-go and component-base keep more of the same.
//
//go:linkname clientGitVersion k8s.io/client-go/pkg/version.gitVersion
var clientGitVersion string

//go:linkname clientGitCommit k8s.io/client-go/pkg/version.gitCommit
var clientGitCommit string

//go:linkname gitMajor k8s.io/component-base/version.gitMajor
var gitMajor string

//go:linkname gitMinor k8s.io/component-base/version.gitMinor
var gitMinor string

// StampVersion makes this process's Kubernetes code call itself Version, not v0.0.0-master. It is
// called once, before any of that code runs.
func StampVersion() {
	dynamicGitVersion.Store(Version)
	clientGitVersion, clientGitCommit = Version, "release"
	gitMajor, gitMinor, _ = strings.Cut(strings.TrimPrefix(Version, "v"), ".")
	gitMinor, _, _ = strings.Cut(gitMinor, ".")
}
