package node

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	cadvisorapi "github.com/google/cadvisor/lib/model"
	"go.opentelemetry.io/otel/trace/noop"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/tools/record"
	"k8s.io/kubernetes/pkg/kubelet"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	kubecontainer "k8s.io/kubernetes/pkg/kubelet/container"
	"k8s.io/kubernetes/pkg/kubelet/kuberuntime"
	"k8s.io/kubernetes/pkg/kubelet/prober"
	"k8s.io/kubernetes/pkg/probe"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/runtime"
)

// bareKubelet is a kubelet of which no more is there than what onPodNetwork sets, built by the
// constructors that the kubelet itself calls.
func bareKubelet(t *testing.T) *kubelet.Kubelet {
	t.Helper()
	dir, err := os.MkdirTemp("", "lnode-") // short, for unix sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	rt, err := runtime.New(runtime.Options{Dir: dir, Node: sandbox.Node{Name: "worker-1", Index: 1}, Network: podnet.Network{Dir: filepath.Join(dir, "net")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rt.Close(context.Background()) })
	manager, _, err := kuberuntime.NewKubeGenericRuntimeManager(
		t.Context(), &record.FakeRecorder{}, nil, nil, nil, dir, filepath.Join(dir, "logs"), &cadvisorapi.MachineInfo{}, nil, 10,
		kubecontainer.RealOS{}, nil, http.DefaultClient, nil, false, nil, 0, 0, string(kubeletconfig.NeverVerify), nil, "", "",
		nil, false, metav1.Duration{}, nil, rt, rt, cm.NewStubContainerManager(), nil, nil, false, "", nil, nil, "", nil,
		noop.NewTracerProvider(), nil, nil, nil,
	)
	if err != nil {
		t.Fatalf("make the kubelet's runtime manager: %v", err)
	}
	k := &kubelet.Kubelet{}
	for name, value := range map[string]any{
		"containerRuntime": kubecontainer.Runtime(manager),
		"probeManager":     prober.NewManager(nil, nil, nil, nil, nil, &record.FakeRecorder{}),
	} {
		if err := setField(reflect.ValueOf(k), []string{name}, value); err != nil {
			t.Fatalf("the kubelet of this Kubernetes is built differently; look at kubelet.go there and at onPodNetwork here: %v", err)
		}
	}
	return k
}

// get reads a field that is not exported, through interfaces and pointers.
func get(t *testing.T, v any, path ...string) reflect.Value {
	t.Helper()
	r := reflect.ValueOf(v)
	for _, name := range path {
		for r.Kind() == reflect.Pointer || r.Kind() == reflect.Interface {
			r = r.Elem()
		}
		if r = r.FieldByName(name); !r.IsValid() {
			t.Fatalf("no field %q of %s", name, strings.Join(path, "."))
		}
	}
	return r
}

func TestTheKubeletOfThisKubernetesHasTheFieldsThatAreSet(t *testing.T) {
	k := bareKubelet(t)
	dial := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("not now") }
	if err := onPodNetwork(k, dial); err != nil {
		t.Fatalf("this Kubernetes (%s) renamed or retyped what probes.go sets; find where it went: %v", sandbox.Version, err)
	}
	for path, want := range map[string]reflect.Type{
		"probeManager.prober.http":         reflect.TypeFor[httpProber](),
		"probeManager.prober.tcp":          reflect.TypeFor[tcpProber](),
		"probeManager.prober.grpc":         reflect.TypeFor[grpcProber](),
		"containerRuntime.runner.httpDoer": reflect.TypeFor[*http.Client](),
	} {
		if got := get(t, k, strings.Split(path, ".")...).Elem().Type(); got != want {
			t.Errorf("%s holds a %v, want a %v", path, got, want)
		}
	}
	if client := get(t, k, "containerRuntime", "runner", "httpDoer").Elem(); client.Pointer() == reflect.ValueOf(http.DefaultClient).Pointer() {
		t.Error("the lifecycle hooks' HTTP client is still the one that it was made with")
	}
	if get(t, k, "nodeIPValidator").IsNil() {
		t.Error("the node's address is still not taken without a look at the host's interfaces")
	}
}

// What is set must be what is used: a PostStart hook goes out by dial.
func TestALifecycleHookGoesToThePodNetwork(t *testing.T) {
	k := bareKubelet(t)
	dialed := make(chan string, 1)
	if err := onPodNetwork(k, func(_ context.Context, _, address string) (net.Conn, error) {
		dialed <- address
		return nil, errors.New("no route")
	}); err != nil {
		t.Fatal(err)
	}
	runner := reflect.NewAt(get(t, k, "containerRuntime", "runner").Type(), get(t, k, "containerRuntime", "runner").Addr().UnsafePointer()).
		Elem().Interface().(kubecontainer.HandlerRunner)
	_, err := runner.Run(t.Context(), kubecontainer.ContainerID{}, &corev1.Pod{}, &corev1.Container{}, &corev1.LifecycleHandler{
		HTTPGet: &corev1.HTTPGetAction{Host: "10.244.1.2", Port: intstr.FromInt32(8080), Path: "/begin", Scheme: corev1.URISchemeHTTP},
	})
	if err == nil || !strings.Contains(err.Error(), "no route") {
		t.Errorf("the hook ended with %v", err)
	}
	if got := <-dialed; got != "10.244.1.2:8080" {
		t.Errorf("the hook went to %s", got)
	}
}

func TestAFieldThatCannotBeSetIsAnErrorAndNoPanic(t *testing.T) {
	type inner struct{ Name string }
	type outer struct {
		inner   *inner
		nothing *inner
		byValue any
		number  int
	}
	o := &outer{inner: &inner{}, byValue: inner{}}
	for name, tc := range map[string]struct {
		path  []string
		value any
		want  string
	}{
		"unknown":                    {[]string{"renamed"}, 1, `node.outer has no field "renamed"`},
		"unknown further in":         {[]string{"inner", "renamed"}, "", `node.inner has no field "renamed"`},
		"in no struct":               {[]string{"number", "digit"}, 1, `no struct holds "digit"`},
		"behind a nil":               {[]string{"nothing", "Name"}, "", `no struct holds "Name"`},
		"a copy in an interface":     {[]string{"byValue", "Name"}, "", "can't be set"},
		"of another type":            {[]string{"number"}, "one", "int can't hold string"},
		"of another type further in": {[]string{"inner", "Name"}, 1, "string can't hold int"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := setField(reflect.ValueOf(o), tc.path, tc.value); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
	if err := setField(reflect.ValueOf(o), []string{"inner", "Name"}, "set"); err != nil || o.inner.Name != "set" {
		t.Errorf("a field that there is: %v, %q", err, o.inner.Name)
	}
	// A kubelet in which nothing was built yet is an error that names the field.
	if err := onPodNetwork(&kubelet.Kubelet{}, nil); err == nil || !strings.Contains(err.Error(), `"prober"`) {
		t.Errorf("an empty kubelet: %v", err)
	}
}

// to is a dialer to one listener, that notes what was asked for.
func to(l net.Listener, asked *string) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		*asked = address
		return (&net.Dialer{}).DialContext(ctx, network, l.Addr().String())
	}
}

func TestProbesGoToThePodNetwork(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if code, err := strconv.Atoi(r.URL.Path[1:]); err == nil {
			w.WriteHeader(code)
		}
	}))
	defer server.Close()
	var asked string
	dial := to(server.Listener, &asked)
	httpProbe := httpProber{transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
	for path, want := range map[string]probe.Result{"/200": probe.Success, "/404": probe.Failure, "/503": probe.Failure} {
		u := &url.URL{Scheme: "http", Host: "10.244.1.2:80", Path: path}
		got, says, err := httpProbe.Probe(&http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}}, 5*time.Second)
		if got != want || err != nil || asked != "10.244.1.2:80" {
			t.Errorf("%s: %v (%s), %v, by %s; want %v", path, got, says, err, asked, want)
		}
	}
	if got, _, err := (tcpProber{dial}).Probe("10.244.1.3", 6379, 5*time.Second); got != probe.Success || err != nil || asked != "10.244.1.3:6379" {
		t.Errorf("TCP: %v, %v, by %s", got, err, asked)
	}
	refused := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("connection refused") }
	if got, says, err := (tcpProber{refused}).Probe("10.244.1.3", 6379, 5*time.Second); got != probe.Failure || err != nil || says != "connection refused" {
		t.Errorf("TCP to nobody: %v, %q, %v", got, says, err)
	}
}
