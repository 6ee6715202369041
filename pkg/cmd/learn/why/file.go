package why

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"

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
	var manifests []explain.Manifest
	for i := 1; ; i++ {
		u := &unstructured.Unstructured{}
		err := text.Decode(&u.Object)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", o.File, err)
		}
		if len(u.Object) == 0 {
			continue
		}
		gvk := u.GroupVersionKind()
		if gvk.Kind == "" || gvk.Version == "" {
			return fmt.Errorf("read %s: object %d has no apiVersion or no kind", o.File, i)
		}
		served, err := s.Client.VersionsOf(gvk.Kind)
		if err != nil {
			return err
		}
		manifests = append(manifests, explain.Manifest{Where: fmt.Sprintf("%s[%d]", filepath.Base(o.File), i), GVK: gvk, Name: u.GetName(), Served: served})
	}
	return o.tell(explain.Versions(manifests), &snapshot.Snapshot{}, false)
}

// read opens the manifest; "-" is standard input.
func (o *Options) read() (*yaml.YAMLOrJSONDecoder, error) {
	var data []byte
	var err error
	if o.File == "-" {
		data, err = io.ReadAll(o.In)
	} else {
		data, err = os.ReadFile(o.File)
	}
	if err != nil {
		return nil, fmt.Errorf("read the manifest: %w", err)
	}
	return yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096), nil
}
