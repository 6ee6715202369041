package observe

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
)

// Documentation is what a cluster's API says of a kind (OpenAPI v3): its first paragraph. It is empty for a kind without one.
func Documentation(ctx context.Context, c *kube.Client, gvk schema.GroupVersionKind) (string, error) {
	path := "/openapi/v3/api/" + gvk.Version
	if gvk.Group != "" {
		path = "/openapi/v3/apis/" + gvk.Group + "/" + gvk.Version
	}
	answer, err := c.Raw(ctx, path)
	if err != nil {
		return "", err
	}
	if answer.Status != 200 {
		return "", fmt.Errorf("get %s: status %d", path, answer.Status)
	}
	// Of a document of megabytes only the schemas' descriptions are wanted.
	var document struct {
		Components struct {
			Schemas map[string]struct {
				Description string                    `json:"description"`
				Kinds       []schema.GroupVersionKind `json:"x-kubernetes-group-version-kind"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(answer.Body, &document); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	for _, s := range document.Components.Schemas {
		for _, k := range s.Kinds {
			if k == gvk {
				first, _, _ := strings.Cut(s.Description, "\n\n")
				return strings.Join(strings.Fields(first), " "), nil
			}
		}
	}
	return "", nil
}
