package kind

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"sigs.k8s.io/kind/pkg/cluster/nodes"
)

// AuditLog implements cluster.Auditor: what the log on the control plane's node has that our copy
// has not is brought over.
func (h *Handle) AuditLog(ctx context.Context) (string, error) {
	if !h.record.Audit {
		return "", nil
	}
	lock := flock.New(h.folder.audit()+".lock", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 10*time.Millisecond); err != nil {
		return "", fmt.Errorf("read audit log: %w", err)
	}
	defer lock.Close()
	n, err := h.kindNode(h.record.Nodes[0].Name)
	if err != nil {
		return "", err
	}
	if err := fetchAudit(ctx, n, h.folder); err != nil {
		return "", fmt.Errorf("read audit log of cluster %s: %w", h.record.Name, err)
	}
	return h.folder.audit(), nil
}

// fetchAudit adds to our copy what it lacks.
func fetchAudit(ctx context.Context, n nodes.Node, f folder) error {
	have := int64(0)
	if info, err := os.Stat(f.audit()); err == nil {
		have = info.Size()
	}
	size, more, err := tail(ctx, n, "stat -c %s "+auditLog, auditLog, have)
	if err != nil {
		return err
	}
	if length, err := strconv.ParseInt(size, 10, 64); err != nil {
		return fmt.Errorf("its size: %w", err)
	} else if length >= have {
		return appendTo(f.audit(), more)
	}
	if err := putAside(ctx, n, f, have); err != nil {
		return err
	}
	return fetchAudit(ctx, n, f)
}

// putAside does with our copy what the API server did with its log: it gets the time in its name, by
// which package observe finds it. One such is kept.
func putAside(ctx context.Context, n nodes.Node, f folder, have int64) error {
	const newest = "$(ls -t " + logFolder + "/audit-*.log | head -n 1)"
	name, more, err := tail(ctx, n, "basename "+newest, newest, have)
	if err != nil {
		return err
	}
	if err := appendTo(f.audit(), more); err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(string(f), "audit-*.log"))
	if err != nil {
		return err
	}
	for _, file := range old {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	return os.Rename(f.audit(), filepath.Join(string(f), filepath.Base(name)))
}

// tail is what a command on a node says in its first line, and what a file there holds after so many bytes.
func tail(ctx context.Context, n nodes.Node, first, file string, after int64) (string, []byte, error) {
	var out bytes.Buffer
	if err := output(ctx, n, &out, "sh", "-c", fmt.Sprintf("%s && tail -c +%d %s", first, after+1, file)); err != nil {
		return "", nil, err
	}
	line, err := out.ReadString('\n')
	if err != nil {
		return "", nil, errors.New("the node said nothing of it")
	}
	return strings.TrimSpace(line), out.Bytes(), nil
}

func appendTo(file string, b []byte) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}
