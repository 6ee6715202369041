package sandbox

import (
	"fmt"
	"net"
	"testing"
)

func TestFreePort(t *testing.T) {
	port, err := FreePort(15000)
	if err != nil || port < 15000 || port >= 15000+ports {
		t.Fatalf("port %d, %v, want one of the %d from 15000 on", port, err, ports)
	}
	if !PortIsFree(port) {
		t.Error("it is not free")
	}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if PortIsFree(port) {
		t.Error("a port on which somebody listens is said to be free")
	}
	// Where none of those is there to be had, any will do.
	if port, err := FreePort(70000); err != nil || port < 1 || port > 65535 {
		t.Errorf("port %d, %v", port, err)
	}
}
