package why

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// file looks at the API versions that a manifest names; nothing is sent but questions about what the server serves.
func (o *Options) file(s *cmd.Sight) error {
	text, err := o.read()
	if err != nil {
		return err
	}
	served, err := s.Client.Served()
	if err != nil {
		return err
	}
	name := filepath.Base(o.File)
	if o.File == "-" {
		name = "stdin"
	}
	return o.tell(explain.Versions(manifests(name, text), served), &snapshot.Snapshot{}, false)
}

// read reads the manifest; "-" is standard input.
func (o *Options) read() (string, error) {
	var data []byte
	var err error
	if o.File == "-" {
		data, err = io.ReadAll(o.In)
	} else {
		data, err = os.ReadFile(o.File)
	}
	if err != nil {
		return "", fmt.Errorf("read the manifest: %w", err)
	}
	return string(data), nil
}

// document is a part of a file between two lines of ---, and the number of its first line that says something.
type document struct {
	text string
	line int
}

// documents takes a file apart.
func documents(text string) []document {
	var all []document
	var d document
	flush := func() {
		if d.line > 0 {
			d.text = strings.TrimRight(d.text, "\n") + "\n"
			all = append(all, d)
		}
		d = document{}
	}
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimRight(line, "\r"); line == "---" || strings.HasPrefix(line, "--- ") {
			flush()
			continue
		}
		said := strings.TrimSpace(line)
		if d.line == 0 && (said == "" || strings.HasPrefix(said, "#") || strings.HasPrefix(said, "%")) {
			continue
		}
		if d.line == 0 {
			d.line = i + 1
		}
		d.text += line + "\n"
	}
	flush()
	return all
}

// manifests are the objects of a file, those of lists each for itself.
func manifests(file, text string) []explain.Manifest {
	var all []explain.Manifest
	for _, d := range documents(text) {
		u := &unstructured.Unstructured{}
		m := explain.Manifest{Where: fmt.Sprintf("%s:%d", file, d.line)}
		if err := yaml.Unmarshal([]byte(d.text), &u.Object); err != nil {
			m.Where, m.Wrong = wrongAt(file, d, err)
			all = append(all, m)
			continue
		}
		if items, _, _ := unstructured.NestedSlice(u.Object, "items"); u.GetKind() == "List" {
			for i, item := range items {
				content, _ := item.(map[string]any)
				all = append(all, manifest(fmt.Sprintf("%s items[%d]", m.Where, i), &unstructured.Unstructured{Object: content}))
			}
			continue
		}
		if len(u.Object) > 0 {
			all = append(all, manifest(m.Where, u))
		}
	}
	return all
}

// manifest is an object, with what it lacks to be one.
func manifest(where string, u *unstructured.Unstructured) explain.Manifest {
	m := explain.Manifest{Where: where, GVK: u.GroupVersionKind(), Name: u.GetName()}
	switch {
	case m.GVK.Kind == "" && m.GVK.Version == "":
		m.Wrong = "it has no apiVersion and no kind"
	case m.GVK.Version == "":
		m.Wrong = fmt.Sprintf("it is of kind %s and has no apiVersion", m.GVK.Kind)
	case m.GVK.Kind == "":
		m.Wrong = fmt.Sprintf("it has apiVersion %s and no kind", m.GVK.GroupVersion())
	}
	return m
}

// lineOf is how package yaml tells at which line of a document it gave up.
var lineOf = regexp.MustCompile(`\bline (\d+): `)

// wrongAt says what is wrong in a document that can't be read, and at which line of the file.
func wrongAt(file string, d document, err error) (where, wrong string) {
	wrong = strings.TrimPrefix(strings.TrimPrefix(err.Error(), "error converting YAML to JSON: "), "yaml: ")
	line := d.line
	if m := lineOf.FindStringSubmatch(wrong); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = d.line + min(n, strings.Count(d.text, "\n")) - 1 // what is missing at the end is told of the line after
		}
		wrong = strings.Replace(wrong, m[0], "", 1)
	}
	return fmt.Sprintf("%s:%d", file, line), wrong
}
