package node

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"k8s.io/component-base/version"
	"k8s.io/kubernetes/pkg/probe"
	grpcprobe "k8s.io/kubernetes/pkg/probe/grpc"
)

// grpcProber does and says what the kubelet's own does (pkg/probe/grpc), which takes no dialer. It leaves
// out TLS, which is behind a feature gate.
type grpcProber struct{ dial dialer }

func (p grpcProber) Probe(host, service string, port int, timeout time.Duration, _ grpcprobe.ProbeOptions) (probe.Result, string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	address := net.JoinHostPort(host, strconv.Itoa(port))
	v := version.Get()
	conn, err := grpc.NewClient("passthrough:///"+address,
		grpc.WithUserAgent(fmt.Sprintf("kube-probe/%s.%s", v.Major, v.Minor)),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) { return p.dial(ctx, "tcp", address) }))
	if err != nil {
		return probe.Failure, fmt.Sprintf("error: failed to connect service at %q: %+v", address, err), nil
	}
	defer conn.Close()
	if err := connected(ctx, conn); err != nil {
		return probe.Failure, fmt.Sprintf("timeout: failed to connect service %q within %v: %+v", address, timeout, err), nil
	}
	resp, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: service})
	switch {
	case status.Code(err) == codes.Unimplemented:
		return probe.Failure, "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): " + status.Convert(err).Message(), nil
	case status.Code(err) == codes.DeadlineExceeded:
		return probe.Failure, fmt.Sprintf("timeout: health rpc did not complete within %v", timeout), nil
	case err != nil:
		return probe.Failure, fmt.Sprintf("error: health rpc probe failed: %+v", err), nil
	case resp.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING:
		return probe.Failure, fmt.Sprintf("service unhealthy (responded with %q)", resp.GetStatus().String()), nil
	}
	return probe.Success, "service healthy", nil
}

// connected waits for a connection. One that fails is tried again until the context ends, whose error that is.
func connected(ctx context.Context, conn *grpc.ClientConn) error {
	for {
		conn.Connect()
		state := conn.GetState()
		if state == connectivity.Ready {
			return nil
		}
		if !conn.WaitForStateChange(ctx, state) {
			return ctx.Err()
		}
	}
}
