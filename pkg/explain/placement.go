package explain

// Placement is which Pod runs where.
type Placement struct {
	Nodes []NodePods `json:"nodes"`
	// Unplaced are the Pods that no node was chosen for.
	Unplaced []PodDot `json:"unplaced,omitempty"`
}

// NodePods is one node with the Pods on it.
type NodePods struct {
	Name   string `json:"name"`
	Role   string `json:"role"` // control-plane or worker
	Health Health `json:"health"`
	// Status is Ready, NotReady, or either with what else kubectl get nodes shows.
	Status string `json:"status"`
	// Why says why the node is not ready or takes no Pods.
	Why  string   `json:"why,omitempty"`
	Pods []PodDot `json:"pods,omitempty"`
	// Others is how many Pods stand on the node that were not asked about.
	Others int `json:"others,omitempty"`
	// Kubelet, Runtime and Kernel are the versions that run there; the Pods share the kernel.
	Kubelet string   `json:"kubelet,omitempty"`
	Runtime string   `json:"runtime,omitempty"`
	Kernel  string   `json:"kernel,omitempty"`
	CPU     Quantity `json:"cpu,omitzero"`
	Memory  Quantity `json:"memory,omitzero"`
}

// Quantity is how much of something was asked for by Pods, how much is used and how much there is: millicores of CPU,
// bytes of memory.
type Quantity struct {
	Asked int64 `json:"asked"`
	Has   int64 `json:"has"`
	// Used is zero where nothing measures it.
	Used int64 `json:"used,omitempty"`
}

// PodDot is one Pod in a picture.
type PodDot struct {
	// Namespace is empty where all are of one.
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	Status    string `json:"status"`
	Health    Health `json:"health"`
}
