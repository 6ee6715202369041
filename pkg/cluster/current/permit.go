package current

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// nonceNote is the annotation that holds a receipt's nonce.
const nonceNote = "kubectl-learn.dev/receipt"

const (
	// trusted is how long an answer of the cluster counts: a shell lives for hours, and meanwhile a context
	// may come to lead elsewhere, and a namespace be made anew by somebody else.
	trusted = time.Second
	// answerWithin is how long the cluster may take to say who it is.
	answerWithin = 15 * time.Second
)

// permit is the consent of one user, held against each write: it must still be there, it must be the
// cluster that they said yes to, and one of the lessons' namespaces in it.
type permit struct {
	folder folder
	record *record
	ledger ledger
	reader *kube.Client

	mu sync.Mutex
	// known is when the cluster was last seen to be the right one.
	known time.Time
	// spaces are the namespaces that were seen to be those of the receipts.
	spaces map[string]seen
}

// seen is what a namespace's UID was, and when.
type seen struct {
	uid types.UID
	at  time.Time
}

// fresh says that an answer may still be relied on.
func fresh(at time.Time) bool { return !at.IsZero() && time.Since(at) < trusted }

var _ kube.Permit = (*permit)(nil)

func newPermit(f folder, r *record, l ledger, reader *kube.Client) *permit {
	return &permit{folder: f, record: r, ledger: l, reader: reader, spaces: map[string]seen{}}
}

// Allow implements kube.Permit.
func (p *permit) Allow(ctx context.Context, w kube.Write) error {
	if err := p.folder.stands(p.record); err != nil {
		return err
	}
	if w.Method == http.MethodDelete {
		p.doubt()
	}
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

// doubt makes the next question go to the cluster: what is deleted does not come back.
func (p *permit) doubt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known = time.Time{}
	clear(p.spaces)
}

// verify asks the cluster who it is.
func (p *permit) verify(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if fresh(p.known) {
		return nil
	}
	want, at := p.record.Identity, time.Now()
	found, err := identify(ctx, p.reader, want.Namespace)
	if err != nil {
		return fmt.Errorf("make sure that this is the cluster that you agreed to: %w", err)
	}
	if found != want.UID {
		return &moved{record: p.record, found: found}
	}
	p.known = at
	return nil
}

// identify is the UID of a namespace; empty where there is none.
func identify(ctx context.Context, c *kube.Client, namespace string) (types.UID, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	found, err := c.Dynamic().Resource(kube.Namespaces()).Get(ctx, namespace, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read namespace %s: %w", namespace, err)
	}
	return found.GetUID(), nil
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
		"Nothing was changed. To begin anew: "+plugin.Command+" cluster forget --name %s --leave-behind, then "+plugin.Command+" cluster adopt",
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
	if last := p.spaces[namespace]; last.uid == r.UID && fresh(last.at) {
		return nil
	}
	at := time.Now()
	found, err := identify(ctx, p.reader, namespace)
	if err != nil {
		return err
	}
	if found != r.UID {
		return fmt.Errorf("namespace %s is another one than the lesson's: its UID is %q, and the receipt says %s", namespace, found, r.UID)
	}
	p.spaces[namespace] = seen{uid: found, at: at}
	return nil
}
