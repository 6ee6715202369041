package current

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// validLearner is what fits into a namespace's name behind a lesson's.
var validLearner = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,18}[a-z0-9])?$`)

// Adopt implements cluster.Adopter.
func (p *Provider) Adopt(ctx context.Context, o cluster.AdoptOptions, s *cluster.Survey) (cluster.Handle, error) {
	f, err := p.folder(o.Name)
	if err != nil {
		return nil, err
	}
	if err := free(f, o.Name); err != nil {
		return nil, err
	}
	if !validLearner.MatchString(o.Learner) {
		return nil, fmt.Errorf("learner %q: use lower case letters, digits and '-', at most 20", o.Learner)
	}
	if len(s.Missing) > 0 {
		return nil, lacking(o, s)
	}
	ctx, cancel := context.WithTimeout(ctx, p.within)
	defer cancel()
	unlock, err := p.alone(ctx, o.Name, cluster.Silent{})
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := free(f, o.Name); err != nil {
		return nil, err
	}
	r := &record{
		Name: o.Name, Files: o.Files, Context: o.Context, Server: s.Server, Version: s.Version, Identity: s.Identity,
		Namespace: o.Namespace, Learner: o.Learner, Adopted: p.now().UTC(), Nodes: s.Nodes, Capabilities: s.Capabilities,
	}
	_, err = os.Stat(string(f))
	ours := errors.Is(err, fs.ErrNotExist)
	h, err := p.settleIn(ctx, f, r)
	if err == nil {
		return h, nil
	}
	err = fmt.Errorf("adopt context %s: %w", o.Context, err)
	if ours { // else receipts may be there, of what a lesson left
		err = errors.Join(err, os.RemoveAll(string(f)))
	}
	return nil, err
}

// settleIn looks at the cluster once more and keeps the record.
func (p *Provider) settleIn(ctx context.Context, f folder, r *record) (*Handle, error) {
	h, err := p.open(f, r, cluster.Silent{})
	if err != nil {
		return nil, err
	}
	if r.shared() {
		if err := h.moveIn(ctx); err != nil {
			return nil, err
		}
	}
	// The yes was to what was surveyed, and the context may lead elsewhere since.
	if err := h.permit.verify(ctx); err != nil {
		return nil, err
	}
	return h, f.write(r)
}

// free is an error where a cluster was adopted under a name already.
func free(f folder, name string) error {
	if _, err := f.read(); !errors.Is(err, cluster.ErrNotFound) {
		return errors.Join(fmt.Errorf("cluster %s: %w", name, cluster.ErrExists), err)
	}
	return nil
}

func lacking(o cluster.AdoptOptions, s *cluster.Survey) error {
	err := fmt.Errorf("adopt context %s: you may not %s there, which lessons need", o.Context, strings.Join(s.Missing, ", "))
	if o.Namespace == "" {
		return fmt.Errorf("%w. Where somebody gave you a namespace, name it: --namespace NAME", err)
	}
	return err
}

// moveIn makes sure that nobody else uses the namespace that was named, and keeps what is in it: that is
// never the lessons' to delete.
func (h *Handle) moveIn(ctx context.Context) error {
	uid, err := identify(ctx, h.reader, h.record.Namespace)
	if err != nil {
		return err
	}
	if uid == "" {
		return fmt.Errorf("there is no namespace %s; name one that is there, or leave --namespace out and each lesson gets one of its own", h.record.Namespace)
	}
	h.record.NamespaceUID = uid
	h.record.Kept, err = h.vacant(ctx)
	return err
}

// vacant is an error where somebody works in the namespace that was named; else it says what else is in it.
func (h *Handle) vacant(ctx context.Context) (kept []types.UID, err error) {
	all, err := h.reader.Held(ctx, h.record.Namespace, kube.Native)
	if err != nil {
		return nil, err
	}
	var others []string
	for _, o := range all {
		if k, _ := snapshot.KindOf(o.GroupVersionKind()); furniture(k) {
			kept = append(kept, o.GetUID())
			continue
		}
		others = append(others, strings.ToLower(o.GetKind())+"/"+o.GetName())
	}
	if len(others) > 0 {
		n := len(others)
		others = others[:min(n, 3)]
		return nil, fmt.Errorf("namespace %s is in use: %d objects are there, %s among them. Lessons need one that is empty, and for them alone",
			h.record.Namespace, n, strings.Join(others, ", "))
	}
	return kept, nil
}

// furniture are kinds that may be in a namespace before anybody works there. What of them is there
// stays there.
func furniture(k snapshot.Kind) bool {
	return slices.Contains([]string{
		"resourcequotas", "limitranges", "networkpolicies", "serviceaccounts", "secrets", "configmaps", "roles", "rolebindings",
	}, k.Resource)
}

// MayApply implements cluster.Guest: what was in a namespace before the lessons stays as it is.
func (h *Handle) MayApply(ctx context.Context, namespace string, objects []*unstructured.Unstructured) error {
	if !h.record.shared() {
		return nil
	}
	all, err := h.reader.Held(ctx, namespace, kube.Native)
	if err != nil {
		return err
	}
	r, err := h.ledger.of(namespace)
	if err != nil || r == nil {
		return errors.Join(err, kube.ErrNotOurs)
	}
	for _, o := range objects {
		for _, old := range all {
			if old.GroupVersionKind().GroupKind() == o.GroupVersionKind().GroupKind() && old.GetName() == o.GetName() && slices.Contains(r.Kept, old.GetUID()) {
				return fmt.Errorf("make %s %s, which is in namespace %s already: %w", o.GetKind(), o.GetName(), namespace, kube.ErrNotOurs)
			}
		}
	}
	return nil
}

// Forget implements cluster.Adopter.
func (p *Provider) Forget(ctx context.Context, name string, o cluster.ForgetOptions, progress cluster.Progress) error {
	f, err := p.folder(name)
	if err != nil {
		return err
	}
	if _, err := f.read(); errors.Is(err, cluster.ErrNotFound) {
		return fmt.Errorf("cluster %s: %w", name, err)
	}
	unlock, err := p.alone(ctx, name, progress)
	if err != nil {
		return err
	}
	defer unlock()
	r, err := f.read()
	if errors.Is(err, cluster.ErrNotFound) {
		return fmt.Errorf("cluster %s: %w", name, err)
	}
	left, err := ledger{path: f.receipts()}.names()
	if err != nil && !o.LeaveBehind {
		return err
	}
	if o.LeaveBehind {
		if len(left) > 0 {
			progress.Note("Left in the cluster: namespace %s.", strings.Join(left, ", "))
		}
		for _, namespace := range left {
			p.disown(ctx, f, r, namespace, progress)
		}
		return os.RemoveAll(string(f))
	}
	if len(left) > 0 {
		if err := p.clearAway(ctx, f, r, left, progress); err != nil {
			return fmt.Errorf("%w. To forget the cluster and leave there what is there: "+plugin.Command+" cluster forget --name %s --leave-behind", err, name)
		}
	}
	return os.RemoveAll(string(f))
}

// disownWithin is how long the cluster may take where it is only tried to reach it.
const disownWithin = 10 * time.Second

// disown deletes the account of which a learner has a token, where that can be done, and else says
// how long the token stays good.
func (p *Provider) disown(ctx context.Context, f folder, r *record, namespace string, progress cluster.Progress) {
	until, lent := tokenUntil(f.learner(namespace))
	ctx, cancel := context.WithTimeout(ctx, disownWithin)
	defer cancel()
	confined, err := p.deleteAccount(ctx, f, r, namespace)
	switch {
	case !confined && !lent:
	case err == nil:
		progress.Note("The practice shell's account in namespace %s is deleted: its token opens nothing any more.", namespace)
	default:
		when := "for up to " + strconv.Itoa(int(tokenLife.Hours())) + " hours"
		if lent {
			when = "until " + until.Local().Format("2006-01-02 15:04 MST")
		}
		progress.Note("The practice shell's token for namespace %s stays good %s: its account could not be deleted: %v. Whoever can may do so: kubectl --namespace %s delete serviceaccount/%s",
			namespace, when, err, namespace, account)
	}
}

// deleteAccount deletes the account of a lesson's learner; confined says that there was one.
func (p *Provider) deleteAccount(ctx context.Context, f folder, r *record, namespace string) (confined bool, err error) {
	was, err := ledger{path: f.receipts()}.of(namespace)
	if err != nil {
		return true, err
	}
	confined = was == nil || was.Confined
	if r == nil {
		return confined, errors.New("the record of the cluster is damaged")
	}
	h, err := p.open(f, r, cluster.Silent{})
	if err != nil {
		return confined, err
	}
	if was, err = h.lesson(ctx, namespace); err != nil {
		return confined, err
	}
	its := kube.Receipt{Version: "v1", Resource: "serviceaccounts", Namespace: namespace, Name: account}
	for _, e := range was.Equipment {
		if e.Resource == its.Resource && e.Name == its.Name {
			its = e
		}
	}
	if !confined {
		return false, nil
	}
	return true, h.client.Delete(ctx, its)
}

// clearAway deletes what receipts say that lessons left.
func (p *Provider) clearAway(ctx context.Context, f folder, r *record, left []string, progress cluster.Progress) (err error) {
	done := progress.Stage("clear away what lessons left: " + strings.Join(left, ", "))
	defer func() { done(err) }()
	h, err := p.open(f, r, progress)
	if err != nil {
		return err
	}
	for _, namespace := range left {
		if err := h.DeleteNamespace(ctx, namespace); err != nil {
			return err
		}
	}
	return nil
}
