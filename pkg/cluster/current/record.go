package current

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/home"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// record is a user's consent, as the file adopted.json keeps it: to which cluster, and to what.
type record struct {
	Name string `json:"name"`
	// Files and Context are where the user's own kubeconfig says how to reach the cluster.
	Files   []string `json:"files"`
	Context string   `json:"context"`
	Server  string   `json:"server"`
	Version string   `json:"version"`
	// Identity is what the cluster was known by when the user said yes.
	Identity cluster.Identity `json:"identity"`
	// Namespace is the one that lessons use; empty: one of their own each. Kept is what was in it.
	Namespace    string      `json:"namespace,omitempty"`
	NamespaceUID types.UID   `json:"namespaceUID,omitempty"`
	Kept         []types.UID `json:"kept,omitempty"`
	Learner      string      `json:"learner"`
	Adopted      time.Time   `json:"adopted"`
	// Nodes and Capabilities are as they were then, for when the cluster does not answer.
	Nodes        []string             `json:"nodes"`
	Capabilities cluster.Capabilities `json:"capabilities"`
}

// shared says that lessons use a namespace which was there before.
func (r *record) shared() bool { return r.Namespace != "" }

// folder is where everything about one adopted cluster is kept.
type folder string

func (f folder) record() string     { return filepath.Join(string(f), "adopted.json") }
func (f folder) kubeconfig() string { return filepath.Join(string(f), "kubeconfig") }
func (f folder) receipts() string   { return filepath.Join(string(f), "receipts.jsonl") }
func (f folder) learner(namespace string) string {
	return filepath.Join(string(f), "learner-"+namespace+".kubeconfig")
}

// read is cluster.ErrNotFound where there is no record.
func (f folder) read() (*record, error) {
	data, err := os.ReadFile(f.record())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, cluster.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read the record of an adopted cluster: %w", err)
	}
	var r record
	if err := json.Unmarshal(data, &r); err != nil || r.Identity.UID == "" {
		return nil, fmt.Errorf("read %s: it is damaged; adopt the cluster again after "+plugin.Command+" cluster forget --leave-behind", f.record())
	}
	return &r, nil
}

// stands is an error unless the consent is still the one that was read before.
func (f folder) stands(r *record) error {
	now, err := f.read()
	if errors.Is(err, cluster.ErrNotFound) {
		return fmt.Errorf("your yes to cluster %s was taken back. To give it again: "+plugin.Command+" cluster adopt", r.Name)
	}
	if err != nil {
		return err
	}
	was, _ := json.Marshal(r)
	if is, _ := json.Marshal(now); !bytes.Equal(was, is) {
		return fmt.Errorf("cluster %s was forgotten and adopted again meanwhile: your yes now is to context %s at %s. Run the command again", r.Name, now.Context, now.Server)
	}
	return nil
}

func (f folder) write(r *record) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = home.ReplaceFile(f.record(), append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("keep the record of cluster %s: %w", r.Name, err)
	}
	return nil
}
