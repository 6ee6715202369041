package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"
)

// scenario is how a state of a cluster comes about that why is to explain. Package explain's tests read what is wanted of
// the answer from the same file.
type scenario struct {
	name, dir string
	// That says in a sentence what is the case.
	That string `json:"that"`
	// Target is what is asked about; empty for the whole namespace.
	Target string `json:"target,omitempty"`
	// As is who asks.
	As    string `json:"as,omitempty"`
	Steps []step `json:"steps"`
	// Alone is recorded while nothing else is, since nodes are changed. Undo is a kubectl command, After one of ours.
	Alone bool   `json:"alone,omitempty"`
	Undo  string `json:"undo,omitempty"`
	After string `json:"after,omitempty"`
	// Cleanup is a kubectl command before the namespace is deleted.
	Cleanup string `json:"cleanup,omitempty"`
	// Cluster says that objects are made that belong to no namespace: those that the steps apply are deleted by name.
	Cluster bool `json:"cluster,omitempty"`

	Healthy bool `json:"healthy,omitempty"`
	Want    any  `json:"want,omitempty"`
}

// step is one of: objects to apply, a kubectl command, a command of ours, or what to wait for.
type step struct {
	Apply   string      `json:"apply,omitempty"`
	Kubectl string      `json:"kubectl,omitempty"`
	Learn   string      `json:"learn,omitempty"`
	Until   []condition `json:"until,omitempty"`
}

// condition holds when as many objects of a query as Count says (by default one) are as described.
type condition struct {
	Of string `json:"of"`
	// Has are texts in the object's JSON.
	Has   []string `json:"has,omitempty"`
	Count int      `json:"count,omitempty"`
	// Exactly says that there are no more.
	Exactly bool `json:"exactly,omitempty"`
	// Older, Deleted and Running are seconds since the object was made or deleted, or a container of it began.
	Older   int `json:"older,omitempty"`
	Deleted int `json:"deleted,omitempty"`
	Running int `json:"running,omitempty"`
}

// load reads the scenarios of a folder whose names match, with $NS filled in.
func load(folder string, names *regexp.Regexp) ([]scenario, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*", "scenario.yaml"))
	if err != nil {
		return nil, err
	}
	var all []scenario
	for _, file := range files {
		s := scenario{dir: filepath.Dir(file), name: filepath.Base(filepath.Dir(file))}
		if !names.MatchString(s.name) {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		filled := strings.ReplaceAll(string(text), "$NS", s.namespace())
		if err := yaml.UnmarshalStrict([]byte(filled), &s); err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		all = append(all, s)
	}
	return all, nil
}

func (s scenario) namespace() string { return "why-" + s.name }
