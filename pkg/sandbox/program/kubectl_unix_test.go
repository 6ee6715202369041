//go:build unix

package program_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program"
)

// standIn puts a script in the place of the program that is kubectl.
func (p *pod) standIn(script string) {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), "big")
	must(p.t, os.WriteFile(file, []byte("#!/bin/sh\n"+script), 0o700))
	p.spec.Kubectl = file
}

func TestKubectl(t *testing.T) {
	p := newPod(t, "bitnami/kubectl")
	p.standIn(`case "$LEARN_KUBECTL" in
*'"args":["kubectl","get","pods"]'*) echo pods; echo told >&2; exit 3;;
*'"-f","-"'*) cat; exit 0;;
*'"which"'*) env | cut -d= -f1 | sort | tr '\n' ' '; exit 0;;
*'"wait"'*) trap 'echo interrupted; exit 9' INT; echo waiting; while :; do sleep 0.05; done;;
esac
cat; echo "no input expected"
`)
	p.spec.Env = append(p.spec.Env, "SECRET=x")
	if out, errs, code := p.sh("kubectl get pods"); out != "pods\n" || errs != "told\n" || code != 3 {
		t.Errorf("%q %q %d", out, errs, code)
	}
	if out, errs, code := p.sh("echo manifest | kubectl apply -f -"); out != "manifest\n" || code != 0 {
		t.Errorf("input: %q %q %d", out, errs, code)
	}
	// Its environment is not the container's, which it is told of in the description.
	if out, _, _ := p.sh("kubectl which"); strings.Contains(out, "SECRET") || !strings.Contains(out, "LEARN_KUBECTL") {
		t.Errorf("environment: %s", out)
	}
	// A script that comes on standard input is not eaten.
	r := p.exec("kubectl get pods\necho after\n", "sh")
	if r.wait(); r.out.String() != "pods\nafter\n" {
		t.Errorf("a script on standard input: %q %q", r.out, r.err)
	}
	main := p.main("kubectl", "wait")
	main.until("waiting\n")
	main.signal(term)
	if code := main.wait(); code != 9 || !strings.Contains(main.out.String(), "interrupted") {
		t.Errorf("told to end: %d %s", code, main.out)
	}
	p.spec.Kubectl = ""
	if _, errs, code := p.sh("kubectl get pods"); code != 126 || !strings.Contains(errs, "no kubectl") {
		t.Errorf("a node without: %q %d", errs, code)
	}
}

// The images say which kubectl it is: that of go.mod.
func TestKubectlVersion(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "go.mod"))
	must(t, err)
	m := regexp.MustCompile(`k8s\.io/kubernetes v(\d+\.\d+)\.(\d+)`).FindStringSubmatch(string(b))
	if m == nil {
		t.Fatal("go.mod names no Kubernetes")
	}
	for _, ref := range []string{"registry.k8s.io/kubectl:v" + m[1] + "." + m[2], "bitnami/kubectl:" + m[1], "bitnami/kubectl:latest", "rancher/kubectl:v" + m[1] + "." + m[2], "alpine/k8s:" + m[1] + "." + m[2], "alpine/kubectl"} {
		if _, err := program.Lookup(ref); err != nil {
			t.Errorf("%v", err)
		}
	}
}
