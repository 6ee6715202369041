package sandbox

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// Version is that of the Kubernetes that is compiled in; a test compares it with go.mod.
const Version = "v1.37.2"

// ControlPlane names the process of the control plane, its log, and the node in the same process
// that stands for the machine that it runs on.
const ControlPlane = "control-plane"

// StorageDriver is the provisioner of the default StorageClass, and the CSI driver that its volumes name.
const StorageDriver = "folder.kubectl-learn.dev"

// Config is what a cluster is asked to be. Whoever changes it holds Layout.Lock.
type Config struct {
	Name    string    `json:"name"`
	Version string    `json:"version"`
	State   State     `json:"state"`
	Created time.Time `json:"created"`
	Started time.Time `json:"started,omitzero"`
	// Port is the API server's, on 127.0.0.1.
	Port  int    `json:"port"`
	Nodes []Node `json:"nodes"`
}

// State is what was last asked of the cluster, not how it is.
type State string

const (
	Creating State = "creating"
	Running  State = "running"
	Stopped  State = "stopped"
	Deleting State = "deleting"
)

// Node is one practice node.
type Node struct {
	Name string `json:"name"`
	// Index is the node's number: 0 is the control plane node. It is never used twice in a cluster.
	Index int `json:"index"`
	// Stopped is true while the node is to stay away.
	Stopped bool `json:"stopped,omitempty"`
	// Removing is true from the moment when its removal began.
	Removing bool `json:"removing,omitempty"`
}

// ControlPlane says that the node stands for the one that carries the control plane.
func (n Node) ControlPlane() bool { return n.Index == 0 }

// IP is the node's address, which only the cluster's own network knows.
func (n Node) IP() string { return fmt.Sprintf("172.18.0.%d", 2+n.Index) }

// PodCIDR is the range of the addresses of the node's Pods.
func (n Node) PodCIDR() string { return fmt.Sprintf("10.244.%d.0/24", n.Index) }

// Server is the API server's address.
func (c *Config) Server() string { return fmt.Sprintf("https://127.0.0.1:%d", c.Port) }

// Node finds a node by name.
func (c *Config) Node(name string) (*Node, bool) {
	for i := range c.Nodes {
		if c.Nodes[i].Name == name {
			return &c.Nodes[i], true
		}
	}
	return nil, false
}

// ReadConfig reads a cluster's Config. The error wraps fs.ErrNotExist where there is none.
func ReadConfig(l Layout) (*Config, error) {
	b, err := os.ReadFile(l.Config())
	if err != nil {
		return nil, fmt.Errorf("read cluster: %w", err)
	}
	var c Config
	if err := json.Unmarshal(b, &c); err != nil {
		return nil, fmt.Errorf("read cluster: %s: %w", l.Config(), err)
	}
	return &c, nil
}

// Write replaces the cluster's Config whole, or leaves it as it was.
func (c *Config) Write(l Layout) error {
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("write cluster: %w", err)
	}
	tmp := l.Config() + ".new"
	if err := os.WriteFile(tmp, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("write cluster: %w", err)
	}
	if err := os.Rename(tmp, l.Config()); err != nil {
		return fmt.Errorf("write cluster: %w", err)
	}
	return nil
}
