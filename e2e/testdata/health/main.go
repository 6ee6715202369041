// Command health serves what gRPC's health checks ask for, without gRPC's packages: whether it is well, on
// port 8080. GET /sick makes it unwell.
package main

import (
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// The statuses of grpc.health.v1.HealthCheckResponse.
const (
	serving    = 1
	notServing = 2
)

func main() {
	var status atomic.Int32
	status.Store(serving)
	http.HandleFunc("GET /sick", func(w http.ResponseWriter, _ *http.Request) {
		status.Store(notServing)
		fmt.Fprintln(w, "not well")
	})
	http.HandleFunc("POST /grpc.health.v1.Health/Check", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status")
		// Not compressed, 2 bytes long: field 1, a varint.
		_, _ = w.Write([]byte{0, 0, 0, 0, 2, 1 << 3, byte(status.Load())})
		w.Header().Set("Grpc-Status", "0")
	})
	s := &http.Server{Addr: ":8080", ReadHeaderTimeout: time.Second, Protocols: new(http.Protocols)}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	fmt.Fprintln(os.Stderr, s.ListenAndServe())
	os.Exit(1)
}
