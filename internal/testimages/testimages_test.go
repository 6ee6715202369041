package testimages

import (
	"testing"

	"k8s.io/kubernetes/test/utils/image"
)

// TestTagsAreThoseOfTheSuite keeps the names true when Kubernetes is upgraded: a Pod of the suite whose image
// has another tag would wait for ever.
func TestTagsAreThoseOfTheSuite(t *testing.T) {
	want := map[string]image.ImageID{"agnhost": image.Agnhost, "sample-apiserver": image.APIServer, "etcd": image.Etcd}
	for _, r := range recipes() {
		if id, ok := want[r.name]; !ok || r.image.Reference != image.GetE2EImage(id) {
			t.Errorf("%s is made as %s, the suite asks for %s", r.name, r.image.Reference, image.GetE2EImage(id))
		}
		delete(want, r.name)
	}
	if len(want) > 0 {
		t.Errorf("not made: %v", want)
	}
}
