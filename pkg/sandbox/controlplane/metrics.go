package controlplane

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/rest"
	"k8s.io/kube-openapi/pkg/validation/spec"
	metricsapi "sigs.k8s.io/metrics-server/pkg/api"
	"sigs.k8s.io/metrics-server/pkg/scraper"
	"sigs.k8s.io/metrics-server/pkg/scraper/client"
	"sigs.k8s.io/metrics-server/pkg/scraper/client/resource"
	"sigs.k8s.io/metrics-server/pkg/storage"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/identity"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/pki"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

const (
	// figuresEvery is how often kubelets are asked what their containers use. CPU is the difference of
	// two answers, so a new Pod has figures within twice that. metrics-server by itself takes 60 s.
	figuresEvery = 5 * time.Second
	// figuresWithin is how long a kubelet may take; one that is dead answers nothing.
	figuresWithin = 3 * time.Second
)

// metrics is metrics-server's own collecting and storing, without the server around it: the API
// group metrics.k8s.io is served by the API server itself, from the caches that it has anyway. A second
// server, with its own caches and OpenAPI, costs as much memory as a node.
type metrics struct {
	scraper scraper.Scraper
	store   storage.Storage
}

// newMetrics prepares what asks the kubelets, by the API server's own certificate.
func newMetrics(l sandbox.Layout, a *pki.Authority, f identity.Files, i informers.SharedInformerFactory) (*metrics, error) {
	network := podnet.Network{Dir: l.Net()}
	kubelets, err := resource.NewForConfig(&client.KubeletClientConfig{
		Client: rest.Config{
			TLSClientConfig: rest.TLSClientConfig{CAFile: a.CertFile(), CertFile: f.KubeletCert, KeyFile: f.KubeletKey},
			Dial:            network.Dial,
		},
		AddressTypePriority: []corev1.NodeAddressType{corev1.NodeInternalIP},
		Scheme:              "https", DefaultPort: 10250, UseNodeStatusPort: true,
	})
	if err != nil {
		return nil, fmt.Errorf("set up metrics: %w", err)
	}
	return &metrics{
		scraper: scraper.NewScraper(i.Core().V1().Nodes().Lister(), kubelets, figuresWithin, nil),
		store:   storage.NewStorage(figuresEvery),
	}, nil
}

// install adds the API group to the server of Kubernetes' own groups, the first that the
// aggregator hands requests on to.
func (m *metrics) install(aggregator *genericapiserver.GenericAPIServer, i informers.SharedInformerFactory) error {
	server, ok := aggregator.NextDelegate().(*genericapiserver.GenericAPIServer)
	if !ok {
		return errors.New("set up metrics: the aggregator's next server is of another type in this version of Kubernetes")
	}
	if err := metricsapi.Install(m.store, runningPods{i.Core().V1().Pods().Lister()}, i.Core().V1().Nodes().Lister(), server, nil); err != nil {
		return fmt.Errorf("set up metrics: %w", err)
	}
	return nil
}

// describe has the API server's description of its types (OpenAPI) say which kinds the types of the API
// group are, which it takes from Kubernetes' own scheme alone; kubectl explain reads it.
func describe(config *genericapiserver.Config) {
	kinds := openapi.NewDefinitionNamer(metricsapi.Scheme)
	for _, name := range []*func(string) (string, spec.Extensions){&config.OpenAPIConfig.GetDefinitionName, &config.OpenAPIV3Config.GetDefinitionName} {
		others := *name
		*name = func(typeName string) (string, spec.Extensions) {
			text, extensions := others(typeName)
			if len(extensions) == 0 {
				_, extensions = kinds.GetDefinitionName(typeName)
			}
			return text, extensions
		}
	}
}

// run collects until ctx ends.
func (m *metrics) run(ctx context.Context) {
	t := time.NewTicker(figuresEvery)
	defer t.Stop()
	for {
		m.store.Store(m.scraper.Scrape(ctx))
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}
