package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shop is a lesson in which a crowd comes to a Service while its Pods are replaced.
const shop = `---
id: shop
title: A crowd during a rollout
summary: Replace all Pods while requests come in.
minutes: 3
needs: {nodes: 1}
---
A shop does not close for a new sign.

## Replace the Pods

~~~yaml given
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  strategy: {rollingUpdate: {maxUnavailable: 0}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: nginx:1.29
        readinessProbe: {httpGet: {port: 80}, periodSeconds: 1, timeoutSeconds: 10}
        lifecycle: {preStop: {sleep: {seconds: 2}}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
~~~

~~~yaml predict
ask: Who is served while the Pods are replaced?
options:
  - say: Everybody
    right: true
  - say: Nobody
    belief: rollout-closes
    answer: Old Pods answer until new ones are ready.
because: A Pod is taken away when another one is ready.
~~~

~~~yaml fault
load: service/web
rate: 10
for: 5m
say: A crowd comes to the shop.
~~~

~~~sh do
kubectl rollout restart deployment web
~~~

~~~yaml check
- that: All Pods are new
  on: pods?app=web
  expect: >-
    objects.filter(p, ready(p)).size() == 2 &&
    objects.all(p, !(p.metadata.uid in before.map(b, b.metadata.uid)))
  expected: 2 ready Pods, both new
  within: 4m
  look: kubectl get pods -l app=web
~~~

~~~yaml explain
timeline: deployment/web
~~~
`

// TestLoad sends a load during a rollout: the robot goes on meanwhile, most requests are answered, and
// the load ends with the step. It asks nothing of the provider.
func TestLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lesson.md")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(shop, "~~~", "```")), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := shared.limited(7*time.Minute, "author", "test", file)
	// It has no wrong turns; the lesson is to be played, not shipped.
	if err == nil || !strings.Contains(out, "wrong turns; it needs at least 2") || strings.Count(out, "lesson.md:") != 1 {
		t.Fatalf("author test: %v\n%s", err, out)
	}
	if !strings.Contains(out, "The load on service/web was stopped after") {
		t.Errorf("the end of the load was not told\n%s", out)
	}
	t.Log(out)
	sent, answered := figures(t, out)
	if sent < 10 || answered == 0 { // on a busy machine many answers come later than the load waits
		t.Errorf("%d of %d requests were answered", answered, sent)
	}
}

// figures reads how many requests were sent and answered.
func figures(t *testing.T, out string) (sent, answered int) {
	t.Helper()
	_, rest, _ := strings.Cut(out, " was stopped after ")
	_, rest, _ = strings.Cut(rest, ": ")
	for _, f := range []struct {
		word string
		n    *int
	}{{" requests sent", &sent}, {" answered", &answered}} {
		before, after, ok := strings.Cut(rest, f.word)
		if !ok || json.Unmarshal([]byte(strings.Trim(before, ", ")), f.n) != nil {
			t.Fatalf("no figure before %q in %q", f.word, rest)
		}
		rest = after
	}
	return sent, answered
}
