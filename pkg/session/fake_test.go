package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/home"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/progress"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// world is a cluster of ConfigMaps and nodes that holds still unless something is done to it.
type world struct {
	mu      sync.Mutex
	objects map[string]*unstructured.Unstructured // namespace/name
	spaces  map[string]bool
	// passing is listed in the next inventory, and in none after it.
	passing []Item
	nodes   map[string]bool // name: ready
	changed chan struct{}
	made    int
	// at is when snapshots are taken, as they say; zero: when they are.
	at time.Time
	// broken is why nothing can be read.
	broken string
	// beforeRun is called before each command; nil: nothing.
	beforeRun func()
	// recorded is called after each event of the record; nil: nothing.
	recorded func(progress.Event)
	// fuse is how many more things may happen before the process is killed; 0 means for ever.
	fuse int
}

// killed is what a test recovers from: kill -9.
type killed struct{}

func newWorld() *world {
	return &world{
		objects: map[string]*unstructured.Unstructured{}, spaces: map[string]bool{},
		nodes: map[string]bool{"control-plane": true, "worker-1": true, "worker-2": true}, changed: make(chan struct{}),
	}
}

// burn is called wherever a process could be killed.
func (w *world) burn() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fuse > 0 {
		if w.fuse--; w.fuse == 0 {
			panic(killed{})
		}
	}
}

func (w *world) change(f func()) {
	w.burn()
	w.mu.Lock()
	f()
	close(w.changed)
	w.changed = make(chan struct{})
	w.mu.Unlock()
	w.burn()
}

func (w *world) put(namespace string, o *unstructured.Unstructured) {
	w.made++
	o = o.DeepCopy()
	o.SetNamespace(namespace)
	if old := w.objects[namespace+"/"+o.GetName()]; old != nil {
		o.SetUID(old.GetUID())
	} else {
		o.SetUID(types.UID(fmt.Sprint("uid-", w.made)))
	}
	w.objects[namespace+"/"+o.GetName()] = o
}

func (w *world) names(namespace string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var names []string
	for key := range w.objects {
		if ns, name, _ := strings.Cut(key, "/"); ns == namespace {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Stage.

func (w *world) MakeNamespace(_ context.Context, ns, _ string) error {
	w.change(func() { w.spaces[ns] = true })
	return nil
}

func (w *world) Apply(_ context.Context, ns, _ string, objects []*unstructured.Unstructured) error {
	for _, o := range objects {
		w.change(func() { w.put(ns, o) })
	}
	return nil
}

func (w *world) Clear(_ context.Context, ns string) error {
	for _, name := range w.names(ns) {
		w.change(func() { delete(w.objects, ns+"/"+name) })
	}
	return nil
}

func (w *world) DeleteNamespace(ctx context.Context, ns string) error {
	if err := w.Clear(ctx, ns); err != nil {
		return err
	}
	w.change(func() { delete(w.spaces, ns) })
	return nil
}

func (w *world) Delete(context.Context, string, []*unstructured.Unstructured) error { return nil }

func (w *world) LessonNamespaces(context.Context) ([]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var names []string
	for ns := range w.spaces {
		names = append(names, ns)
	}
	slices.Sort(names)
	return names, nil
}

func (w *world) RestoreNodes(context.Context) error { w.burn(); return nil }

func (w *world) Inventory(ctx context.Context) ([]Item, error) {
	names, err := w.LessonNamespaces(ctx)
	items := w.passing
	w.passing = nil
	for _, name := range names {
		items = append(items, Item{Name: "namespace/" + name})
	}
	return items, err
}

// Observer.

type eyes struct {
	*world
	namespace string
}

func (e *eyes) Snapshot(ctx context.Context, queries []snapshot.Query) *snapshot.Snapshot {
	e.mu.Lock()
	defer e.mu.Unlock()
	at := e.at
	if at.IsZero() {
		at = time.Now()
	}
	s := &snapshot.Snapshot{At: at, Namespace: e.namespace}
	broken := e.broken
	if err := ctx.Err(); err != nil {
		broken = err.Error()
	}
	if broken != "" {
		s.Errors = map[string]string{}
		for _, q := range queries {
			s.Errors[q.Resource] = broken
		}
		return s
	}
	for key, o := range e.objects {
		if ns, _, _ := strings.Cut(key, "/"); ns == e.namespace {
			s.Objects = append(s.Objects, o)
		}
	}
	for name, ready := range e.nodes {
		s.Objects = append(s.Objects, node(name, ready))
	}
	s.Objects = slices.DeleteFunc(s.Objects, func(o *unstructured.Unstructured) bool {
		return !slices.ContainsFunc(queries, func(q snapshot.Query) bool { return q.Matches(o) })
	})
	slices.SortFunc(s.Objects, func(a, b *unstructured.Unstructured) int { return strings.Compare(a.GetName(), b.GetName()) })
	return s
}

func (e *eyes) Watch(ctx context.Context, queries []snapshot.Query) (<-chan *snapshot.Snapshot, error) {
	seen := make(chan *snapshot.Snapshot)
	go func() {
		defer close(seen)
		for {
			e.mu.Lock()
			changed := e.changed
			e.mu.Unlock()
			select {
			case seen <- e.Snapshot(ctx, queries):
			case <-ctx.Done():
				return
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return seen, nil
}

func (e *eyes) Timeline(_ context.Context, since time.Time, _ *snapshot.Snapshot) (*snapshot.Timeline, error) {
	return &snapshot.Timeline{Start: since, End: time.Now()}, nil
}

func node(name string, ready bool) *unstructured.Unstructured {
	status := "True"
	if !ready {
		status = "Unknown"
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Node", "metadata": map[string]any{"name": name},
		"status": map[string]any{"conditions": []any{map[string]any{"type": "Ready", "status": status}}},
	}}
}

func configMap(name string, data map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": name}, "data": data,
	}}
}

// Kubectl: "create configmap NAME [--from-literal=k=v]" and "delete configmap NAME".

func (w *world) Run(_ context.Context, ns string, args []string, out io.Writer) (int, error) {
	if w.beforeRun != nil {
		w.beforeRun()
	}
	key := ns + "/" + args[2]
	w.mu.Lock()
	there := w.objects[key] != nil
	w.mu.Unlock()
	switch {
	case args[0] == "create" && len(args) > 3 && !strings.HasPrefix(args[3], "--from-literal="):
		fmt.Fprintln(out, "error: unknown flag:", args[3])
		return 1, nil
	case args[0] == "create" && there:
		fmt.Fprintln(out, "already exists")
		return 1, nil
	case args[0] == "create":
		data := map[string]any{}
		for _, a := range args[3:] {
			k, v, _ := strings.Cut(strings.TrimPrefix(a, "--from-literal="), "=")
			data[k] = v
		}
		w.change(func() { w.put(ns, configMap(args[2], data)) })
	case args[0] == "delete" && !there:
		fmt.Fprintln(out, "not found")
		return 1, nil
	case args[0] == "delete":
		w.change(func() { delete(w.objects, key) })
	default:
		return 0, fmt.Errorf("the fake kubectl does not know %v", args)
	}
	fmt.Fprintln(out, "configmap/"+args[2], args[0]+"d")
	return 0, nil
}

// NodeManager.

func (w *world) AddNode(context.Context, string, cluster.Progress) (string, error) {
	return "", errors.ErrUnsupported
}
func (w *world) RemoveNode(context.Context, string, cluster.Progress) error {
	return errors.ErrUnsupported
}

func (w *world) StopNode(_ context.Context, name string, _ cluster.Progress) error {
	w.change(func() { w.nodes[name] = false })
	return nil
}

func (w *world) StoppedNodes() ([]string, error) { return nil, nil }

func (w *world) StartNode(_ context.Context, name string, _ cluster.Progress) error {
	w.change(func() { w.nodes[name] = true })
	return nil
}

// record is a progress.Log that can be killed before and after it writes.
type record struct {
	*progress.Log
	w *world
}

func (r *record) Append(ctx context.Context, events ...progress.Event) error {
	r.w.burn()
	err := r.Log.Append(ctx, events...)
	r.w.burn()
	for _, e := range events {
		if r.w.recorded != nil {
			r.w.recorded(e)
		}
	}
	return err
}

// shelf holds lessons by ID.
type shelf map[string]*lesson.Lesson

func (s shelf) Lesson(id string) (*lesson.Lesson, error) {
	if l := s[id]; l != nil {
		return l, nil
	}
	return nil, fmt.Errorf("there is no lesson %q", id)
}

func parse(t *testing.T, texts ...string) shelf {
	t.Helper()
	s := shelf{}
	for _, text := range texts {
		l, err := lesson.Parse(fstest.MapFS{"x/lesson.md": {Data: []byte(text)}}, "x/lesson.md")
		if err != nil {
			t.Fatal(err)
		}
		s[l.ID] = l
	}
	return s
}

// house is where a learner lives: what stays when processes come and go.
type house struct {
	t       *testing.T
	dir     string
	world   *world
	lessons shelf
	notes   []string
	web     Web // nil where the cluster can't be asked over HTTP
}

func newHouse(t *testing.T, texts ...string) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), world: newWorld(), lessons: parse(t, texts...)}
	config := "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: https://127.0.0.1:1}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\ncurrent-context: c\nusers: [{name: u, user: {}}]\n"
	if err := home.ReplaceFile(filepath.Join(h.dir, "cluster.kubeconfig"), []byte(config)); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) log() *progress.Log {
	return progress.NewLog(filepath.Join(h.dir, "progress.jsonl"), time.Now)
}

// session is that of a new process.
func (h *house) session() *Session {
	return New(Options{
		Cluster: "learn", Capabilities: func() cluster.Capabilities { return cluster.Capabilities{Nodes: h.ready(), ReadNodes: true} },
		Stage: h.world, Kubectl: h.world, Nodes: h.world, Web: h.web,
		Observe: func(ns string) (Observer, error) { return &eyes{h.world, ns}, nil },
		Record:  &record{h.log(), h.world}, Lessons: h.lessons,
		Dir: filepath.Join(h.dir, "session"), Kubeconfig: filepath.Join(h.dir, "cluster.kubeconfig"),
		Now:  func() time.Time { h.world.burn(); return time.Now() },
		Tell: func(e Event) { h.notes = append(h.notes, e.Text) },
	})
}

func (h *house) ready() int {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	n := 0
	for name, ready := range h.world.nodes {
		if ready && name != "control-plane" {
			n++
		}
	}
	return n
}

// types runs kubectl as the learner.
func (h *house) types(lessonID string, args ...string) {
	h.t.Helper()
	if code, err := h.world.Run(context.Background(), Namespace(lessonID), args, io.Discard); err != nil || code != 0 {
		h.t.Fatalf("kubectl %v: %d, %v", args, code, err)
	}
}

// clean fails unless nothing of any lesson is left.
func (h *house) clean() {
	h.t.Helper()
	if spaces, _ := h.world.LessonNamespaces(context.Background()); len(spaces) > 0 {
		h.t.Errorf("namespaces are left: %v", spaces)
	}
	if len(h.world.objects) > 0 {
		h.t.Errorf("objects are left: %d", len(h.world.objects))
	}
	if h.ready() != 2 {
		h.t.Errorf("%d workers are ready", h.ready())
	}
	if st, err := h.session().read(); st != nil || err != nil {
		h.t.Errorf("step.json is left: %+v, %v", st, err)
	}
}

const boxes = "---\nid: boxes\ntitle: Boxes\nsummary: Make boxes.\nminutes: 3\nneeds: {nodes: 2}\n---\nBoxes hold things.\n\n" + `
## Make one

A box is a ConfigMap.

~~~yaml given
apiVersion: v1
kind: ConfigMap
metadata: {name: zero}
data: {n: "0"}
~~~

~~~yaml predict
ask: How many boxes will there be?
options:
  - say: One
    belief: replaces
    answer: The box zero is still there.
  - say: Two
    right: true
because: Making one takes none away.
~~~

~~~sh do
kubectl create configmap one --from-literal=n=1
~~~

~~~yaml check
- that: The box one is there
  on: configmap/one
  expect: objects.size() == 1 && object.data.n == "1"
  expected: a ConfigMap one with n=1
  within: 1m
  otherwise:
    - when: objects.size() == 1 && object.data.n != "1"
      say: one holds {{ .object.data.n }}
~~~

~~~yaml ask
ask: What does the box one hold?
on: configmap/one
answer: object.data.n
~~~

~~~yaml wrong
- do: kubectl create configmap one --from-literal=n=9
  fails: The box one is there
  says: one holds 9
~~~

~~~text hint
Look at the boxes.
~~~

~~~text hint
Make one with kubectl create configmap {{ name "configmaps" }}.
~~~

## Power cut

~~~yaml predict
ask: What becomes of the boxes?
options:
  - say: They stay
    right: true
  - say: They go
    belief: nodes-hold-objects
    answer: They are in etcd.
because: Objects are not on nodes.
~~~

~~~yaml fault
stop-node: node/worker-1
say: The power of worker-1 is cut.
~~~

~~~sh do
kubectl delete configmap zero
~~~

~~~yaml check
- that: The box zero is gone
  on: configmap/zero
  expect: objects.size() == 0
  expected: no ConfigMap zero
  within: 1m
  otherwise:
    - when: objects.size() == 1
      say: zero is still there
~~~

~~~yaml wrong
- do: kubectl delete configmap one
  fails: The box zero is gone
  says: zero is still there
~~~

~~~text hint
Delete the box zero.
~~~
`

const other = "---\nid: other\ntitle: Other\nsummary: Something else.\nminutes: 1\n---\nText.\n\n" + `
## Only step

~~~sh do
kubectl create configmap it
~~~

~~~yaml check
- that: It is there
  on: configmap/it
  expect: objects.size() == 1
  expected: a ConfigMap it
  within: 1m
~~~
`

// fenced puts code fences where the constants above have tildes, which Go's raw strings allow.
func fenced(text string) string { return strings.ReplaceAll(text, "~~~", "```") }

// hurried has a lesson's checks waited for no longer than 2 s: for lessons in which one never passes.
func hurried(text string) string { return strings.ReplaceAll(text, "within: 1m", "within: 2s") }
