package explain

// Map is the architecture as it is: what runs the cluster, its nodes, what runs where, what answers.
type Map struct {
	// Cluster, Provider and Version are not in a snapshot; who knows them fills them in.
	Cluster  string `json:"cluster,omitempty"`
	Provider string `json:"provider,omitempty"`
	Version  string `json:"version,omitempty"`
	// Namespace is the one whose Pods and Services are named; empty for all.
	Namespace string `json:"namespace,omitempty"`
	// ControlPlane is not in a snapshot either; Parts makes it of Vitals.
	ControlPlane []Component `json:"controlPlane,omitempty"`
	// Kernel is whose kernel Pods use, in a sentence.
	Kernel   string       `json:"kernel,omitempty"`
	Nodes    []NodePods   `json:"nodes"`
	Unplaced []PodDot     `json:"unplaced,omitempty"`
	Services []ServiceMap `json:"services,omitempty"`
	Policies []PolicyMap  `json:"policies,omitempty"`
	// Pods is how many there are, those of other namespaces included.
	Pods int `json:"pods"`
}

// Component is one part of the control plane.
type Component struct {
	Name string `json:"name"`
	// Does is what it is there for.
	Does   string `json:"does"`
	Health Health `json:"health"`
	// Evidence is how the health is known.
	Evidence string `json:"evidence"`
	// Away is what nobody does while it is away.
	Away string `json:"away,omitempty"`
}

// ServiceMap is one Service with the Pods that answer for it.
type ServiceMap struct {
	Namespace string   `json:"namespace,omitempty"`
	Name      string   `json:"name"`
	Type      string   `json:"type"`
	Ports     []string `json:"ports,omitempty"`
	// Answering are the Pods that requests are sent to, Silent those that match and get none.
	Answering []string `json:"answering,omitempty"`
	Silent    []string `json:"silent,omitempty"`
	// NoSelector says that it takes in no Pods by their labels.
	NoSelector bool `json:"noSelector,omitempty"`
	// AtRest is what would make its Pods and asks for none, kind/name.
	AtRest string `json:"atRest,omitempty"`
	Health Health `json:"health"`
}

// PolicyMap is one NetworkPolicy with the Pods that it selects.
type PolicyMap struct {
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	// Types are what it decides about: Ingress, Egress.
	Types    []string `json:"types"`
	Selected []string `json:"selected,omitempty"`
	// All says that it selects all Pods of its namespace, those to come included.
	All bool `json:"all,omitempty"`
}
