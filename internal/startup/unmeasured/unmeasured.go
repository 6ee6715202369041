// Package unmeasured makes the program start faster. The packages of Kubernetes and etcd register some 900
// metrics while they are initialised, each from a goroutine of its own, which costs a quarter of the time that
// a short command takes. Only the parts of a cluster serve metrics, so for all else none is registered.
// Packages are initialised in the order of their import paths as soon as what they import is, so this one comes
// after those that keep metrics and before those that have some.
package unmeasured

import (
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/role"
)

// Kept says that no metric is registered in this process.
var Kept = keep()

func keep() bool {
	if serves(os.Args) {
		return false
	}
	prometheus.DefaultRegisterer = nowhere{}
	legacyregistry.Registerer = func() prometheus.Registerer { return nowhere{} }
	legacyregistry.Register = func(metrics.Registerable) error { return nil }
	legacyregistry.MustRegister = func(...metrics.Registerable) {}
	legacyregistry.RawMustRegister = func(...prometheus.Collector) {}
	return true
}

// serves says that a process with these arguments is a part of a cluster.
func serves(args []string) bool {
	r := role.Of(args)
	return r == role.ControlPlane || r == role.Node
}

// nowhere forgets what is registered.
type nowhere struct{}

func (nowhere) Register(prometheus.Collector) error  { return nil }
func (nowhere) MustRegister(...prometheus.Collector) {}
func (nowhere) Unregister(prometheus.Collector) bool { return false }
