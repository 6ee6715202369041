package lesson_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

func typeOf(v any) string { return fmt.Sprintf("%T", v) }

func nested(o *unstructured.Unstructured, path ...string) (any, bool, error) {
	return unstructured.NestedFieldNoCopy(o.Object, path...)
}

// objects reads YAML documents.
func objects(t testing.TB, text string) []*unstructured.Unstructured {
	t.Helper()
	var list []*unstructured.Unstructured
	for _, doc := range strings.Split(text, "\n---\n") {
		data, err := yaml.YAMLToJSON([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		u := &unstructured.Unstructured{}
		if err := u.UnmarshalJSON(data); err != nil {
			t.Fatal(err)
		}
		list = append(list, u)
	}
	return list
}

const pods = `
apiVersion: v1
kind: Pod
metadata:
  {name: web-a, uid: "1", labels: {app: web}, creationTimestamp: "2026-01-01T00:00:10Z",
   ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: r, controller: true}]}
spec: {nodeName: worker-1, containers: [{name: web, image: nginx}]}
status:
  phase: Running
  conditions: [{type: Ready, status: "True"}]
  containerStatuses: [{name: web, restartCount: 2}]
---
apiVersion: v1
kind: Pod
metadata: {name: web-b, uid: "2", labels: {app: web}, creationTimestamp: "2026-01-01T00:00:20Z"}
spec: {containers: [{name: web, image: nginx}]}
status: {phase: Pending}
---
apiVersion: v1
kind: Pod
metadata:
  {name: web-0, uid: "3", labels: {app: web}, creationTimestamp: null,
   deletionTimestamp: "2026-01-01T00:00:30Z"}
spec: {nodeName: worker-2}
status: {conditions: [{type: Ready, status: "True"}]}
`

func snap(t testing.TB, text string) *snapshot.Snapshot {
	return &snapshot.Snapshot{At: time.Date(2026, 1, 1, 0, 1, 0, 0, time.UTC), Objects: objects(t, text)}
}

// ask evaluates an expression over pods?app=web.
func ask(t testing.TB, expression string, now, before *snapshot.Snapshot) ([]string, error) {
	t.Helper()
	l := parse(t.(*testing.T), front+"## A\n```yaml ask\nask: x\non: pods?app=web\nanswer: |\n  "+expression+"\n```\n")
	return lesson.All[*lesson.Ask](l.Steps[0])[0].Answers(now, before, now.At.Add(-45*time.Second))
}

func TestExpressions(t *testing.T) {
	now := snap(t, pods)
	before := snap(t, pods)
	before.Objects = before.Objects[:1]
	for expression, want := range map[string]string{
		`objects.size()`:                                            "3",
		`objects.map(p, p.metadata.name)`:                           "web-0 web-a web-b",
		`objects.filter(p, ready(p)).map(p, p.metadata.name)`:       "web-a",
		`objects.filter(p, terminating(p)).map(p, p.metadata.name)`: "web-0",
		`objects.filter(p, owner(p) == "").map(p, p.metadata.name)`: "web-0 web-b",
		`objects.map(p, owner(p))[1]`:                               "web-1",
		`objects.map(p, restarts(p))`:                               "0 2 0",
		`condition(objects[1], "Ready")`:                            "True",
		`objects.filter(p, has(p.metadata.creationTimestamp) && p.metadata.creationTimestamp > started).map(p, p.metadata.name)`: "web-b",
		`objects.filter(p, !(p.metadata.uid in before.map(b, b.metadata.uid))).size()`:                                           "2",
		`string(now - started)`: "45s",
		`objects.map(p, has(p.spec.nodeName) ? p.spec.nodeName : "none")`: "worker-2 worker-1 none",
		`object.metadata.name`: "web-0",
		`objects.map(p, p.metadata.?labels.app.orValue("?")).all(a, a == "web")`: "true",
		`quantity("1Gi").isGreaterThan(quantity("1Mi"))`:                         "true",
	} {
		got, err := ask(t, expression, now, before)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: got %q %v, want %q", expression, got, err, want)
		}
	}
}

func TestMissingIsNotBroken(t *testing.T) {
	now := snap(t, pods)
	for expression, missing := range map[string]bool{
		`objects[2].spec.nodeName`:                  true,
		`objects[7].metadata.name`:                  true,
		`objects.map(p, p.spec.nodeName)[0]`:        true,
		`objects[0].metadata.labels["tier"]`:        true,
		`objects.filter(p, false)[0].metadata.name`: true,
		`string(1 / (objects.size() - 3))`:          false,
	} {
		_, err := ask(t, expression, now, nil)
		if err == nil || lesson.IsMissing(err) != missing {
			t.Errorf("%s: %v, want missing %v", expression, err, missing)
		}
	}
	empty := &snapshot.Snapshot{At: now.At}
	if _, err := ask(t, `object.metadata.name`, empty, nil); !lesson.IsMissing(err) {
		t.Errorf("no object: %v", err)
	}
	if got, err := ask(t, `has(object.metadata)`, empty, nil); err != nil || got[0] != "false" {
		t.Errorf("no object: %v %v", got, err)
	}
}

func TestCostLimit(t *testing.T) {
	now := snap(t, pods)
	for range 5 {
		now.Objects = append(now.Objects, now.Objects...)
	}
	_, err := ask(t, `objects.all(a, objects.all(b, objects.all(c, c.metadata.name != "x")))`, now, nil)
	if err == nil || lesson.IsMissing(err) || !strings.Contains(err.Error(), "cost limit") {
		t.Errorf("a costly expression: %v", err)
	}
}

func TestUnreadableBefore(t *testing.T) {
	now := snap(t, pods)
	before := &snapshot.Snapshot{Errors: map[string]string{"pods": "forbidden"}}
	if _, err := ask(t, `objects.size()`, now, before); err != nil {
		t.Errorf("an expression without before: %v", err)
	}
	if _, err := ask(t, `before.size()`, now, before); err == nil || lesson.IsMissing(err) {
		t.Errorf("an expression with before: %v", err)
	}
}

func TestTimesBytesAndNumbers(t *testing.T) {
	now := snap(t, "apiVersion: v1\nkind: Secret\nmetadata: {name: s, generation: 3}\ndata: {password: aGVsbG8=}\n")
	l := parse(t, front+"## A\n```yaml ask\nask: x\non: secret/s\nanswer: string(object.data.password)\n```\n```yaml ask\nask: x\non: secret/s\nanswer: object.metadata.generation + 1\n```\n")
	asks := lesson.All[*lesson.Ask](l.Steps[0])
	for i, want := range []string{"hello", "4"} {
		if got, err := asks[i].Answers(now, nil, now.At); err != nil || got[0] != want {
			t.Errorf("answer %d: %q %v, want %s", i, got, err, want)
		}
	}
}

func TestRight(t *testing.T) {
	for typed, want := range map[string]bool{
		"web-a": true, " WEB-A ": true, "pod/web-a": true, `"web-a"`: true, "pods/web-a": true, "3": true,
		"web": false, "": false, "x/web-a": false,
	} {
		if got := lesson.Right(typed, []string{"3", "web-a"}); got != want {
			t.Errorf("Right(%q) = %v", typed, got)
		}
	}
}

func TestRenderCommands(t *testing.T) {
	now := snap(t, pods)
	for line, want := range map[string]string{
		`kubectl delete pod {{ name "pods?app=web" }} --wait=false`: "kubectl|delete|pod|web-a|--wait=false",
		`kubectl get pod {{ name "pods?app=web" 1 }}`:               "kubectl|get|pod|web-b",
		`kubectl get pod {{ name "pods?app=web" 2 }}`:               "kubectl|get|pod|web-0",
		`kubectl cordon {{ node "pods?app=web" }}`:                  "kubectl|cordon|worker-1",
		`kubectl get pods -l "app in (a, b)"`:                       "kubectl|get|pods|-l|app in (a, b)",
		`kubectl get pods -o ""`:                                    "kubectl|get|pods|-o|",
	} {
		l := parse(t, front+"## A\n```sh do\n"+line+"\n```\n")
		_, args, err := lesson.All[*lesson.Do](l.Steps[0])[0].Commands[0].Render(now)
		if got := strings.Join(args, "|"); err != nil || got != want {
			t.Errorf("%s: %q %v, want %q", line, got, err, want)
		}
	}
	for _, line := range []string{`kubectl get pod {{ name "pods?app=db" }}`, `kubectl get pod {{ node "pods?app=web" 1 }}`} {
		l := parse(t, front+"## A\n```sh do\n"+line+"\n```\n")
		if _, _, err := lesson.All[*lesson.Do](l.Steps[0])[0].Commands[0].Render(now); !lesson.IsMissing(err) {
			t.Errorf("%s: %v, want a Missing", line, err)
		}
	}
}

func TestFaultTargets(t *testing.T) {
	now := snap(t, pods+"---\napiVersion: v1\nkind: Node\nmetadata: {name: worker-1}\nstatus: {conditions: [{type: Ready, status: Unknown}]}\n---\napiVersion: v1\nkind: Node\nmetadata: {name: worker-2}\nstatus: {conditions: [{type: Ready, status: \"True\"}]}\n")
	for fault, want := range map[string]string{
		"kill-container: pods?app=web":           "web-a",
		"stop-node: node/worker-2":               "worker-2",
		`stop-node: '{{ node "pods?app=web" }}'`: "worker-1",
		"start-node: stopped":                    "worker-1",
		"press-node: node/worker-2\nmemory: 1Mi": "worker-2",
	} {
		l := parse(t, front+"## A\n```yaml fault\n"+fault+"\nsay: x\n```\n")
		got, err := lesson.All[*lesson.Fault](l.Steps[0])[0].Resolve(now)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %q %v, want %s", fault, got, err, want)
		}
	}
	l := parse(t, front+"## A\n```yaml fault\nstart-node: stopped\nsay: x\n```\n")
	if _, err := lesson.All[*lesson.Fault](l.Steps[0])[0].Resolve(&snapshot.Snapshot{}); !lesson.IsMissing(err) {
		t.Errorf("no node is down: %v", err)
	}
}

func TestPredictionEvidence(t *testing.T) {
	now := snap(t, pods)
	l := parse(t, front+"## A\n```yaml predict\nask: x\nbecause: y\non: pods?app=web\nshow: objects.map(p, p.metadata.name)\noptions:\n- {say: A, right: true}\n- {say: B, belief: b, answer: c, show: 'objects[1].spec.nodeName'}\n- {say: C, belief: b, answer: c, on: pod/web-b, show: object.status.phase}\n```\n")
	p := lesson.All[*lesson.Predict](l.Steps[0])[0]
	for i, want := range []string{"web-0 web-a web-b", "worker-1", "Pending"} {
		got, err := p.Options[i].Evidence(now, nil, now.At)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("option %d: %q %v, want %q", i, got, err, want)
		}
	}
}
