package current

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
)

// stage is how far a namespace has come.
type stage string

const (
	making stage = "making" // it is being made, and may be there already
	made   stage = "made"
	gone   stage = "gone"
)

// receipt is what is known of one namespace in which a lesson is. Each change of it is a line of
// the file, written before or right after what it tells of, so that a kill leaves nothing in doubt.
type receipt struct {
	At        time.Time `json:"at"`
	Stage     stage     `json:"stage"`
	Namespace string    `json:"namespace"`
	UID       types.UID `json:"uid,omitempty"`
	Lesson    string    `json:"lesson"`
	// Nonce stands in the namespace as well: it proves that one without a UID here is ours.
	Nonce string `json:"nonce,omitempty"`
	// Confined says that learners there have rights of their own, and not the user's.
	Confined bool `json:"confined,omitempty"`
	// Kept is what was there before the lesson, in a namespace that is not ours, and Equipment what
	// we made for ourselves in it.
	Kept      []types.UID    `json:"kept,omitempty"`
	Equipment []kube.Receipt `json:"equipment,omitempty"`
}

// ledger is the file of receipts of one cluster.
type ledger struct {
	path string
	// consent is asked before each line: without a yes nothing is made, and so there is nothing to keep.
	consent func() error
}

// open are the receipts of what is not gone, by namespace.
func (l ledger) open() (map[string]*receipt, error) {
	data, err := os.ReadFile(l.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read receipts: %w", err)
	}
	last := map[string]*receipt{}
	for line := range bytes.Lines(data) {
		var r receipt
		// A line that was cut off by a kill tells of nothing that happened.
		if json.Unmarshal(line, &r) != nil || r.Namespace == "" {
			continue
		}
		last[r.Namespace] = &r
		if r.Stage == gone {
			delete(last, r.Namespace)
		}
	}
	return last, nil
}

// of is the receipt of one namespace; nil where there is none.
func (l ledger) of(namespace string) (*receipt, error) {
	all, err := l.open()
	return all[namespace], err
}

// names are the namespaces that are not gone, sorted.
func (l ledger) names() ([]string, error) {
	all, err := l.open()
	if err != nil {
		return nil, err
	}
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// add appends a receipt, unless it says nothing new, and returns when it is on the disk.
func (l ledger) add(ctx context.Context, r receipt) error {
	last, err := l.of(r.Namespace)
	if err != nil {
		return err
	}
	was, _ := json.Marshal(last)
	if is, _ := json.Marshal(r); bytes.Equal(was, is) {
		return nil
	}
	if err := l.append(ctx, r); err != nil {
		return fmt.Errorf("keep the receipt of namespace %s: %w", r.Namespace, err)
	}
	return nil
}

func (l ledger) append(ctx context.Context, r receipt) (err error) {
	if err := l.consent(); err != nil {
		return err
	}
	lock := flock.New(l.path+".lock", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return err
	}
	defer lock.Close()
	if err := l.consent(); err != nil { // it may have been waited for
		return err
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	text := string(line) + "\n"
	if torn(f) {
		text = "\n" + text
	}
	if _, err := strings.NewReader(text).WriteTo(f); err != nil {
		return err
	}
	return f.Sync()
}

// torn says that the file's last line was not written to its end.
func torn(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false
	}
	last := make([]byte, 1)
	_, err = f.ReadAt(last, info.Size()-1)
	return err == nil && last[0] != '\n'
}
