package current

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
)

// nonceNote is the annotation that holds a receipt's nonce.
const nonceNote = "kubectl-learn.dev/receipt"

// permit is the consent of one user, held against each write: it must be the cluster that they said
// yes to, and one of the lessons' namespaces in it. What the answers were is remembered for as long
// as the process lives, which is a command.
type permit struct {
	record *record
	ledger ledger
	reader *kube.Client

	mu    sync.Mutex
	known bool
	// spaces are the namespaces that were seen to be those of the receipts.
	spaces map[string]types.UID
}

var _ kube.Permit = (*permit)(nil)

func newPermit(r *record, l ledger, reader *kube.Client) *permit {
	return &permit{record: r, ledger: l, reader: reader, spaces: map[string]types.UID{}}
}

// Allow implements kube.Permit.
func (p *permit) Allow(ctx context.Context, w kube.Write) error {
	if err := p.verify(ctx); err != nil {
		return err
	}
	switch {
	case w.Resource == "namespaces" && w.Namespace == "":
		return p.namespace(w)
	case w.Namespace == "":
		return errors.New("in your own cluster only the lessons' namespaces may be changed, and this belongs to none of them")
	}
	return p.within(ctx, w.Namespace)
}

// verify asks the cluster who it is, once a process.
func (p *permit) verify(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known {
		return nil
	}
	want := p.record.Identity
	found, err := identify(ctx, p.reader, want.Namespace)
	if err != nil {
		return fmt.Errorf("make sure that this is the cluster that you agreed to: %w", err)
	}
	if found != want.UID {
		return &moved{record: p.record, found: found}
	}
	p.known = true
	return nil
}

// identify is the UID of a namespace; empty where there is none.
func identify(ctx context.Context, c *kube.Client, namespace string) (types.UID, error) {
	found, err := c.Dynamic().Resource(namespaces()).Get(ctx, namespace, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read namespace %s: %w", namespace, err)
	}
	return found.GetUID(), nil
}

func namespaces() schema.GroupVersionResource {
	return schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
}

// moved says that a context leads to another cluster than the one that was agreed to.
type moved struct {
	record *record
	found  types.UID
}

func (e *moved) Error() string {
	found := "there is none now"
	if e.found != "" {
		found = "now it is " + string(e.found)
	}
	return fmt.Sprintf("context %s leads to another cluster than the one that you agreed to: the UID of its namespace %s was %s, %s. "+
		"Nothing was changed. To begin anew: kubectl learn cluster forget --name %s --leave-behind, then kubectl learn cluster adopt",
		e.record.Context, e.record.Identity.Namespace, e.record.Identity.UID, found, e.record.Name)
}

// namespace judges writes to namespaces themselves: one for which there is a receipt may be made,
// and deleted.
func (p *permit) namespace(w kube.Write) error {
	refused := fmt.Errorf("namespace %s was not made for a lesson", w.Name)
	if p.record.shared() || w.Subresource != "" {
		return refused
	}
	body, err := w.Body()
	if err != nil {
		return err
	}
	switch {
	case w.Method == http.MethodPost && w.Name == "":
		var o unstructured.Unstructured
		if err := json.Unmarshal(body, &o.Object); err != nil {
			return fmt.Errorf("read which namespace is to be made: %w", err)
		}
		r, err := p.ledger.of(o.GetName())
		if err != nil {
			return err
		}
		if r == nil || r.Stage != making || r.Nonce == "" || o.GetAnnotations()[nonceNote] != r.Nonce {
			return fmt.Errorf("there is no receipt for a namespace %s", o.GetName())
		}
		return nil
	case w.Method == http.MethodDelete && w.Name != "":
		var o metav1.DeleteOptions
		if err := json.Unmarshal(body, &o); err != nil {
			return fmt.Errorf("read which namespace is to be deleted: %w", err)
		}
		r, err := p.ledger.of(w.Name)
		if err != nil {
			return err
		}
		if r == nil || r.UID == "" || o.Preconditions == nil || o.Preconditions.UID == nil || *o.Preconditions.UID != r.UID {
			return refused
		}
		return nil
	}
	return refused
}

// within judges writes into a namespace: there is a receipt for it, and it is still the same one.
func (p *permit) within(ctx context.Context, namespace string) error {
	r, err := p.ledger.of(namespace)
	if err != nil {
		return err
	}
	if r == nil || r.UID == "" {
		return fmt.Errorf("namespace %s is none of the lessons'", namespace)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.spaces[namespace] == r.UID {
		return nil
	}
	found, err := identify(ctx, p.reader, namespace)
	if err != nil {
		return err
	}
	if found != r.UID {
		return fmt.Errorf("namespace %s is another one than the lesson's: its UID is %q, and the receipt says %s", namespace, found, r.UID)
	}
	p.spaces[namespace] = r.UID
	return nil
}
