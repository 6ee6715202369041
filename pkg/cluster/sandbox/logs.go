package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
)

// Parts implements cluster.LogReader.
func (h *Handle) Parts() []string {
	var parts []string
	for _, n := range h.config.Nodes {
		parts = append(parts, n.Name)
	}
	return parts
}

// ExportLogs implements cluster.LogExporter: the logs of all parts, and the audit log.
func (h *Handle) ExportLogs(_ context.Context, dir string, p cluster.Progress) (err error) {
	done := p.Stage("logs to " + dir)
	defer func() { done(err) }()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("export logs: %w", err)
	}
	if err := os.CopyFS(dir, os.DirFS(h.layout.Logs())); err != nil {
		return fmt.Errorf("export logs to %s: %w; name a folder that is empty or not there", dir, err)
	}
	return nil
}

// Logs implements cluster.LogReader.
func (h *Handle) Logs(ctx context.Context, part string, follow bool, w io.Writer) error {
	if !slices.Contains(h.Parts(), part) {
		return fmt.Errorf("cluster %s has no part %q; it has %s", h.config.Name, part, strings.Join(h.Parts(), ", "))
	}
	f, err := os.Open(h.layout.Log(part))
	if err != nil {
		return fmt.Errorf("read log of %s: %w", part, err)
	}
	defer f.Close()
	if _, err := io.Copy(w, f); err != nil || !follow {
		return err
	}
	// A file has no news to wait for that works the same on every system.
	err = wait.PollUntilContextCancel(ctx, 200*time.Millisecond, false, func(context.Context) (bool, error) {
		_, err := io.Copy(w, f)
		return false, err
	})
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
