package node

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"strconv"
	"time"
	"unsafe"

	"k8s.io/kubernetes/pkg/kubelet"
	kubetypes "k8s.io/kubernetes/pkg/kubelet/types"
	"k8s.io/kubernetes/pkg/probe"
	grpcprobe "k8s.io/kubernetes/pkg/probe/grpc"
	httpprobe "k8s.io/kubernetes/pkg/probe/http"
	tcpprobe "k8s.io/kubernetes/pkg/probe/tcp"
)

// dialer connects to a Pod or a node of the cluster's network.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

type tcpProber struct{ dial dialer }

func (p tcpProber) Probe(host string, port int, timeout time.Duration) (probe.Result, string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	c, err := p.dial(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return probe.Failure, err.Error(), nil
	}
	return probe.Success, "", c.Close()
}

type httpProber struct{ transport, h2c *http.Transport }

func (p httpProber) Probe(req *http.Request, timeout time.Duration) (probe.Result, string, error) {
	return probeHTTP(req, timeout, p.transport)
}

func (p httpProber) ProbeH2C(req *http.Request, timeout time.Duration) (probe.Result, string, error) {
	return probeHTTP(req, timeout, p.h2c)
}

func probeHTTP(req *http.Request, timeout time.Duration, t *http.Transport) (probe.Result, string, error) {
	client := &http.Client{Timeout: timeout, Transport: t, CheckRedirect: httpprobe.RedirectChecker(false)}
	return httpprobe.DoHTTPProbe(req, client)
}

// onPodNetwork makes the kubelet reach Pods through dial, for probes and lifecycle hooks, and take a
// node address that no interface of the host has. The kubelet has no setting for either, so this
// sets fields of its own; a field that a new version of Kubernetes renamed is an error, not a panic.
func onPodNetwork(k *kubelet.Kubelet, dial dialer) error {
	transport := &http.Transport{
		DialContext: dial, DisableKeepAlives: true, DisableCompression: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // as the kubelet's own prober: it checks health, not identity
	}
	h2c := transport.Clone()
	h2c.Protocols = new(http.Protocols)
	h2c.Protocols.SetUnencryptedHTTP2(true)
	root := reflect.ValueOf(k)
	for _, f := range []struct {
		path  []string
		value any
	}{
		{[]string{"nodeIPValidator"}, func(net.IP) error { return nil }},
		{[]string{"probeManager", "prober", "http"}, httpprobe.Prober(httpProber{transport, h2c})},
		{[]string{"probeManager", "prober", "tcp"}, tcpprobe.Prober(tcpProber{dial})},
		{[]string{"probeManager", "prober", "grpc"}, grpcprobe.Prober(grpcProber{dial})},
		{[]string{"containerRuntime", "runner", "httpDoer"}, kubetypes.HTTPDoer(&http.Client{Transport: transport})},
	} {
		if err := setField(root, f.path, f.value); err != nil {
			return fmt.Errorf("set up kubelet for the Pod network: %w", err)
		}
	}
	return nil
}

func setField(v reflect.Value, path []string, value any) error {
	for _, name := range path {
		for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return fmt.Errorf("no struct holds %q", name)
		}
		f := v.FieldByName(name)
		if !f.IsValid() {
			return fmt.Errorf("%s has no field %q", v.Type(), name)
		}
		if !f.CanAddr() {
			return fmt.Errorf("field %q can't be set: its %s is a copy", name, v.Type())
		}
		v = reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
	}
	n := reflect.ValueOf(value)
	if !n.Type().AssignableTo(v.Type()) {
		return fmt.Errorf("%s can't hold %s", v.Type(), n.Type())
	}
	v.Set(n)
	return nil
}
