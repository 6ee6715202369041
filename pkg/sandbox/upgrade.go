package sandbox

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/version"

	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// Upgrade says whether a cluster whose objects an API server of Kubernetes from wrote can be started
// with Kubernetes to: the same one, a later one of the same minor version, or one of the next. The
// error says what to do where it can't. Kubernetes reads what the minor version before it wrote, and
// nothing that a later one did: https://kubernetes.io/releases/version-skew-policy.
func Upgrade(name, from, to string) error {
	old, err := version.ParseSemantic(from)
	if err != nil {
		return fmt.Errorf("read the version of cluster %s: %w", name, err)
	}
	now, err := version.ParseSemantic(to)
	if err != nil {
		return fmt.Errorf("read version: %w", err)
	}
	const ways = "use the kubectl-learn that made it, or delete it: " + plugin.Command + " cluster delete --name "
	switch {
	case now.LessThan(old):
		return fmt.Errorf("cluster %s is of Kubernetes %s, and this kubectl-learn brings the older %s, which may not understand its objects: %s%s", name, from, to, ways, name)
	case now.Major() != old.Major() || now.Minor() > old.Minor()+1:
		return fmt.Errorf("cluster %s is of Kubernetes %s, and this kubectl-learn brings %s: Kubernetes is upgraded one minor version at a time; %s%s", name, from, to, ways, name)
	}
	return nil
}
