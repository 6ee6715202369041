package service

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	coreinformers "k8s.io/client-go/informers/core/v1"
	discoveryinformers "k8s.io/client-go/informers/discovery/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

const (
	byIP       = "ip"       // Services by every address that they answer at
	byNodePort = "nodePort" // Services by tcp/30080
	byService  = "service"  // EndpointSlices by namespace/name of their Service
	byEndpoint = "endpoint" // EndpointSlices by the addresses in them
)

// Table is a node's view of Services, endpoints and names. It is safe for concurrent use.
type Table struct {
	services cache.SharedIndexInformer
	slices   cache.SharedIndexInformer
	node     string
	random   func(n int) int
	now      func() time.Time

	mu       sync.Mutex
	affinity affinities
}

// Option sets what a Table has a default for.
type Option func(*Table)

// OnNode names the node that the table is for: its endpoints are the local ones of
// internalTrafficPolicy and trafficDistribution. Without it no endpoint is local.
func OnNode(name string) Option { return func(t *Table) { t.node = name } }

// WithRandom sets what picks one of n endpoints, a function that returns 0 to n-1. Calls are
// serialized.
func WithRandom(pick func(n int) int) Option { return func(t *Table) { t.random = pick } }

// WithClock sets the time that session affinity is measured by.
func WithClock(now func() time.Time) Option { return func(t *Table) { t.now = now } }

// New makes a table that Run fills. The client needs list and watch of Services and EndpointSlices.
func New(client kubernetes.Interface, options ...Option) *Table {
	t := &Table{
		services: coreinformers.NewServiceInformer(client, corev1.NamespaceAll, 0, cache.Indexers{
			byIP: serviceIPs, byNodePort: serviceNodePorts,
		}),
		slices: discoveryinformers.NewEndpointSliceInformer(client, corev1.NamespaceAll, 0, cache.Indexers{
			byService: sliceService, byEndpoint: sliceAddresses,
		}),
		random:   rand.IntN,
		now:      time.Now,
		affinity: affinities{},
	}
	for _, o := range options {
		o(t)
	}
	// Neither can fail before the informers run.
	_ = t.services.SetTransform(trim)
	_ = t.slices.SetTransform(trim)
	return t
}

// Run watches until the context ends.
func (t *Table) Run(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() { t.services.RunWithContext(ctx) })
	both.Go(func() { t.slices.RunWithContext(ctx) })
	both.Wait()
}

// WaitForSync returns when the table has been filled once, or with the context's error.
func (t *Table) WaitForSync(ctx context.Context) error {
	for _, informer := range []cache.SharedIndexInformer{t.services, t.slices} {
		select {
		case <-informer.HasSyncedChecker().Done():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// trim drops what nobody here reads: managed fields are most of a Service's size, and kubectl's
// last-applied annotation is a second copy of it.
func trim(obj any) (any, error) {
	if m, err := meta.Accessor(obj); err == nil {
		m.SetManagedFields(nil)
		m.SetAnnotations(nil)
	}
	return obj, nil
}

func serviceIPs(obj any) ([]string, error) {
	svc, ok := obj.(*corev1.Service)
	if !ok {
		return nil, nil
	}
	var ips []string
	if hasClusterIP(svc) {
		ips = append(ips, svc.Spec.ClusterIP)
	}
	ips = append(ips, svc.Spec.ExternalIPs...)
	for _, in := range svc.Status.LoadBalancer.Ingress {
		if in.IP != "" && (in.IPMode == nil || *in.IPMode == corev1.LoadBalancerIPModeVIP) {
			ips = append(ips, in.IP)
		}
	}
	return ips, nil
}

func serviceNodePorts(obj any) ([]string, error) {
	svc, ok := obj.(*corev1.Service)
	if !ok {
		return nil, nil
	}
	var keys []string
	for _, p := range svc.Spec.Ports {
		if p.NodePort != 0 {
			keys = append(keys, nodePortKey(protocolOf(p.Protocol), int(p.NodePort)))
		}
	}
	return keys, nil
}

func nodePortKey(proto string, port int) string { return proto + "/" + strconv.Itoa(port) }

func sliceService(obj any) ([]string, error) {
	s, ok := obj.(*discoveryv1.EndpointSlice)
	if !ok || s.AddressType != discoveryv1.AddressTypeIPv4 {
		return nil, nil
	}
	return []string{s.Namespace + "/" + s.Labels[discoveryv1.LabelServiceName]}, nil
}

func sliceAddresses(obj any) ([]string, error) {
	s, ok := obj.(*discoveryv1.EndpointSlice)
	if !ok || s.AddressType != discoveryv1.AddressTypeIPv4 {
		return nil, nil
	}
	var ips []string
	for _, e := range s.Endpoints {
		ips = append(ips, e.Addresses...)
	}
	return ips, nil
}

// protocolOf is a protocol as package podnet names it; TCP is the API's default.
func protocolOf(p corev1.Protocol) string {
	if p == "" {
		return "tcp"
	}
	return strings.ToLower(string(p))
}

func hasClusterIP(svc *corev1.Service) bool {
	return svc.Spec.Type != corev1.ServiceTypeExternalName &&
		svc.Spec.ClusterIP != "" && svc.Spec.ClusterIP != corev1.ClusterIPNone
}

// service finds a Service by name, or nil.
func (t *Table) service(namespace, name string) *corev1.Service {
	obj, ok, err := t.services.GetStore().GetByKey(namespace + "/" + name)
	if err != nil || !ok {
		return nil
	}
	svc, _ := obj.(*corev1.Service)
	return svc
}

func (t *Table) servicesBy(index, key string) []*corev1.Service {
	return listBy[*corev1.Service](t.services, index, key)
}

func (t *Table) slicesBy(index, key string) []*discoveryv1.EndpointSlice {
	return listBy[*discoveryv1.EndpointSlice](t.slices, index, key)
}

func listBy[T any](informer cache.SharedIndexInformer, index, key string) []T {
	objs, err := informer.GetIndexer().ByIndex(index, key)
	if err != nil {
		return nil
	}
	out := make([]T, 0, len(objs))
	for _, o := range objs {
		if v, ok := o.(T); ok {
			out = append(out, v)
		}
	}
	return out
}

// pick chooses one of n. The source of chance need not be safe for concurrent use.
func (t *Table) pick(n int) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.random(n)
}
