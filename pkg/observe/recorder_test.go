package observe

import (
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Who made a Pod may be answered after who bound it; it was made before that all the same.
func TestWhatIsMadeComesFirst(t *testing.T) {
	begun := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return begun.Add(time.Duration(ms) * time.Millisecond) }
	var told []string
	for _, c := range cut([]snapshot.Change{
		{At: at(30), Received: at(20), Verb: "create", Subresource: "binding"}, {At: at(40), Received: at(10), Verb: "create"}, {At: at(5), Received: at(1), Verb: "update"},
	}, begun, at(50)).Changes {
		told = append(told, c.Verb+c.Subresource)
	}
	if want := []string{"update", "create", "createbinding"}; !slices.Equal(told, want) {
		t.Errorf("%q, want %q", told, want)
	}
}

// News of a Pod that comes before news of the Deployment that asked for it is told after it, and no time is later than it was.
func TestNewsInTheOrderOfTheWrites(t *testing.T) {
	begun := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return begun.Add(time.Duration(ms) * time.Millisecond) }
	news := func(kind, name, version string, ms int) snapshot.Change {
		o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": kind}}
		o.SetName(name)
		o.SetResourceVersion(version)
		return snapshot.Change{At: at(ms), Source: snapshot.FromWatch, Type: snapshot.Modified, Name: name, Object: o}
	}
	r := &Recorder{}
	r.Add(
		news("Pod", "made", "103", 20), news("Pod", "bound", "104", 21), news("Pod", "runs", "99999", 7000), news("Pod", "ready", "107", 700),
		snapshot.Change{At: at(10), Source: "fault", Name: "struck"},
		news("Deployment", "asked", "101", 430), news("ReplicaSet", "set", "102", 431), news("Node", "another store", "9", 30000),
	)
	var told []string
	for _, c := range r.Timeline(begun, at(60000)).Changes {
		told = append(told, c.Name+" "+c.At.Sub(begun).String())
	}
	want := []string{"struck 10ms", "asked 20ms", "set 20ms", "made 20ms", "bound 21ms", "ready 700ms", "runs 7s", "another store 30s"}
	if !slices.Equal(told, want) {
		t.Errorf("%q\nwant %q", told, want)
	}
}
