package kind

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cluster/live"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

//go:embed metrics-server.yaml
var metricsManifest string

const (
	metricsRepository = "registry.k8s.io/metrics-server/metrics-server"
	// metricsImage is pinned by the digest of its index of all machines' images.
	metricsImage = metricsRepository + ":v0.8.0@sha256:89258156d0e9af60403eafd44da9676fd66f600c7934d468ccc17e42b199aee2"
	// metricsWithin covers the image's download.
	metricsWithin = 5 * time.Minute
	// figuresLook is how often it is asked for the first figures, which come after two readings.
	figuresLook = time.Second
)

// InstallMetrics implements cluster.MetricsInstaller.
func (h *Handle) InstallMetrics(ctx context.Context, p cluster.Progress) (err error) {
	client, err := h.client()
	if err != nil {
		return err
	}
	figures := func(ctx context.Context) (bool, error) {
		b, err := client.Discovery().RESTClient().Get().AbsPath("/apis/metrics.k8s.io/v1beta1/nodes").DoRaw(ctx)
		return err == nil && bytes.Contains(b, []byte(`"usage"`)), nil
	}
	if there, _ := figures(ctx); there {
		return nil
	}
	done := p.Stage("metrics-server")
	defer func() { done(err) }()
	image, err := h.metricsImage(ctx)
	if err != nil {
		return err
	}
	if err := h.apply(ctx, strings.ReplaceAll(metricsManifest, "IMAGE", image)); err != nil {
		return fmt.Errorf("install metrics-server: %w", err)
	}
	err = within(ctx, metricsWithin, func(ctx context.Context) error {
		if err := live.WaitDeployment(ctx, client, "kube-system", "metrics-server"); err != nil {
			return err
		}
		return wait.PollUntilContextCancel(ctx, figuresLook, true, figures)
	})
	if err != nil {
		return fmt.Errorf("wait for metrics-server: %w; without internet, load its image first: "+plugin.Command+" cluster load-images FILE", err)
	}
	return nil
}

// metricsImage is one that the control plane's node has already, from an archive, or the pinned one.
func (h *Handle) metricsImage(ctx context.Context) (string, error) {
	n, err := h.kindNode(h.record.Nodes[0].Name)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	if err := output(ctx, n, &out, "ctr", "--namespace=k8s.io", "images", "ls", "-q"); err != nil {
		return "", fmt.Errorf("list images of node %s: %w", n, err)
	}
	for name := range strings.Lines(out.String()) {
		if name = strings.TrimSpace(name); strings.HasPrefix(name, metricsRepository+":") && !strings.Contains(name, "@") {
			return name, nil
		}
	}
	return metricsImage, nil
}

// apply applies manifests as ours.
func (h *Handle) apply(ctx context.Context, manifests string) error {
	config, err := h.config()
	if err != nil {
		return err
	}
	client, err := kube.New(config, "", h.Permit())
	if err != nil {
		return err
	}
	for documents := yaml.NewYAMLOrJSONDecoder(strings.NewReader(manifests), 4096); ; {
		var o unstructured.Unstructured
		if err := documents.Decode(&o.Object); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if _, err := client.Apply(ctx, "", &o); err != nil {
			return err
		}
	}
}
