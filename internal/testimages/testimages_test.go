package testimages

import (
	"slices"
	"testing"

	"k8s.io/kubernetes/test/utils/image"
)

// TestTagsAreThoseOfTheSuite keeps the names true when Kubernetes is upgraded: a Pod of the suite whose image
// has another tag would wait for ever.
func TestTagsAreThoseOfTheSuite(t *testing.T) {
	want := map[string][]image.ImageID{"agnhost": {image.Agnhost, image.AgnhostPrev}, "sample-apiserver": {image.APIServer}, "etcd": {image.Etcd}}
	for _, r := range recipes() {
		var asked []string
		for _, id := range want[r.name] {
			asked = append(asked, image.GetE2EImage(id))
		}
		if made := append([]string{r.image.Reference}, r.also...); !slices.Equal(made, asked) {
			t.Errorf("%s is made as %q, the suite asks for %q", r.name, made, asked)
		}
		delete(want, r.name)
	}
	if len(want) > 0 {
		t.Errorf("not made: %v", want)
	}
}
