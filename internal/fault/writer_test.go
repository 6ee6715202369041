package fault

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

// TestLost takes away, changes and brings back what a Writer wrote.
func TestLost(t *testing.T) {
	client := fake.NewClientset()
	w := NewWriter("", "default", "w")
	for n := range keep + 2 {
		if !w.write(client, n) {
			t.Fatal("a write was not acknowledged")
		}
	}
	if acked, failed, _ := w.Count(); acked != keep+4 || failed != 0 {
		t.Errorf("%d writes were acknowledged and %d were not, want %d and 0", acked, failed, keep+4)
	}
	compare := func(want ...string) {
		t.Helper()
		lost, err := w.lost(t.Context(), client)
		slices.Sort(lost)
		if err != nil || !slices.Equal(lost, want) {
			t.Errorf("lost = %q, %v, want %q", lost, err, want)
		}
	}
	compare()
	objects := client.CoreV1().ConfigMaps("default")
	if err := objects.Delete(t.Context(), "w-5", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	changed, err := objects.Get(t.Context(), "w-6", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	back := changed.DeepCopy()
	changed.Data["n"] = "other"
	if _, err := objects.Update(t.Context(), changed, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	back.Name = "w-0"
	if _, err := objects.Create(t.Context(), back, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	compare("w-0: its deletion was acknowledged, and it is there", `w-5: acknowledged as 5, is ""`, `w-6: acknowledged as 6, is "other"`)
}
