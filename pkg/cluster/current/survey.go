package current

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
)

// system is the namespace by which clusters are told apart.
const system = "kube-system"

// Survey implements cluster.Adopter.
func (p *Provider) Survey(ctx context.Context, o cluster.AdoptOptions) (*cluster.Survey, error) {
	config, err := load(o.Files, o.Context)
	if err != nil {
		return nil, err
	}
	s := &cluster.Survey{Context: o.Context, Server: serverOf(config)}
	limited, cancel := context.WithTimeout(ctx, p.within)
	defer cancel()
	err = p.survey(limited, config, o, s)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("look at the cluster at %s: it did not answer all that was asked within %s. See whether it answers you: kubectl --context %s get --raw /readyz: %w",
			s.Server, p.within, o.Context, err)
	}
	return s, err
}

func (p *Provider) survey(ctx context.Context, config *api.Config, o cluster.AdoptOptions, s *cluster.Survey) error {
	c, err := reader(config)
	if err != nil {
		return err
	}
	if s.Version, err = c.Version(ctx); err != nil {
		return fmt.Errorf("look at the cluster at %s: %w", s.Server, err)
	}
	if s.User, err = c.WhoAmI(ctx); err != nil {
		s.User = "unknown" // older servers do not say
	}
	if err := p.recognize(ctx, c, o, s); err != nil {
		return err
	}
	if err := weigh(ctx, c, o, s); err != nil {
		return err
	}
	all, err := inhabitants(ctx, c, s)
	if err != nil {
		return err
	}
	names := append(namesIn(config), all...)
	return judge(ctx, c, o, s, names)
}

// reader is a client that can't write.
func reader(config *api.Config) (*kube.Client, error) {
	rest, err := clientcmd.NewDefaultClientConfig(*config, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("read context %s: %w", config.CurrentContext, err)
	}
	return kube.New(rest, "", nil)
}

// namesIn are the names that a user gave to a context and what belongs to it, and the server's.
func namesIn(config *api.Config) []string {
	c := config.Contexts[config.CurrentContext]
	names := []string{config.CurrentContext}
	for _, name := range []string{c.Cluster, serverOf(config)} {
		if name != config.CurrentContext {
			names = append(names, name)
		}
	}
	return names
}

// recognize finds what the cluster will be known by: kube-system, or else the namespace that was
// named. Who may read neither can't be told when their context leads elsewhere.
func (p *Provider) recognize(ctx context.Context, c *kube.Client, o cluster.AdoptOptions, s *cluster.Survey) error {
	var failed []error
	for _, name := range []string{system, o.Namespace} {
		if name == "" {
			continue
		}
		found, err := c.Dynamic().Resource(kube.Namespaces()).Get(ctx, name, metav1.GetOptions{})
		if err == nil {
			s.Identity = cluster.Identity{Namespace: name, UID: found.GetUID()}
			if s.Age = -1; name == system {
				s.Age = p.now().Sub(found.GetCreationTimestamp().Time).Truncate(time.Minute)
			}
			return nil
		}
		failed = append(failed, err)
	}
	what := "the right to get namespace " + system
	if o.Namespace != "" {
		what += " or namespace " + o.Namespace
	} else {
		what += ", or name a namespace that you may use, with --namespace"
	}
	return fmt.Errorf("tell this cluster from others: you need %s: %w", what, errors.Join(failed...))
}

// weigh asks what the user may do, and what follows from what they may not.
func weigh(ctx context.Context, c *kube.Client, o cluster.AdoptOptions, s *cluster.Survey) (err error) {
	where := namespaceOf(o.Namespace, o.Learner, "any")
	if s.Missing, err = refused(ctx, c, needed(where, o.Namespace != "")); err != nil {
		return err
	}
	lacks := func(acts []kube.Act, so string) error {
		not, err := refused(ctx, c, acts)
		if err == nil && len(not) > 0 {
			s.Lacking = append(s.Lacking, fmt.Sprintf("You may not %s, so %s.", strings.Join(not, ", "), so))
		}
		return err
	}
	if err := lacks(confining(where), "the practice shell works with your own rights, in the lesson's namespace"); err != nil {
		return err
	}
	if o.Namespace != "" {
		return nil
	}
	return lacks(bounding(where), "nothing bounds what a lesson takes of the cluster")
}

// inhabitants counts the namespaces and the Pods of others, and names the namespaces of others.
func inhabitants(ctx context.Context, c *kube.Client, s *cluster.Survey) ([]string, error) {
	s.Namespaces, s.Others = -1, -1
	list, err := c.Dynamic().Resource(kube.Namespaces()).List(ctx, metav1.ListOptions{})
	if err != nil && !apierrors.IsForbidden(err) {
		return nil, fmt.Errorf("list namespaces: %w", err)
	}
	var names []string
	if err == nil {
		s.Namespaces = len(list.Items)
		for _, n := range list.Items {
			names = append(names, n.GetName())
		}
	}
	pods, err := c.Dynamic().Resource(schema.GroupVersionResource{Version: "v1", Resource: "pods"}).List(ctx, metav1.ListOptions{})
	if apierrors.IsForbidden(err) {
		return names, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list pods: %w", err)
	}
	s.Others = 0
	for i := range pods.Items {
		if ns := pods.Items[i].GetNamespace(); !strings.HasPrefix(ns, "kube-") && ns != "local-path-storage" {
			s.Others++
		}
	}
	return names, nil
}

// judge fills in what the cluster offers, and whether it looks like one that people depend on.
func judge(ctx context.Context, c *kube.Client, o cluster.AdoptOptions, s *cluster.Survey, names []string) error {
	var all []corev1.Node
	var err error
	if s.Capabilities, all, err = capabilities(ctx, c, namespaceOf(o.Namespace, o.Learner, "any")); err != nil {
		return err
	}
	if s.Capabilities.ReadNodes {
		s.Nodes = []string{}
	}
	for _, n := range all {
		s.Nodes = append(s.Nodes, n.Name)
	}
	s.Production = production(s, all, names)
	return nil
}
