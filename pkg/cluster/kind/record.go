package kind

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/home"
)

// record is what is known of a cluster, and the receipt for its containers. Whoever changes it holds
// the cluster's lock.
type record struct {
	Name    string        `json:"name"`
	Engine  string        `json:"engine"`
	State   cluster.State `json:"state"`
	Created time.Time     `json:"created"`
	Started time.Time     `json:"started,omitzero"`
	Version string        `json:"version"`
	Image   string        `json:"image"`
	// Server is the API server's address.
	Server string `json:"server"`
	// Config is what kind was given, and Archives the images for its nodes: a cluster that is half
	// made is made anew from them.
	Config   string   `json:"config"`
	Archives []string `json:"archives,omitempty"`
	// Begun is when kind was told to make the nodes; before that moment there were none. Zero before it
	// was told, and once all nodes are taken down.
	Begun time.Time `json:"begun,omitzero"`
	// Audit says that the API server keeps an audit log.
	Audit bool         `json:"audit"`
	Nodes []nodeRecord `json:"nodes"`
}

// nodeRecord is one node. Its container's ID is the proof that it is ours.
type nodeRecord struct {
	Name         string `json:"name"`
	Container    string `json:"container"`
	ControlPlane bool   `json:"controlPlane,omitempty"`
	// Balancer is true for the container that spreads requests over several control planes. It is
	// stopped and started with the others, and is no node of the cluster.
	Balancer bool `json:"balancer,omitempty"`
	// Stopped is true while the node is to stay away.
	Stopped bool `json:"stopped,omitempty"`
}

// folder is where a cluster's files are.
type folder string

func (f folder) record() string     { return filepath.Join(string(f), "cluster.json") }
func (f folder) lock() string       { return filepath.Join(string(f), "lock") }
func (f folder) kubeconfig() string { return filepath.Join(string(f), "kubeconfig") }
func (f folder) audit() string      { return filepath.Join(string(f), "audit.log") }
func (f folder) log() string        { return filepath.Join(string(f), "create.log") }

// read reads a cluster's record; the error wraps fs.ErrNotExist where there is none.
func (f folder) read() (*record, error) {
	b, err := os.ReadFile(f.record())
	if err != nil {
		return nil, fmt.Errorf("read cluster: %w", err)
	}
	var r record
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("read cluster: %s: %w", f.record(), err)
	}
	return &r, nil
}

// write replaces the record in one move, so that a kill leaves the old or the new one.
func (f folder) write(r *record) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write cluster: %w", err)
	}
	if err := home.ReplaceFile(f.record(), append(b, '\n')); err != nil {
		return fmt.Errorf("write cluster: %w", err)
	}
	return nil
}

// leave removes the folder of a cluster that came to nothing, unless there is something to read in it.
func (f folder) leave() {
	if entries, err := os.ReadDir(string(f)); err == nil && len(entries) == 1 {
		_ = os.Remove(f.lock())
		_ = os.Remove(string(f))
	}
}

// keep takes down which containers are ours.
func (r *record) keep(nodes []node) {
	r.Nodes = nil
	for _, n := range nodes {
		r.Nodes = append(r.Nodes, nodeRecord{Name: n.Name, Container: n.ID, ControlPlane: n.Role == controlPlane, Balancer: n.Role == balancer})
	}
}

// ours says whether we made a container of the cluster's name: it is one of those that were taken
// down, or, while the cluster is being made and not all may be known yet, no older than the making.
func (r *record) ours(n node) bool {
	if !r.Begun.IsZero() && !n.Created.Before(r.Begun) {
		return true
	}
	return slices.ContainsFunc(r.Nodes, func(o nodeRecord) bool { return o.Container == n.ID })
}

// strangers are the containers of that cluster's name that we did not make.
func (r *record) strangers(nodes []node) (names []string) {
	for _, n := range nodes {
		if !r.ours(n) {
			names = append(names, n.Name)
		}
	}
	return names
}

func (r *record) node(name string) *nodeRecord {
	for i := range r.Nodes {
		if r.Nodes[i].Name == name {
			return &r.Nodes[i]
		}
	}
	return nil
}

// names are the cluster's nodes.
func (r *record) names() (names []string) {
	for _, n := range r.Nodes {
		if !n.Balancer {
			names = append(names, n.Name)
		}
	}
	return names
}

// byName sorts as kind counts: worker, worker2, worker10.
func byName(nodes []node) {
	slices.SortFunc(nodes, func(a, b node) int {
		if len(a.Name) != len(b.Name) {
			return len(a.Name) - len(b.Name)
		}
		return strings.Compare(a.Name, b.Name)
	})
}
