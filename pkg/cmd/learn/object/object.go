// Package object is the command explain: one live object, from all sides.
package object

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/observe"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Options is what the run needs.
type Options struct {
	*cmd.Looking
	// TryDelete has the API server try the deletion without carrying it out.
	TryDelete bool
	Evidence  bool
	Output    cmd.Output
}

// New is the command.
func New(app *cmd.App) *cobra.Command {
	o := &Options{Looking: cmd.NewLooking(app, false)}
	c := &cobra.Command{
		Use:   "explain KIND/NAME",
		Short: "Tell whose a live object is, who wrote it, and what it does",
		Long: `Explain one live object: what it is, who owns it and what it owns, who wrote
which of its fields and when, what it does right now, and what would happen if
it were deleted.

Any kind will do, those of custom resources too. All of it is read from the
live objects; what would happen is foretold from owners, finalizers, selectors
and budgets, and with --try-delete the API server is asked to try.`,
		Example: cmd.Examples(
			"A Pod: who made it, who put it where it is, who would replace it", "explain pod/web-6d4f9b7c8d-p9q7m",
			"What a Deployment owns, and which of its fields you wrote", "explain deploy/web",
			"Would the API server delete it? Nothing is deleted", "explain node/worker-1 --try-delete",
		),
		Args:              cmd.OneTarget,
		ValidArgsFunction: o.CompleteTargets("pod", "deployment", "replicaset", "service", "node", "configmap", "namespace"),
		RunE:              func(c *cobra.Command, args []string) error { return o.Run(c.Context(), args) },
	}
	o.AddTo(c)
	c.Flags().BoolVar(&o.TryDelete, "try-delete", false, "Ask the API server to try the deletion (server-side dry run). Nothing is deleted.")
	c.Flags().BoolVar(&o.Evidence, "evidence", false, "Say where each statement was read.")
	o.Output.AddTo(c)
	return c
}

// Run explains the object.
func (o *Options) Run(ctx context.Context, args []string) error {
	if err := o.Output.Validate(); err != nil {
		return err
	}
	s, err := o.Open(ctx)
	if err != nil {
		return err
	}
	target, err := s.Target(ctx, args)
	if err != nil {
		return err
	}
	if target.Name == "" {
		return fmt.Errorf("explain %s: write the name of one object, for example %s/NAME", target.String(), strings.ToLower(target.Kind))
	}
	now, err := look(ctx, s, target)
	if err != nil {
		return err
	}
	// Without documentation our own words remain.
	doc, _ := observe.Documentation(ctx, s.Client, target.GVK())
	d, err := explain.Describe(target, now, doc)
	if errors.Is(err, explain.ErrNoTarget) {
		return s.NotThere(target, now)
	}
	if err != nil {
		return err
	}
	if o.TryDelete {
		if d.Tried, err = s.TryDelete(ctx, target); err != nil {
			return err
		}
	}
	e := &explain.Explanation{Kind: "object", Target: target.String(), Namespace: now.Namespace, At: now.At, Object: d, Unread: told(now)}
	if !o.Output.ForPeople() {
		return o.Output.Print(o.Out, d, target.String())
	}
	return render.ExplainObject(o.Out, e, o.Style(), o.Evidence)
}

// told are the kinds that matter and could not be read. Nobody misses those that few clusters have.
func told(now *snapshot.Snapshot) map[string]string {
	missing := map[string]string{}
	for _, r := range []string{"pods", "replicasets", "deployments", "services", "endpointslices", "poddisruptionbudgets", "horizontalpodautoscalers", "nodes"} {
		if why := now.Errors[r]; why != "" {
			missing[r] = why
		}
	}
	return missing
}

// look reads what may hang together with the target: all of its namespace, and the kinds that owners and the owned may be of.
func look(ctx context.Context, s *cmd.Sight, target snapshot.Query) (*snapshot.Snapshot, error) {
	namespace := s.Namespace
	switch {
	case target.Kind == "Namespace":
		namespace = target.Name
	case !target.Namespaced:
		namespace = s.Scope(ctx)
	}
	kinds := snapshot.Kinds()
	if more, err := s.Client.OtherKinds(); err == nil { // else the built-in kinds alone can be looked at
		kinds = append(kinds, more...)
	}
	queries := []snapshot.Query{target}
	for _, k := range kinds {
		if k.Kind == "Event" || k.Kind == "Endpoints" || !k.Namespaced && !slices.Contains([]string{"Node", "PersistentVolume", "Namespace"}, k.Kind) {
			continue
		}
		if q, err := snapshot.ParseQueryOf(k, k.Resource); err == nil {
			queries = append(queries, q)
		}
	}
	now := observe.Of(s.Client.In(namespace), s.Now).Snapshot(ctx, queries)
	return now, ctx.Err()
}
