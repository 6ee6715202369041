// Package draw is the command map: the architecture of a cluster as it is now.
package draw

import (
	"context"
	"fmt"
	"io"
	"maps"
	"sync"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/observe"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Options is what the run needs.
type Options struct {
	*cmd.Looking
	// Watch draws the map anew as things move.
	Watch    bool
	Evidence bool
	Output   cmd.Output
}

const svg = "svg"

// New is the command.
func New(app *cmd.App) *cobra.Command {
	o := &Options{Looking: cmd.NewLooking(app, true), Output: cmd.Output{Extra: []string{svg}}}
	c := &cobra.Command{
		Use:   "map",
		Short: "Draw what runs where: control plane, nodes, Pods, Services",
		Long: `Draw the architecture as it is now: the control plane and how its health is
known, the nodes and how much is asked of them, which Pod runs where, which
Pods answer for each Service, and which NetworkPolicies select which Pods.

Of more Pods than a line takes, those that are not well are named and the
others counted. Pods and Services are those of one namespace, unless -A says
all; Pods of other namespaces are counted. Nothing is written to the cluster.`,
		Example: cmd.Examples(
			"Look once", "map",
			"Watch Pods move while you scale, kill and drain", "map --watch",
			"A picture for a slide", "map -A -o svg > cluster.svg",
		),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
	o.AddTo(c)
	c.Flags().BoolVarP(&o.Watch, "watch", "w", false, "Stay, and draw it anew as things move, until Ctrl-C.")
	c.Flags().BoolVar(&o.Evidence, "evidence", false, "Say where each statement was read.")
	o.Output.AddTo(c)
	return c
}

// Run draws the map.
func (o *Options) Run(ctx context.Context) error {
	if err := o.Output.Validate(); err != nil {
		return err
	}
	s, err := o.Open(ctx)
	if err != nil {
		return err
	}
	if o.Watch {
		return o.watch(ctx, s)
	}
	e, err := look(ctx, s)
	if err != nil {
		return err
	}
	return o.show(o.Out, o.Style(), e)
}

// show prints the map in the form that was asked for.
func (o *Options) show(out io.Writer, style render.Style, e *explain.Explanation) error {
	switch {
	case o.Output.Chosen() == svg:
		return render.MapSVG(out, e.Map)
	case !o.Output.ForPeople():
		var names []string
		for _, n := range e.Map.Nodes {
			names = append(names, "node/"+n.Name)
		}
		return o.Output.Print(out, e.Map, names...)
	}
	if err := render.Explanation(out, e, style); err != nil {
		return err
	}
	if o.Evidence {
		fmt.Fprintln(out)
		return render.Terms(out, sources(e.Map), style)
	}
	return nil
}

// sources say where each part of a map was read.
func sources(m *explain.Map) [][2]string {
	where := "namespace " + m.Namespace
	if m.Namespace == "" {
		where = "all namespaces"
	}
	return [][2]string{
		{"control plane", "GET /readyz?verbose, /version; leases and Pods of kube-system; the practice cluster's own report"},
		{"nodes", "Node status.conditions[Ready], spec.taints, status.allocatable, status.nodeInfo"},
		{"asked", "Pod spec.containers[*].resources.requests, by spec.nodeName; used: metrics.k8s.io"},
		{"Pods", "Pod status.phase, status.conditions[Ready], status.containerStatuses, of " + where},
		{"Services", "Service spec.selector against Pod metadata.labels; EndpointSlice endpoints[*].conditions.ready; spec.replicas of what makes such Pods"},
		{"policies", "NetworkPolicy spec.podSelector against Pod metadata.labels; spec.policyTypes"},
	}
}

// queries are what a map needs beside Pods; what asks for Pods tells which Services are to have none.
func queries(more ...string) []snapshot.Query {
	var all []snapshot.Query
	for _, text := range append([]string{"nodes", "services", "endpointslices", "networkpolicies", "deployments", "statefulsets"}, more...) {
		if q, err := snapshot.ParseQuery(text); err == nil {
			all = append(all, q)
		}
	}
	return all
}

// look draws the map of this moment. The parts are read at once.
func look(ctx context.Context, s *cmd.Sight) (*explain.Explanation, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var parts parts
	var now *snapshot.Snapshot
	var reading sync.WaitGroup
	reading.Go(func() { parts = readParts(ctx, s) })
	reading.Go(func() { now = s.Observer().Snapshot(ctx, queries()) })
	sketch, refused := explain.NewSketch(s.Namespace), map[string]string{}
	err := s.Client.EachPod(ctx, "", sketch.Add)
	if apierrors.IsForbidden(err) && s.Namespace != "" {
		refused["Pods of other namespaces"] = err.Error()
		err = s.Client.EachPod(ctx, s.Namespace, sketch.Add)
	}
	if apierrors.IsForbidden(err) {
		refused["pods"], err = err.Error(), nil
	}
	reading.Wait()
	if err != nil {
		return nil, fmt.Errorf("look at the Pods: %w", err)
	}
	e := finish(sketch.Map(now), parts, now)
	maps.Copy(refused, e.Unread)
	e.Unread = refused
	return e, nil
}

// finish puts into a map what is not in a snapshot.
func finish(m *explain.Map, p parts, now *snapshot.Snapshot) *explain.Explanation {
	m.Cluster, m.Provider, m.Version, m.ControlPlane = p.cluster, p.provider, p.vitals.Version, explain.Parts(p.vitals)
	for i := range m.Nodes {
		n := &m.Nodes[i]
		n.CPU.Used, n.Memory.Used = p.use[n.Name].CPU, p.use[n.Name].Memory
	}
	return &explain.Explanation{Kind: explain.KindMap, At: now.At, Namespace: m.Namespace, Map: m, Unread: unread(now)}
}

// unread is what could not be read, less what nobody misses without Services.
func unread(now *snapshot.Snapshot) map[string]string {
	all := maps.Clone(now.Errors)
	if all["services"] != "" {
		delete(all, "deployments")
		delete(all, "statefulsets")
	}
	return all
}

// parts are what is known of the cluster's own parts.
type parts struct {
	cluster, provider string
	vitals            *snapshot.Vitals
	use               map[string]observe.Use
}

func readParts(ctx context.Context, s *cmd.Sight) parts {
	p := parts{cluster: s.Name}
	var reading sync.WaitGroup
	reading.Go(func() { p.use, _ = observe.NodeUse(ctx, s.Client) }) // without figures none are shown
	var reported []snapshot.Reported
	if s.Handle != nil {
		p.provider = s.Handle.Info().Provider
		reading.Go(func() {
			if status, err := s.Handle.Status(ctx); err == nil {
				for _, part := range status.Parts {
					reported = append(reported, snapshot.Reported{Name: part.Name, Healthy: part.Healthy, Evidence: part.Evidence})
				}
			}
		})
	}
	p.vitals = observe.Vitals(ctx, s.Client, s.Now)
	reading.Wait()
	p.vitals.Reported = reported
	return p
}
