package node

import _ "unsafe" // for go:linkname

//go:linkname inUserNS github.com/moby/sys/userns.inUserNS
var inUserNS func() bool

// withoutKernelLog keeps the kubelet from reading the kernel's log for out-of-memory kills, which
// needs root: it does without in a user namespace, and that is what it is told here.
func withoutKernelLog() { inUserNS = func() bool { return true } }
