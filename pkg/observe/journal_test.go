package observe_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-learn/kubectl-learn/pkg/observe"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

const journalSpace = "namespace: learn-heal"

// story is what a timeline says after its start: type and name each.
func story(t *snapshot.Timeline) string {
	var all []string
	for _, c := range t.Changes {
		if !c.At.Before(t.Start) {
			all = append(all, string(c.Type)+" "+c.Name)
		}
	}
	return strings.Join(all, ", ")
}

func TestAJournalTellsAnotherProcess(t *testing.T) {
	server, eyes, ctx := setUp(t)
	server.Put("{apiVersion: v1, kind: Pod, metadata: {name: old, " + journalSpace + "}}")
	path := filepath.Join(t.TempDir(), "session", "journal.jsonl")
	if watched, err := observe.ReadJournal(path, time.Now()); watched != nil || err != nil {
		t.Errorf("of a file that is not there: %v %v", watched, err)
	}
	recorder, file, err := observe.Journal(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	pods := queries(t, "pods")
	seen, err := eyes.Watch(ctx, pods, recorder)
	if err != nil {
		t.Fatal(err)
	}
	<-seen
	since := time.Now()
	server.Put("{apiVersion: v1, kind: Pod, metadata: {name: new, " + journalSpace + "}}")
	server.Put("{apiVersion: v1, kind: Pod, metadata: {name: new, " + journalSpace + ", labels: {a: b}}}")
	server.Remove("pods", "learn-heal", "old")
	var timeline *snapshot.Timeline
	for timeline == nil || !strings.Contains(story(timeline), "DELETED") {
		<-seen
		if timeline, err = observe.ReadJournal(path, since); err != nil || timeline == nil {
			t.Fatalf("%v, %v", timeline, err)
		}
	}
	if got := story(timeline); got != "ADDED new, MODIFIED new, DELETED old" {
		t.Errorf("it tells %s", got)
	}
	if first := timeline.Changes[0]; first.Name != "old" || !first.At.Before(since) {
		t.Errorf("of the start it tells %+v", first)
	}
	if early, err := observe.ReadJournal(path, since.Add(-time.Hour)); early != nil || err != nil {
		t.Errorf("it tells of a time when nobody watched: %v %v", early, err)
	}
	second, file2, err := observe.Journal(path)
	if err != nil || second == nil {
		t.Fatal(err)
	}
	_ = file2.Close()
	if again, err := observe.ReadJournal(path, since); err != nil || again == nil || len(again.Changes) != len(timeline.Changes) {
		t.Errorf("another that watches took something away: %v %v", again, err)
	}

	// What is not in it yet, a look adds.
	server.Put("{apiVersion: v1, kind: Service, metadata: {name: web, " + journalSpace + "}}")
	late := observe.CatchUp(timeline, eyes.Snapshot(ctx, queries(t, "pods", "services", "nodes")))
	if got := story(late); got != "ADDED new, MODIFIED new, DELETED old, ADDED web" {
		t.Errorf("after a look it tells %s", got)
	}
	_ = file.Close()
	if after, err := observe.ReadJournal(path, since); after != nil || err != nil {
		t.Errorf("it tells although nobody watches: %v %v", after, err)
	}
	server.Remove("pods", "learn-heal", "new")
	late = observe.CatchUp(timeline, eyes.Snapshot(ctx, queries(t, "pods", "services")))
	if got := story(late); !strings.Contains(got, "DELETED new") {
		t.Errorf("of a Pod that has gone meanwhile it tells %s", got)
	}
}

// A learner reads for a while before the practice shell opens, in which nothing happens.
func TestAJournalThatBeganALittleLate(t *testing.T) {
	server, eyes, ctx := setUp(t)
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	recorder, file, err := observe.Journal(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	seen, err := eyes.Watch(ctx, queries(t, "pods"), recorder)
	if err != nil {
		t.Fatal(err)
	}
	<-seen
	since := time.Now().Add(-time.Minute)
	server.Put("{apiVersion: v1, kind: Pod, metadata: {name: new, " + journalSpace + "}}")
	<-seen
	timeline, err := observe.ReadJournal(path, since)
	if err != nil || timeline == nil || story(timeline) != "ADDED new" {
		t.Errorf("it tells %v, %v", timeline, err)
	}
}

func objects(t *testing.T, texts ...string) (all []*unstructured.Unstructured) {
	t.Helper()
	for _, text := range texts {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

func TestWhatObjectsSayOfThemselves(t *testing.T) {
	since := time.Date(2030, 5, 6, 12, 0, 0, 500, time.UTC)
	before := &snapshot.Snapshot{At: since, Objects: objects(t,
		"{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, uid: d1, resourceVersion: '1', creationTimestamp: '2030-05-06T11:00:00Z'}}",
		"{apiVersion: v1, kind: Pod, metadata: {name: old, uid: p1, resourceVersion: '2', creationTimestamp: '2030-05-06T11:00:00Z'}}",
		"{apiVersion: v1, kind: Pod, metadata: {name: same, uid: p3, resourceVersion: '3', creationTimestamp: '2030-05-06T11:00:00Z'}}",
	)}
	now := &snapshot.Snapshot{At: since.Add(time.Minute), Objects: objects(t,
		"{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, uid: d1, resourceVersion: '9', creationTimestamp: '2030-05-06T11:00:00Z', managedFields: [{manager: kubectl, operation: Update, time: '2030-05-06T12:00:05Z'}, {manager: c, subresource: status, operation: Update, time: '2030-05-06T12:00:40Z'}]}}",
		"{apiVersion: v1, kind: Pod, metadata: {name: same, uid: p3, resourceVersion: '3', creationTimestamp: '2030-05-06T11:00:00Z'}}",
		"{apiVersion: v1, kind: Pod, metadata: {name: new, uid: p2, resourceVersion: '8', creationTimestamp: '2030-05-06T12:00:06Z'}, spec: {nodeName: n1}, status: {conditions: [{type: PodScheduled, status: 'True', lastTransitionTime: '2030-05-06T12:00:07Z'}, {type: Ready, status: 'True', lastTransitionTime: '2030-05-06T12:00:09Z'}]}}",
		"{apiVersion: v1, kind: Event, metadata: {name: e}, involvedObject: {uid: p1}, lastTimestamp: '2030-05-06T12:00:08Z'}",
	)}
	timeline := observe.Rebuild(before, now, since)
	if got := story(timeline); got != "MODIFIED web, ADDED new, MODIFIED new, DELETED old, MODIFIED new" {
		t.Errorf("they say %s", got)
	}
	for _, c := range timeline.Changes {
		if c.Source != snapshot.FromObjects {
			t.Errorf("%s comes from %s", c.Name, c.Source)
		}
	}
	if got := story(observe.Rebuild(nil, now, since)); got != "ADDED new, MODIFIED new, MODIFIED new" {
		t.Errorf("without a look before they say %s", got)
	}
}
