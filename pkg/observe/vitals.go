package observe

import (
	"context"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// System is the namespace of a cluster's own parts.
const System = "kube-system"

// skewed is how far two clocks may be apart before the server's is taken, which tells whole seconds only.
const skewed = 2 * time.Second

// Vitals asks a cluster's own parts how they are: the API server itself, and for the others the leases that they renew and
// the Pods that they run in. What could not be read is in its Errors.
func Vitals(ctx context.Context, c *kube.Client, clock func() time.Time) *snapshot.Vitals {
	v := &snapshot.Vitals{Errors: map[string]string{}}
	began := clock()
	answer, err := c.Raw(ctx, "/readyz?verbose")
	v.At = clock()
	if err != nil {
		v.Errors["/readyz"] = err.Error()
	} else {
		v.Ready = &snapshot.Readiness{OK: answer.Status == 200, Took: v.At.Sub(began), Checks: checks(string(answer.Body))}
		if at, err := time.Parse(time.RFC1123, answer.Header.Get("Date")); err == nil && at.Sub(v.At).Abs() > skewed {
			v.At = at
		}
	}
	if v.Version, err = c.ServerVersion(ctx); err != nil {
		v.Errors["/version"] = err.Error()
	}
	var queries []snapshot.Query
	for _, text := range []string{"leases", "pods"} {
		if q, err := snapshot.ParseQuery(text); err == nil {
			queries = append(queries, q)
		}
	}
	v.System = Of(c.In(System), clock).Snapshot(ctx, queries)
	return v
}

// checks reads the lines "[+]etcd ok" and "[-]etcd failed: reason withheld".
func checks(text string) map[string]bool {
	found := map[string]bool{}
	for line := range strings.Lines(text) {
		sign, rest, ok := strings.Cut(strings.TrimPrefix(line, "["), "]")
		if !ok || sign != "+" && sign != "-" {
			continue
		}
		if name, _, ok := strings.Cut(strings.TrimSpace(rest), " "); ok {
			found[name] = sign == "+"
		}
	}
	return found
}
