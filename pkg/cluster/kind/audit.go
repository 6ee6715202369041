package kind

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
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
	if err := h.fetchAudit(ctx); err != nil {
		return "", fmt.Errorf("read audit log of cluster %s: %w", h.record.Name, err)
	}
	return h.folder.audit(), nil
}

func (h *Handle) fetchAudit(ctx context.Context) error {
	f, err := os.OpenFile(h.folder.audit(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	have, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	more, size, err := h.auditAfter(ctx, have)
	if err != nil {
		return err
	}
	if size < have {
		// The API server put its log aside and began a new one. Ours is put aside likewise, as package observe finds it.
		aside := strings.TrimSuffix(h.folder.audit(), ".log") + "-" + time.Now().UTC().Format("2006-01-02T15-04-05.000") + ".log"
		if err := os.Rename(h.folder.audit(), aside); err != nil {
			return err
		}
		if more, _, err = h.auditAfter(ctx, 0); err != nil {
			return err
		}
		return os.WriteFile(h.folder.audit(), more, 0o600)
	}
	_, err = f.Write(more)
	return err
}

// auditAfter is what the log on the node holds after so many bytes, and how long it is.
func (h *Handle) auditAfter(ctx context.Context, have int64) ([]byte, int64, error) {
	n, err := h.kindNode(h.record.Nodes[0].Name)
	if err != nil {
		return nil, 0, err
	}
	var out bytes.Buffer
	script := fmt.Sprintf("stat -c %%s %s && tail -c +%d %s", auditLog, have+1, auditLog)
	if err := output(ctx, n, &out, "sh", "-c", script); err != nil {
		return nil, 0, err
	}
	line, err := out.ReadString('\n')
	if err != nil {
		return nil, 0, errors.New("its size is not told")
	}
	size, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
	if err != nil {
		return nil, 0, fmt.Errorf("its size: %w", err)
	}
	return out.Bytes(), size, nil
}
