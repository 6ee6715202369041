package heal

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// needed are the resources without which nobody can say whether a target is whole.
func (o *Options) needed(target snapshot.Query) []snapshot.Query {
	texts := []string{"pods"}
	if target.Kind == "Deployment" {
		texts = append(texts, "replicasets")
	}
	if o.Kill == string(explain.KillNode) {
		texts = append(texts, "nodes")
	}
	all := []snapshot.Query{target}
	for _, text := range texts {
		if q, err := snapshot.ParseQuery(text); err == nil && q.Resource != target.Resource {
			all = append(all, q)
		}
	}
	return all
}

// allowed asks the API server beforehand whether all that is to be done is allowed. The error says who may not do what. A server that does
// not answer the question forbids nothing.
func (o *Options) allowed(ctx context.Context, s *cmd.Sight, target snapshot.Query) error {
	var acts []kube.Act
	for _, q := range o.needed(target) {
		act := kube.Act{Group: q.GVR().Group, Resource: q.Resource}
		if q.Namespaced {
			act.Namespace = s.Namespace
		}
		for _, act.Verb = range []string{"list", "watch"} {
			acts = append(acts, act)
		}
	}
	if o.Kill == string(explain.KillPod) {
		acts = append(acts, kube.Act{Verb: "delete", Resource: "pods", Namespace: s.Namespace})
	}
	var missing []string
	for _, act := range acts {
		if may, err := s.Client.May(ctx, act); err == nil && !may {
			missing = append(missing, act.String())
		}
	}
	if len(missing) == 0 {
		return ctx.Err()
	}
	who := s.As
	if who == "" {
		if who, _ = s.Client.WhoAmI(ctx); who == "" {
			who = "the user of this cluster's kubeconfig"
		}
	}
	return fmt.Errorf("forbidden: in namespace %s %s may not %s. Nothing was killed", s.Namespace, who, strings.Join(missing, ", "))
}

// unread says what of a snapshot that is needed could not be read; empty when all of it could.
func (o *Options) unread(target snapshot.Query, now *snapshot.Snapshot) string {
	var said []string
	for _, q := range o.needed(target) {
		if why := now.Errors[q.Resource]; why != "" && !slices.Contains(said, why) {
			said = append(said, why)
		}
	}
	return strings.Join(said, "; ")
}
