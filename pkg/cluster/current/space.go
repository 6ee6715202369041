package current

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

const (
	// learnerLabel names the learner to whom a namespace belongs.
	learnerLabel = "kubectl-learn.dev/learner"
	// longestName is what Kubernetes allows for a namespace.
	longestName = 63
)

// namespaceOf is what a lesson's namespace is called: the one that was named, or one of its own.
func namespaceOf(named, learner, lesson string) string {
	if named != "" {
		return named
	}
	name := "learn-" + lesson + "-" + learner
	if len(name) <= longestName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	end := "-" + hex.EncodeToString(sum[:4])
	return strings.TrimRight(name[:longestName-len(end)], "-") + end
}

// Namespace implements cluster.Guest.
func (h *Handle) Namespace(lesson string) string {
	return namespaceOf(h.record.Namespace, h.record.Learner, lesson)
}

// MakeNamespace implements cluster.Guest.
func (h *Handle) MakeNamespace(ctx context.Context, lesson string, p cluster.Progress) error {
	unlock, err := h.alone(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := h.folder.stands(h.record); err != nil {
		return err
	}
	if err := h.permit.verify(ctx); err != nil {
		return err
	}
	enter := h.settle
	if h.record.shared() {
		enter = h.lodge
	}
	r, fresh, err := enter(ctx, lesson)
	if err != nil {
		return err
	}
	// The learner may have deleted their own account, and with it what its token is good for.
	_ = os.Remove(h.folder.learner(r.Namespace))
	if err := h.equip(ctx, r); err != nil {
		return fmt.Errorf("set up namespace %s: %w", r.Namespace, err)
	}
	if fresh && !r.Confined {
		p.Note("In this lesson kubectl has all of your own rights in the cluster: you may not make narrower ones. Its namespace is %s.", r.Namespace)
	}
	return h.ledger.add(ctx, *r)
}

// settle makes a namespace for a lesson, or finds the one that it has.
func (h *Handle) settle(ctx context.Context, lesson string) (r *receipt, fresh bool, err error) {
	name := h.Namespace(lesson)
	if r, err = h.ledger.of(name); err != nil {
		return nil, false, err
	}
	live, err := h.reader.Dynamic().Resource(kube.Namespaces()).Get(ctx, name, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, false, fmt.Errorf("read namespace %s: %w", name, err)
	}
	if err == nil {
		if !ours(r, live) {
			return nil, false, h.taken(live)
		}
		if live.GetDeletionTimestamp() == nil {
			r.Stage, r.UID = made, live.GetUID()
			return r, false, h.ledger.add(ctx, *r)
		}
		if err := h.reader.WaitGone(ctx, spaceReceipt(name, live.GetUID())); err != nil {
			return nil, false, err
		}
	}
	r, err = h.build(ctx, name, lesson)
	return r, true, err
}

// ours says that a receipt is for a namespace: by the UID, or by the nonce where a kill came between
// making the namespace and writing its UID down.
func ours(r *receipt, live *unstructured.Unstructured) bool {
	if r == nil {
		return false
	}
	if r.UID != "" {
		return r.UID == live.GetUID()
	}
	return r.Nonce != "" && live.GetAnnotations()[nonceNote] == r.Nonce
}

// taken says whose namespace stands where a lesson's should.
func (h *Handle) taken(live *unstructured.Unstructured) error {
	whose := "it is not one of " + plugin.Command + "'s"
	if learner := live.GetLabels()[learnerLabel]; kube.Ours(live) && learner != "" {
		whose = "a learner called " + learner + " made it from another machine, or before their files were lost"
	}
	return fmt.Errorf("use namespace %s: %w from here: %s. Take another name: "+plugin.Command+" cluster forget --name %s, then adopt with --learner NAME",
		live.GetName(), kube.ErrNotOurs, whose, h.record.Name)
}

func spaceReceipt(name string, uid types.UID) kube.Receipt {
	return kube.Receipt{Version: "v1", Resource: "namespaces", Name: name, UID: uid}
}

// build makes the namespace. The receipt is there before it is.
func (h *Handle) build(ctx context.Context, name, lesson string) (*receipt, error) {
	r := &receipt{At: h.now().UTC(), Stage: making, Namespace: name, Lesson: lesson, Nonce: rand.Text()}
	if err := h.ledger.add(ctx, *r); err != nil {
		return nil, err
	}
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace"}}
	o.SetName(name)
	o.SetAnnotations(map[string]string{nonceNote: r.Nonce})
	o.SetLabels(map[string]string{
		learnerLabel:                         h.record.Learner,
		"pod-security.kubernetes.io/enforce": "baseline",
		"pod-security.kubernetes.io/warn":    "baseline",
	})
	done, err := h.client.Make(ctx, lesson, o)
	if apierrors.IsAlreadyExists(err) {
		return nil, fmt.Errorf("make namespace %s: somebody else made it just now: %w", name, kube.ErrNotOurs)
	}
	if err != nil {
		return nil, err
	}
	r.Stage, r.UID = made, done.UID
	if err := h.ledger.add(ctx, *r); err != nil {
		return nil, err
	}
	accounts := corev1.SchemeGroupVersion.WithResource("serviceaccounts")
	return r, h.reader.WaitFor(ctx, accounts, name, "default", func(o *unstructured.Unstructured) (bool, error) { return o != nil, nil })
}

// lodge takes the namespace that was named for a lesson. Between lessons it has to be empty: what
// somebody made there meanwhile is theirs.
func (h *Handle) lodge(ctx context.Context, lesson string) (r *receipt, fresh bool, err error) {
	name := h.record.Namespace
	if r, err = h.ledger.of(name); err != nil {
		return nil, false, err
	}
	uid, err := identify(ctx, h.reader, name)
	if err != nil {
		return nil, false, err
	}
	if uid != h.record.NamespaceUID {
		return nil, false, fmt.Errorf("namespace %s is another one than when you said yes: its UID was %s, and now it is %q", name, h.record.NamespaceUID, uid)
	}
	if r != nil {
		r.Lesson = lesson
		return r, false, nil
	}
	kept, err := h.vacant(ctx)
	if err != nil {
		return nil, false, err
	}
	r = &receipt{At: h.now().UTC(), Stage: made, Namespace: name, UID: uid, Lesson: lesson, Kept: append(kept, h.record.Kept...)}
	return r, true, h.ledger.add(ctx, *r)
}

// lesson is the receipt of a lesson's namespace which is there; else kube.ErrNotOurs.
func (h *Handle) lesson(ctx context.Context, namespace string) (*receipt, error) {
	r, err := h.ledger.of(namespace)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, fmt.Errorf("clear namespace %s: there is no receipt for it: %w", namespace, kube.ErrNotOurs)
	}
	h.permit.doubt()
	if err := h.permit.verify(ctx); err != nil {
		return nil, err
	}
	return r, h.permit.within(ctx, namespace)
}

// ClearNamespace implements cluster.Guest.
func (h *Handle) ClearNamespace(ctx context.Context, namespace string) error {
	r, err := h.lesson(ctx, namespace)
	if err != nil {
		return err
	}
	keep := keepEquipment
	if h.record.shared() {
		keep = keepOthers(r)
	}
	return h.client.Clear(ctx, namespace, keep)
}

// keepOthers keeps in a namespace that is not ours whatever may be somebody else's: what was there
// before the lesson, and what was not made with kubectl or by us. Objects with an owner go with it.
func keepOthers(r *receipt) kube.Keep {
	doomed := map[types.UID]bool{}
	return func(k snapshot.Kind, o *unstructured.Unstructured) bool {
		if keepEquipment(k, o) || slices.Contains(r.Kept, o.GetUID()) {
			return true
		}
		if owner := metav1.GetControllerOf(o); owner != nil {
			doomed[o.GetUID()] = doomed[o.GetUID()] || doomed[owner.UID]
		} else {
			doomed[o.GetUID()] = byKubectl(o)
		}
		return !doomed[o.GetUID()]
	}
}

// tellOfUnclear names what came during a lesson and says nothing of who made it: an object without
// any fields of its own has no manager. It may be the learner's, or somebody else's, and stays.
func (h *Handle) tellOfUnclear(ctx context.Context, r *receipt) {
	left, err := h.reader.Held(ctx, r.Namespace, keepEquipment)
	if err != nil {
		return // it is cleared; what is told beyond that is extra
	}
	var names []string
	for _, o := range left {
		if len(o.GetManagedFields()) == 0 && len(o.GetOwnerReferences()) == 0 && !kube.Ours(o) && !slices.Contains(r.Kept, o.GetUID()) {
			names = append(names, strings.ToLower(o.GetKind())+"/"+o.GetName())
		}
	}
	if len(names) > 0 {
		h.progress.Note("Left in namespace %s, since nothing shows who made it: %s. What is yours you can delete: kubectl --namespace %s delete %s",
			r.Namespace, strings.Join(names, ", "), r.Namespace, strings.Join(names, " "))
	}
}

// byKubectl says that a person made an object, with kubectl or through a lesson: those are the only
// programs that ever wrote anything but its status.
func byKubectl(o *unstructured.Unstructured) bool {
	if kube.Ours(o) {
		return true
	}
	made := false
	for _, m := range o.GetManagedFields() {
		if m.Subresource != "" || m.Manager == "kube-controller-manager" {
			continue
		}
		if !strings.HasPrefix(m.Manager, "kubectl") {
			return false
		}
		made = true
	}
	return made
}

// DeleteNamespace implements cluster.Guest. A namespace without a receipt is not ours to delete, and
// is left alone; so is one that took its name.
func (h *Handle) DeleteNamespace(ctx context.Context, namespace string) error {
	r, err := h.ledger.of(namespace)
	if err != nil || r == nil {
		return err
	}
	h.permit.doubt()
	if err := h.permit.verify(ctx); err != nil {
		return err
	}
	live, err := h.reader.Dynamic().Resource(kube.Namespaces()).Get(ctx, namespace, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("read namespace %s: %w", namespace, err)
	}
	if err == nil && ours(r, live) {
		if err := h.takeAway(ctx, r, live); err != nil {
			return err
		}
	} else if err == nil {
		h.progress.Note("Namespace %s is another one than the lesson's: somebody made it anew. It is left alone.", namespace)
	}
	r.At, r.Stage = h.now().UTC(), gone
	return errors.Join(h.ledger.add(ctx, *r), removed(h.folder.learner(namespace)))
}

func (h *Handle) takeAway(ctx context.Context, r *receipt, live *unstructured.Unstructured) error {
	if r.UID == "" { // a kill came before it was written down
		r.Stage, r.UID = made, live.GetUID()
		if err := h.ledger.add(ctx, *r); err != nil {
			return err
		}
	}
	if live.GetDeletionTimestamp() == nil {
		if err := h.ClearNamespace(ctx, r.Namespace); err != nil {
			return err
		}
	}
	if h.record.shared() {
		h.tellOfUnclear(ctx, r)
		return h.client.Delete(ctx, r.Equipment...)
	}
	space := spaceReceipt(r.Namespace, r.UID)
	if err := h.client.Delete(ctx, space); err != nil {
		return err
	}
	return h.reader.WaitGone(ctx, space)
}

func removed(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Namespaces implements cluster.Guest.
func (h *Handle) Namespaces(ctx context.Context) ([]string, error) {
	names, err := h.ledger.names()
	if err != nil {
		return nil, err
	}
	var there []string
	for _, name := range names {
		r, err := h.ledger.of(name)
		if err != nil {
			return nil, err
		}
		live, err := h.reader.Dynamic().Resource(kube.Namespaces()).Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read namespace %s: %w", name, err)
		}
		if ours(r, live) {
			there = append(there, name)
		}
	}
	return there, nil
}
