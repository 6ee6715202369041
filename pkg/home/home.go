// Package home knows where this program keeps its files. What the files hold is the business of
// the packages that write them.
package home

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Variable is the environment variable that names the folder outright.
const Variable = "KUBECTL_LEARN_HOME"

// Dir is the folder that holds all of this program's files.
type Dir string

// Find says which folder it is: $KUBECTL_LEARN_HOME, else kubectl-learn below $XDG_DATA_HOME, else
// below ~/.local/share. It makes nothing. getenv and userHome are os.Getenv and os.UserHomeDir.
func Find(getenv func(string) string, userHome func() (string, error)) (Dir, error) {
	if named := getenv(Variable); named != "" {
		return absolute(named)
	}
	// The XDG specification says that a relative value is to be ignored.
	if data := getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return Dir(filepath.Join(data, "kubectl-learn")), nil
	}
	user, err := userHome()
	if err != nil {
		return "", fmt.Errorf("find the home folder (set %s to name one): %w", Variable, err)
	}
	if user == "" {
		return "", errors.New("find the home folder: it is not set; set " + Variable)
	}
	return Dir(filepath.Join(user, ".local", "share", "kubectl-learn")), nil
}

func absolute(path string) (Dir, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("resolve %s: %w", Variable, err)
	}
	return Dir(abs), nil
}

// Make creates the folder, for its owner alone.
func (d Dir) Make() error {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	return nil
}

// Progress is the record of what the learner did.
func (d Dir) Progress() string { return filepath.Join(string(d), "progress.jsonl") }

// Clusters is the folder in which providers keep a folder a cluster.
func (d Dir) Clusters() string { return filepath.Join(string(d), "clusters") }

// ClusterNames are the names of all clusters that any provider keeps a record of, sorted.
func (d Dir) ClusterNames() []string {
	var names []string
	for _, record := range []string{"cluster.json", "adopted.json"} {
		found, err := filepath.Glob(filepath.Join(string(d), "*", "*", record))
		if err != nil { // a pattern of ours is not malformed
			continue
		}
		for _, file := range found {
			names = append(names, filepath.Base(filepath.Dir(file)))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Session is the folder of the lesson under way on a cluster.
func (d Dir) Session(cluster string) string { return filepath.Join(string(d), "session", cluster) }

// KubectlCache is where kubectl keeps what it remembers of API servers.
func (d Dir) KubectlCache() string { return filepath.Join(string(d), "kubectl-cache") }

// Used is the note of what was written into the user's own kubeconfig for a cluster.
func (d Dir) Used(cluster string) string { return filepath.Join(string(d), "used-"+cluster+".json") }
