package main

import (
	"strings"
	"testing"
	"time"
)

// printed is what the suite prints, shortened.
const printed = `Running Suite: Kubernetes e2e suite - /tmp
====
SSSSSS
------------------------------
[sig-node] A should pass [Conformance]
k8s.io/kubernetes/test/e2e/common/node/a.go:10
  STEP: Creating a kubernetes client @ 11/29/26 16:00:00.000
  ------------------------------
• [1.250 seconds]
------------------------------
SSS
------------------------------
[sig-node] B should fail [Conformance] [sig-node, Conformance]
k8s.io/kubernetes/test/e2e/common/node/b.go:10
  STEP: Waiting @ 11/29/26 16:00:00.000
  [FAILED] in [It] - b.go:12 @ 11/29/26 16:00:00.000
• [FAILED] [61.000 seconds]
[sig-node] B [It] should fail [Conformance] [sig-node, Conformance]
k8s.io/kubernetes/test/e2e/common/node/b.go:10

  [FAILED] wait for pod "p" running: timed out:
  Pending
  In [It] at: k8s.io/b.go:12 @ 11/29/26 16:00:00.000
------------------------------
SS
------------------------------
[sig-node] C should be skipped [Conformance]
k8s.io/kubernetes/test/e2e/common/node/c.go:10
S [SKIPPED] [0.200 seconds]
[sig-node] C [It] should be skipped [Conformance]
k8s.io/kubernetes/test/e2e/common/node/c.go:10

  [SKIPPED] Only supported elsewhere
  In [It] at: k8s.io/c.go:12 @ 11/29/26 16:00:00.000
------------------------------
[sig-node] D never ends [Conformance]
k8s.io/kubernetes/test/e2e/common/node/d.go:10
  STEP: Waiting @ 11/29/26 16:00:00.000
`

func TestReader(t *testing.T) {
	var begun []string
	var ended []result
	r := reader{
		specs: map[string]bool{
			"[sig-node] A should pass [Conformance]": true, "[sig-node] B should fail [Conformance]": true,
			"[sig-node] C should be skipped [Conformance]": true, "[sig-node] D never ends [Conformance]": true,
		},
		begun: func(name string) { begun = append(begun, name) },
		ended: func(r result) { ended = append(ended, r) },
	}
	for line := range strings.Lines(printed) {
		r.line(strings.TrimRight(line, "\n"))
	}
	r.finish()
	if len(begun) != 4 || len(ended) != 3 {
		t.Fatalf("begun are %q, ended %+v", begun, ended)
	}
	for i, want := range []result{
		{Spec: "[sig-node] A should pass [Conformance]", Verdict: passed, Seconds: 1300 * time.Millisecond},
		{Spec: "[sig-node] B should fail [Conformance]", Verdict: failed, Seconds: 61 * time.Second, Reason: `wait for pod "p" running: timed out: Pending`},
		{Spec: "[sig-node] C should be skipped [Conformance]", Verdict: skipped, Seconds: 200 * time.Millisecond, Reason: "Only supported elsewhere"},
	} {
		got := ended[i]
		if !strings.Contains(got.Output, "k8s.io/kubernetes/test/e2e/common/node/"+strings.ToLower(got.Spec[11:12])+".go") {
			t.Errorf("%s: its output is\n%s", got.Spec, got.Output)
		}
		got.Output = ""
		if got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if name, text := r.running(); name != "[sig-node] D never ends [Conformance]" || !strings.Contains(text, "STEP: Waiting") {
		t.Errorf("running is %q:\n%s", name, text)
	}
}
