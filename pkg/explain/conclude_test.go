package explain

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// A rollout goes from the old version alone to the new one alone; between them the new one may be whole already.
func TestHowFarARolloutIs(t *testing.T) {
	for name, tt := range map[string]struct {
		seen, all, updated, ready int32
		up, done                  bool
	}{
		"not begun":                   {1, 2, 2, 2, false, false},
		"one of the new is ready":     {2, 3, 1, 3, false, false},
		"both are there, one ready":   {2, 3, 2, 2, false, false},
		"both are ready, an old left": {2, 3, 2, 3, true, false},
		"the old are gone":            {2, 2, 2, 2, true, true},
	} {
		d := &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Generation: 2}, Spec: appsv1.DeploymentSpec{Replicas: ptr.To(int32(2))},
			Status: appsv1.DeploymentStatus{ObservedGeneration: int64(tt.seen), Replicas: tt.all, UpdatedReplicas: tt.updated, ReadyReplicas: tt.ready},
		}
		if newIsUp(d) != tt.up || complete(d) != tt.done {
			t.Errorf("%s: new is up %t, complete %t", name, newIsUp(d), complete(d))
		}
	}
}
