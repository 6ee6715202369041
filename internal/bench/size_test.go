package main

import (
	"strings"
	"testing"
)

func TestByModule(t *testing.T) {
	sizes, total, err := byModule([]byte(strings.Join([]string{
		"  10  100 T k8s.io/kubernetes/pkg/kubelet.(*Kubelet).Run",
		"  10  100 t local.k8s.io/kubernetes/pkg/kubelet.(*Kubelet).Run", // listed twice
		"  20   30 T k8s.io/kubernetes/pkg/proxy.init.0",
		"  30   60 R type:.eq.k8s.io/api/core/v1.Pod",
		"  40   20 t github.com/google/cel-go/common.New",
		"  50   10 t fmt.Println",
		"  60    0 B runtime.bss",
		"  68 5000 D runtime.heap", // takes no room in the file
		"  58   40 r go:func.*",
		"  80      U open",
	}, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	want := []share{
		{"k8s.io/kubernetes", 130}, {"k8s.io/api", 60}, {"closures and tables of the Go runtime", 40},
		{"github.com/google/cel-go", 20}, {"Go's standard library", 10},
	}
	if total != 260 || len(sizes) != len(want) {
		t.Fatalf("%d bytes in %v, want 260 in %v", total, sizes, want)
	}
	for i := range want {
		if sizes[i] != want[i] {
			t.Errorf("%v, want %v", sizes[i], want[i])
		}
	}
}
