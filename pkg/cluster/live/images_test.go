package live

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
)

func TestImages(t *testing.T) {
	node := func(name string, images ...corev1.ContainerImage) corev1.Node {
		return corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.NodeStatus{Images: images}}
	}
	nginx := corev1.ContainerImage{Names: []string{"docker.io/library/nginx@sha256:aa", "docker.io/library/nginx:1.29", "docker.io/library/nginx:latest"}, SizeBytes: 70}
	old := corev1.ContainerImage{Names: []string{"docker.io/library/nginx@sha256:bb", "docker.io/library/nginx:1.28"}, SizeBytes: 60}
	own := corev1.ContainerImage{Names: []string{"localhost:5000/me/app:2", "docker.io/me/app:2"}, SizeBytes: 9}
	bare := corev1.ContainerImage{Names: []string{"registry.k8s.io/pause@sha256:cc"}, SizeBytes: 1}
	got := Images([]corev1.Node{node("b", nginx, own), node("a", nginx, old, bare)})
	want := []cluster.Image{
		{Name: "localhost:5000/me/app", Tags: []string{"2"}, Usual: []string{"2"}, Size: 9, Nodes: []string{"b"}},
		{Name: "me/app", Tags: []string{"2"}, Usual: []string{"2"}, Size: 9, Nodes: []string{"b"}},
		{Name: "nginx", Tags: []string{"1.29", "latest"}, Usual: []string{"1.29", "latest"}, Size: 70, Digest: "sha256:aa"},
		{Name: "nginx", Tags: []string{"1.28"}, Usual: []string{"1.28"}, Size: 60, Digest: "sha256:bb", Nodes: []string{"a"}},
		{Name: "registry.k8s.io/pause", Size: 1, Digest: "sha256:cc", Nodes: []string{"a"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got := Images(nil); got == nil || len(got) != 0 {
		t.Errorf("without nodes: %v", got)
	}
}
