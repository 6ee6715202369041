package kind

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	kindcluster "sigs.k8s.io/kind/pkg/cluster"
	kinderrors "sigs.k8s.io/kind/pkg/errors"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
)

// components are the control plane's parts, each a static Pod on its node.
var components = []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"}

// Parts implements cluster.LogReader.
func (h *Handle) Parts() []string { return append(slices.Clone(components), h.record.names()...) }

// Logs implements cluster.LogReader: of a node, what its kubelet and its containerd say.
func (h *Handle) Logs(ctx context.Context, part string, follow bool, w io.Writer) error {
	on, command := part, []string{"journalctl", "--no-pager", "--output=cat", "-u", "kubelet", "-u", "containerd"}
	if follow {
		command = append(command, "--follow", "--no-tail")
	}
	if slices.Contains(components, part) {
		tail := "tail -n +1"
		if follow {
			tail += " -F"
		}
		on, command = h.record.Nodes[0].Name, []string{"sh", "-c", fmt.Sprintf("exec %s /var/log/containers/%s-*.log", tail, part)}
	}
	n, err := h.kindNode(on)
	if err != nil {
		return fmt.Errorf("read log of %s: %w; it has %s", part, err, strings.Join(h.Parts(), ", "))
	}
	if err := output(ctx, n, w, command[0], command[1:]...); err != nil && ctx.Err() == nil {
		return fmt.Errorf("read log of %s: %w", part, err)
	}
	return nil
}

// ExportLogs implements cluster.LogExporter.
func (h *Handle) ExportLogs(_ context.Context, dir string, p cluster.Progress) (err error) {
	done := p.Stage("logs of all nodes to " + dir)
	defer func() { done(err) }()
	err = kindcluster.NewProvider(h.engine.option).CollectLogs(h.record.Name, dir)
	if _, none := os.Stat(filepath.Join(dir, h.record.Nodes[0].Name, "kubelet.log")); err != nil && none != nil {
		return fmt.Errorf("export logs of cluster %s: %w", h.record.Name, said(err))
	}
	// kind asks for more than each node image can tell.
	for _, e := range kinderrors.Errors(err) {
		p.Note("Left out: %v", e)
	}
	return nil
}
