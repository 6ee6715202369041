package task

// What programs are told about the computer that they run on: the size that a practice node declares
// to Kubernetes (package node), never the host's.
const (
	NodeCPUs   = 2
	NodeMemory = 4 << 30  // bytes
	NodeDisk   = 20 << 30 // bytes
	// KernelRelease is what uname -r says.
	KernelRelease = "6.1.0-practice"
)
