package kube

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

const (
	// FieldManager owns the fields that this program applies.
	FieldManager = "kubectl-learn"
	// UserAgent is what the program calls itself when it acts for a lesson, and not for a learner.
	// A built-in kubectl that a learner types must not use it: package explain tells them apart by it.
	UserAgent = "kubectl-learn-lesson"
	// HealAgent is what it calls itself when it kills something that a learner asked it to kill.
	HealAgent = "kubectl-learn-heal"

	// LessonLabel names the lesson that an object belongs to.
	LessonLabel = "kubectl-learn.dev/lesson"
	// ManagedByLabel and ManagedByValue mark what this program made, and may delete.
	ManagedByLabel = "app.kubernetes.io/managed-by"
	ManagedByValue = "kubectl-learn"
)

// Client talks to one cluster, by default in one namespace. It may be used by many goroutines.
type Client struct {
	config    *rest.Config
	http      *http.Client
	dynamic   dynamic.Interface
	namespace string
	// remaining is told what is waited for, and after how long; after giveUpAfter the wait is an error.
	remaining              func(what string)
	tellAfter, giveUpAfter time.Duration
	// now is the clock of that wait.
	now func() time.Time

	mapping    sync.Mutex
	known      meta.ResettableRESTMapper // made when first needed
	shortNames discovery.CachedDiscoveryInterface
}

// New makes a client of the cluster that cfg points at, without asking it anything. Objects that
// name no namespace go to the one given. What may be written the permit says; without one the client
// only reads. The config is copied; its rate limit is lifted, since the server has limits of its own
// and a learner waits.
func New(cfg *rest.Config, namespace string, permit Permit) (*Client, error) {
	return NewNamed(UserAgent, cfg, namespace, permit)
}

// NewNamed is New of a client that calls itself by another name than UserAgent.
func NewNamed(agent string, cfg *rest.Config, namespace string, permit Permit) (*Client, error) {
	c := rest.CopyConfig(cfg)
	c.UserAgent = agent
	c.QPS, c.Burst = -1, 0
	base, _, err := rest.DefaultServerUrlFor(c)
	if err != nil {
		return nil, fmt.Errorf("make client of %s: %w", cfg.Host, err)
	}
	c.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return &guard{next: next, permit: permit, server: cfg.Host, base: base.Path}
	})
	transport, err := rest.HTTPClientFor(c)
	if err != nil {
		return nil, fmt.Errorf("make client of %s: %w", cfg.Host, err)
	}
	d, err := dynamic.NewForConfigAndClient(c, transport)
	if err != nil {
		return nil, fmt.Errorf("make client of %s: %w", cfg.Host, err)
	}
	return &Client{
		config: c, http: transport, dynamic: d, namespace: namespace,
		tellAfter: tellAfter, giveUpAfter: giveUpAfter, now: time.Now,
	}, nil
}

// Namespace is where objects go that name none.
func (c *Client) Namespace() string { return c.namespace }

// In is the same client with another namespace.
func (c *Client) In(namespace string) *Client {
	return &Client{
		config: c.config, http: c.http, dynamic: c.dynamic, namespace: namespace,
		remaining: c.remaining, tellAfter: c.tellAfter, giveUpAfter: c.giveUpAfter, now: c.now,
	}
}

// Config is a copy of what the client connects with.
func (c *Client) Config() *rest.Config { return rest.CopyConfig(c.config) }

// Dynamic gives the raw client.
func (c *Client) Dynamic() dynamic.Interface { return c.dynamic }

// Mapping says how the server's paths name a kind, and whether it is namespaced. Kinds that every
// cluster has are known; of others the server is asked.
func (c *Client) Mapping(gvk schema.GroupVersionKind) (schema.GroupVersionResource, bool, error) {
	if k, ok := snapshot.KindOf(gvk); ok && k.Version == gvk.Version {
		return k.GVR(), k.Namespaced, nil
	}
	mapper, err := c.mapper()
	if err != nil {
		return schema.GroupVersionResource{}, false, err
	}
	m, err := mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if meta.IsNoMatchError(err) {
		mapper.Reset()
		m, err = mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	}
	if err != nil {
		return schema.GroupVersionResource{}, false, fmt.Errorf("find resource of %s: %w", gvk, err)
	}
	return m.Resource, m.Scope.Name() == meta.RESTScopeNameNamespace, nil
}

// mapper knows the server's kinds; what it was told is kept as long as the client.
func (c *Client) mapper() (meta.ResettableRESTMapper, error) {
	c.mapping.Lock()
	defer c.mapping.Unlock()
	if c.known == nil {
		d, err := discovery.NewDiscoveryClientForConfigAndClient(c.config, c.http)
		if err != nil {
			return nil, fmt.Errorf("make discovery client: %w", err)
		}
		cached := memory.NewMemCacheClient(d)
		c.shortNames = cached
		c.known = restmapper.NewDeferredDiscoveryRESTMapper(cached)
	}
	return c.known, nil
}

// KindNamed finds a kind by any name that kubectl takes: plural, singular or short, with its group or
// without, in any case. Kinds that every cluster has are known; of others the server is asked.
func (c *Client) KindNamed(word string) (snapshot.Kind, error) {
	if k, ok := snapshot.KindNamed(word); ok {
		return k, nil
	}
	mapper, err := c.mapper()
	if err != nil {
		return snapshot.Kind{}, err
	}
	wanted := schema.ParseGroupResource(strings.ToLower(word)).WithVersion("")
	gvk, err := restmapper.NewShortcutExpander(mapper, c.shortNames, nil).KindFor(wanted)
	if err != nil {
		return snapshot.Kind{}, fmt.Errorf("find kind %s: %w", word, err)
	}
	m, err := mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return snapshot.Kind{}, fmt.Errorf("find resource of %s: %w", gvk, err)
	}
	return snapshot.Kind{
		Kind: gvk.Kind, Resource: m.Resource.Resource, Singular: strings.ToLower(gvk.Kind), Group: gvk.Group, Version: gvk.Version,
		Namespaced: m.Scope.Name() == meta.RESTScopeNameNamespace,
	}, nil
}

// OtherKinds are the namespaced kinds that the server can list and that not every cluster has, such as those of custom resources.
func (c *Client) OtherKinds() ([]snapshot.Kind, error) {
	if _, err := c.mapper(); err != nil {
		return nil, err
	}
	lists, err := c.shortNames.ServerPreferredResources()
	if len(lists) == 0 && err != nil { // of groups that do not answer the others are known all the same
		return nil, fmt.Errorf("list the server's kinds: %w", err)
	}
	var found []snapshot.Kind
	for _, l := range lists {
		gv, err := schema.ParseGroupVersion(l.GroupVersion)
		if err != nil || gv.Group == "metrics.k8s.io" { // figures, no objects
			continue
		}
		for _, r := range l.APIResources {
			gvk := gv.WithKind(r.Kind)
			if _, known := snapshot.KindOf(gvk); known || !r.Namespaced || !slices.Contains(r.Verbs, "list") || strings.Contains(r.Name, "/") {
				continue
			}
			found = append(found, snapshot.Kind{Kind: r.Kind, Resource: r.Name, Singular: strings.ToLower(r.Kind), Group: gv.Group, Version: gv.Version, Namespaced: true})
		}
	}
	return found, nil
}

// IsNoSuchKind says that the server knows no kind of that name.
func IsNoSuchKind(err error) bool { return meta.IsNoMatchError(err) }
