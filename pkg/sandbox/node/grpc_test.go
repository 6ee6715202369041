package node

import (
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"k8s.io/kubernetes/pkg/probe"
	grpcprobe "k8s.io/kubernetes/pkg/probe/grpc"
)

// serve has a gRPC server on loopback until the test ends.
func serve(t *testing.T, s *grpc.Server) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return l
}

// TestGRPCProbesSayWhatTheKubeletsOwnSays asks servers on loopback, which the kubelet's own prober can reach.
func TestGRPCProbesSayWhatTheKubeletsOwnSays(t *testing.T) {
	well := grpc.NewServer()
	h := health.NewServer()
	h.SetServingStatus("ill", grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	grpc_health_v1.RegisterHealthServer(well, h)
	healthy, without := serve(t, well), serve(t, grpc.NewServer())
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	client, err := net.Dial("tcp", silent.Addr().String()) // nobody can come to listen at its end while it is open
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	const patient, hasty = 10 * time.Second, 200 * time.Millisecond
	for name, tc := range map[string]struct {
		at      net.Addr
		service string
		timeout time.Duration
		want    probe.Result
		says    string
	}{
		"healthy":             {healthy.Addr(), "", patient, probe.Success, "service healthy"},
		"unhealthy":           {healthy.Addr(), "ill", patient, probe.Failure, `service unhealthy (responded with "NOT_SERVING")`},
		"unknown service":     {healthy.Addr(), "none", patient, probe.Failure, "error: health rpc probe failed: "},
		"no health protocol":  {without.Addr(), "", patient, probe.Failure, "error: this server does not implement the grpc health protocol"},
		"nobody listens":      {client.LocalAddr(), "", hasty, probe.Failure, "timeout: failed to connect service "},
		"no server of gRPC's": {silent.Addr(), "", hasty, probe.Failure, "timeout: failed to connect service "},
	} {
		t.Run(name, func(t *testing.T) {
			port := tc.at.(*net.TCPAddr).Port
			got, says, err := grpcProber{(&net.Dialer{}).DialContext}.Probe("127.0.0.1", tc.service, port, tc.timeout, grpcprobe.ProbeOptions{})
			if got != tc.want || !strings.HasPrefix(says, tc.says) || err != nil {
				t.Errorf("%v (%s), %v; want %v (%s)", got, says, err, tc.want, tc.says)
			}
			if theirs, say, err := grpcprobe.New().Probe("127.0.0.1", tc.service, port, tc.timeout, grpcprobe.ProbeOptions{}); theirs != got || say != says || err != nil {
				t.Errorf("the kubelet's own prober: %v (%s), %v; this one: %v (%s)", theirs, say, err, got, says)
			}
		})
	}
}
