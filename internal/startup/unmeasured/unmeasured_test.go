package unmeasured

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

func TestServes(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want bool
	}{
		{[]string{"kubectl-learn", "list"}, false},
		{[]string{"learn-kubectl"}, false},
		{[]string{"learn-container", "/some/where"}, false},
		{[]string{"learn-node", "/some/where", "worker-1", ""}, true},
		{[]string{"learn-control-plane", "/some/where", "control-plane", ""}, true},
		{nil, false},
	} {
		if got := serves(tt.args); got != tt.want {
			t.Errorf("%q: %t", tt.args, got)
		}
	}
}

// TestKept is about this very process, which is no part of a cluster: what is registered is forgotten, and
// counting still does no harm.
func TestKept(t *testing.T) {
	if !Kept {
		t.Fatal("metrics are registered although this serves none")
	}
	all := func() (n int) {
		for _, g := range []prometheus.Gatherer{prometheus.DefaultGatherer, legacyregistry.DefaultGatherer} {
			families, err := g.Gather()
			if err != nil {
				t.Fatal(err)
			}
			n += len(families)
		}
		return n
	}
	before := all()
	counter := metrics.NewCounterVec(&metrics.CounterOpts{Name: "tests_total", Help: "Tests."}, []string{"kind"})
	legacyregistry.MustRegister(counter)
	counter.WithLabelValues("unit").Inc()
	plain := prometheus.NewCounter(prometheus.CounterOpts{Name: "more_tests_total", Help: "Tests."})
	prometheus.MustRegister(plain)
	plain.Inc()
	if after := all(); after != before {
		t.Errorf("%d metrics before, %d after", before, after)
	}
}
