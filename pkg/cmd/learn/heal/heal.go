// Package heal is the command that kills something and tells how it heals: who noticed, who did what, how long it took.
package heal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Options is what the run needs.
type Options struct {
	*cmd.Looking
	Output cmd.Output
	Target []string
	// Kill is what is to be killed, Container whose process where a Pod has several.
	Kill      string
	Container string
	Times     int
	Yes       bool
	// NoRequests leaves out the requests to the Service.
	NoRequests bool
	Evidence   bool
	// Timeout is how long it may take to heal; 0 leaves that to the kind of kill.
	Timeout time.Duration
}

// most is how many times a thing is killed at most.
const most = 100

// New is the command.
func New(app *cmd.App) *cobra.Command {
	o := &Options{Looking: cmd.NewLooking(app, false)}
	o.Agent = kube.HealAgent
	c := &cobra.Command{
		Use:   "heal KIND/NAME --kill pod|container|node",
		Short: "Kill something, and see how it heals",
		Long: `Kill something of a Deployment, StatefulSet, DaemonSet, ReplicaSet, Job or Pod,
and see how it heals: who noticed first, who did what, how long it took, and
which fields make it faster or slower. --evidence tells all of it.

  pod        deletes a Pod as kubectl delete does: its containers are asked to
             end and have their grace period, while another takes its place
  container  kills a container's process from outside, as the kernel would
  node       stops the node on which most of its Pods are, as if its power
             failed, and starts it again at the end, come what may

Where a Service sends to the Pods, 20 requests a second are sent to it
meanwhile, and those that are lost are counted.

Only practice clusters are struck, and of a cluster of your own that you adopted
only Pods in the namespaces of lessons. The exit code is 0 when it healed, 1
when it did not.`,
		Example: cmd.Examples(
			"One Pod of a Deployment", "heal deployment/web --kill pod",
			"Five times, without a question", "heal deployment/web --kill container --times 5 --yes",
		),
		Args: cmd.OneTarget,
		RunE: func(c *cobra.Command, args []string) error {
			o.Target = args
			return o.Run(c.Context())
		},
		ValidArgsFunction: o.CompleteTargets("deployment", "statefulset", "daemonset", "replicaset", "job", "pod"),
	}
	f := c.Flags()
	f.StringVar(&o.Kill, "kill", "", "Kill this: pod, container or node.")
	f.StringVar(&o.Container, "container", "", "Kill this container. Default: the Pod's first.")
	f.IntVar(&o.Times, "times", 1, "Do it that many times, and show the least, the median and the most.")
	f.BoolVarP(&o.Yes, "yes", "y", false, "Don't ask.")
	f.BoolVar(&o.NoRequests, "no-requests", false, "Send no requests to the Service.")
	f.BoolVar(&o.Evidence, "evidence", false, "Tell the whole story, say how each row is known, and name all fields that count.")
	f.DurationVar(&o.Timeout, "timeout", 0, "Give up after this long. Default: a minute, for a node what its Pods' tolerations ask for and 3 minutes more.")
	o.AddTo(c)
	for _, elsewhere := range []string{"context", "kubeconfig"} { // which are refused in words
		f.Lookup(elsewhere).Hidden = true
	}
	o.Output.AddTo(c)
	_ = c.RegisterFlagCompletionFunc("kill", cobra.FixedCompletions(kills(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

func kills() []string {
	return []string{string(explain.KillPod), string(explain.KillContainer), string(explain.KillNode)}
}

// Run kills, and tells how it heals.
func (o *Options) Run(ctx context.Context) error {
	if err := errors.Join(o.Output.Validate(), o.validate()); err != nil {
		return err
	}
	s, err := o.Open(ctx)
	if err != nil {
		return err
	}
	if s.Handle == nil {
		return fmt.Errorf("heal kills on a practice cluster alone, and there is none. Make one: %s cluster create", o.Prefix())
	}
	target, err := s.Target(ctx, o.Target)
	if err != nil {
		return err
	}
	if err := o.can(s, target); err != nil {
		return err
	}
	if err := o.allowed(ctx, s, target); err != nil {
		return err
	}
	r := &runner{Options: o, sight: s, target: target, live: o.Live()}
	return r.all(ctx)
}

func (o *Options) validate() error {
	switch {
	case o.Elsewhere():
		return errors.New("heal kills on a practice cluster alone: it takes no --context, --kubeconfig or --server. Nothing was done")
	case o.Kill != "" && !slices.Contains(kills(), o.Kill):
		return fmt.Errorf("--kill %s: it kills one of these: %s", o.Kill, strings.Join(kills(), ", "))
	case o.Kill == "":
		return fmt.Errorf("say what to kill: --kill %s", strings.Join(kills(), ", --kill "))
	case o.Container != "" && o.Kill != string(explain.KillContainer):
		return errors.New("--container goes with --kill container")
	case o.As() != "" && (o.Kill == string(explain.KillContainer) || o.Kill == string(explain.KillNode)):
		return fmt.Errorf("--as goes with --kill pod: a %s is killed from outside the API, where nobody asks for the rights of %s. Nothing was killed", o.Kill, o.As())
	case o.Times < 1 || o.Times > most:
		return fmt.Errorf("--times %d: write a number from 1 to %d", o.Times, most)
	case !o.Yes && !o.Interactive():
		return errors.New("there is no terminal to ask on; --yes kills without a question")
	}
	return nil
}

// can says whether the cluster lets itself be struck so.
func (o *Options) can(s *cmd.Sight, target snapshot.Query) error {
	switch target.Kind {
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "Pod":
	default:
		return fmt.Errorf("%s: heal knows Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs and Pods", target)
	}
	if target.Name == "" {
		return fmt.Errorf("%s names several objects; write one as KIND/NAME", target)
	}
	capable := s.Handle.Capabilities()
	_, killer := s.Handle.(cluster.ContainerKiller)
	_, nodes := s.Handle.(cluster.NodeManager)
	provider := s.Handle.Info().Provider
	switch explain.Kill(o.Kill) {
	case explain.KillContainer:
		if !killer || !capable.KillContainer {
			return fmt.Errorf("cluster %s (%s) lets nobody kill a container from outside; take --kill pod, or have the process end itself by kubectl exec", s.Name, provider)
		}
	case explain.KillNode:
		if !nodes || !capable.StopNode {
			return fmt.Errorf("cluster %s (%s) lets nobody stop a node; take --kill pod", s.Name, provider)
		}
		if target.Kind == "DaemonSet" {
			return fmt.Errorf("%s has a Pod for each node: while a node is away nothing takes the place of its Pod. Take --kill pod or --kill container", target)
		}
	}
	return nil
}
