// Package container says what a practice node tells a container's process about the container
// that it is. The node (package runtime) writes a Spec, the process (package program) reads it.
package container

// Spec is everything that a container's process may know. The process gets it as a JSON file whose
// path is its only argument; its own environment is empty but for what the operating system needs.
type Spec struct {
	// ID is the container's ID, 64 hexadecimal digits.
	ID string `json:"id"`
	// Namespace, Pod and Name are the Kubernetes names of the container.
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	Name      string `json:"name"`
	Hostname  string `json:"hostname"`
	// Image is the reference as the Pod wrote it, for example nginx:1.29.
	Image string `json:"image"`
	// Args is the whole command line, program first: entrypoint and arguments put together.
	Args []string `json:"args"`
	// Env is exactly the environment that the program sees, KEY=value.
	Env []string `json:"env"`
	// Dir is the working directory, a path in the container.
	Dir string `json:"dir"`
	// Root is the host folder that is the container's root file system.
	Root string `json:"root"`
	// User is whom the container's programs run as, as they see it.
	User User `json:"user"`
	// Sysctls are the kernel settings that the Pod asks for, as /proc/sys is to show them.
	Sysctls map[string]string `json:"sysctls,omitempty"`
	// OOMScore is what the kubelet asks the kernel to add to the container's badness when memory runs out.
	OOMScore int64 `json:"oomScore,omitempty"`
	// ReadOnlyRoot refuses writes outside of mounts.
	ReadOnlyRoot bool    `json:"readOnlyRoot,omitempty"`
	Mounts       []Mount `json:"mounts,omitempty"`
	PodIP        string  `json:"podIP"`
	// NodeName is the node that the container runs on.
	NodeName string `json:"nodeName"`
	// Net is the host folder in which this Pod's listening sockets stand: <port>.sock.
	Net string `json:"net"`
	// Proxy is the host path of the Pod's own socket of its node's proxy (package podnet has the protocol).
	Proxy string `json:"proxy"`
	// NodeKey is what tickets of the node are checked with (podnet.Gate's Key). Where it is empty, none
	// are asked for.
	NodeKey string `json:"nodeKey,omitempty"`
	// Control is the host path of the node's control socket. The process holds a connection to it
	// for as long as it lives and exits when that closes.
	Control string `json:"control"`
	// NativeFile is the host path of this description as a native program reads it.
	NativeFile string `json:"nativeFile,omitempty"`
	// Program is the host path of the program of practice containers, for a native program that starts
	// one of the container's others.
	Program string `json:"program,omitempty"`
	// Kubectl is the host path of the program that is kubectl under the name role.Kubectl; empty where
	// the node has none.
	Kubectl string `json:"kubectl,omitempty"`
	// Procs is a host folder for the container's process table: a file a process, named by its
	// process ID within the container (1 is the main process), holding JSON {"pid":…,"args":[…]}.
	Procs string `json:"procs"`
	// Joined is true where Procs is not the container's alone: its main process is not process 1.
	Joined bool `json:"joined,omitempty"`
	// Exec is true for a process that joined by kubectl exec or an exec probe.
	Exec bool `json:"exec,omitempty"`
	// Terminal is true for an exec (or a main process) that has a terminal: standard input and
	// output then speak to a terminal at the far end, in raw mode, without a pty in between.
	Terminal bool `json:"terminal,omitempty"`
	// Window is what the process calls its terminal on the connection of Control, on which the node tells of its
	// size.
	Window string `json:"window,omitempty"`
	// Stdin says that standard input is connected.
	Stdin bool `json:"stdin,omitempty"`
}

// Mount is one volume or file that the node put into the container.
type Mount struct {
	// Path is where it stands in the container.
	Path string `json:"path"`
	// Source is the host path, a folder or a single file.
	Source   string `json:"source"`
	ReadOnly bool   `json:"readOnly,omitempty"`
	// Type is the type of the file system that it calls itself: tmpfs, or empty for the node's disk.
	Type string `json:"type,omitempty"`
	// Size is that of the file system, in bytes, where it was given one.
	Size int64 `json:"size,omitempty"`
}

// User is a user with the groups that it is in, as numbers. The zero value is root.
type User struct {
	UID    int64   `json:"uid,omitempty"`
	GID    int64   `json:"gid,omitempty"`
	Groups []int64 `json:"groups,omitempty"`
}
