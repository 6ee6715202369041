package live

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
)

// Images are those that nodes say they have, in their status. Several names of one image are several
// images, with one digest each.
func Images(nodes []corev1.Node) []cluster.Image {
	found := map[string]*cluster.Image{}
	for _, n := range nodes {
		for _, i := range n.Status.Images {
			for name, tags := range tagged(i.Names) {
				at := found[name+"@"+tags.digest]
				if at == nil {
					at = &cluster.Image{Name: name, Tags: tags.tags, Usual: tags.tags, Digest: tags.digest, Size: i.SizeBytes}
					found[name+"@"+tags.digest] = at
				}
				at.Nodes = append(at.Nodes, n.Name)
			}
		}
	}
	out := []cluster.Image{}
	for _, i := range found {
		slices.Sort(i.Nodes)
		i.Nodes = slices.Compact(i.Nodes)
		if len(i.Nodes) == len(nodes) {
			i.Nodes = nil
		}
		out = append(out, *i)
	}
	slices.SortFunc(out, func(a, b cluster.Image) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return -strings.Compare(strings.Join(a.Tags, " ")+a.Digest, strings.Join(b.Tags, " ")+b.Digest)
	})
	return out
}

// names is what one image's names say under one repository.
type names struct {
	tags   []string
	digest string
}

// tagged sorts an image's names (nginx:1.29, nginx@sha256:…) by repository.
func tagged(all []string) map[string]*names {
	out := map[string]*names{}
	at := func(repository string) *names {
		name := strings.TrimPrefix(strings.TrimPrefix(repository, "docker.io/"), "library/")
		if out[name] == nil {
			out[name] = &names{}
		}
		return out[name]
	}
	for _, n := range all {
		if repository, digest, ok := strings.Cut(n, "@"); ok {
			at(repository).digest = digest
			continue
		}
		if i := strings.LastIndex(n, ":"); i > strings.LastIndex(n, "/") {
			x := at(n[:i])
			x.tags = append(x.tags, n[i+1:])
		}
	}
	return out
}
