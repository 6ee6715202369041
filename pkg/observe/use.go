package observe

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
)

// Use is how much of a node is used: millicores of CPU, bytes of memory.
type Use struct{ CPU, Memory int64 }

// NodeUse reads what metrics.k8s.io measured of the nodes, by name. A cluster without it has none, which is no error.
func NodeUse(ctx context.Context, c *kube.Client) (map[string]Use, error) {
	answer, err := c.Raw(ctx, "/apis/metrics.k8s.io/v1beta1/nodes")
	if err != nil || answer.Status != 200 {
		return nil, err
	}
	var list struct {
		Items []struct {
			Metadata struct{ Name string }
			Usage    struct{ CPU, Memory resource.Quantity }
		}
	}
	if err := json.Unmarshal(answer.Body, &list); err != nil {
		return nil, fmt.Errorf("read the metrics of nodes: %w", err)
	}
	use := map[string]Use{}
	for _, n := range list.Items {
		use[n.Metadata.Name] = Use{n.Usage.CPU.MilliValue(), n.Usage.Memory.Value()}
	}
	return use, nil
}
