package check_test

import (
	"fmt"
	"os"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-learn/kubectl-learn/pkg/check"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// BenchmarkEvaluate judges a check over 30 Pods that does not pass, the dearest case: every reason is looked for.
func BenchmarkEvaluate(b *testing.B) {
	data, err := os.ReadFile("testdata/replicas.yaml")
	if err != nil {
		b.Fatal(err)
	}
	var f testFile
	if err := yaml.Unmarshal(data, &f); err != nil {
		b.Fatal(err)
	}
	seen := &snapshot.Snapshot{At: now(), Namespace: "learn-x", Objects: f.objects(b, []any{map[string]any{"part": "deploy", "spec": map[string]any{"replicas": 30}}, "rs", "worker-1", "worker-2"})}
	for i := range 30 {
		pod := f.objects(b, []any{"a"})[0]
		pod.SetName(fmt.Sprintf("web-1-%d", i))
		pod.SetUID(types.UID(fmt.Sprint(i)))
		seen.Objects = append(seen.Objects, pod)
	}
	step := stepOf(b, f.Cases[0].Check)
	b.ReportAllocs()
	for b.Loop() {
		if r := check.Evaluate(step, seen, seen, now()); r.Passed() {
			b.Fatal("passed")
		}
	}
}
