package why

import (
	"strings"
	"testing"
)

func TestManifests(t *testing.T) {
	const text = `# two of the shop
---
apiVersion: v1
kind: Service
metadata: {name: web}
---

# nothing but a name
metadata: {name: lost}
---
kind: Deployment
metadata: {name: web}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
   labels: {}
---
apiVersion: v1
kind: List
items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}, {kind: Secret}]
---
data: [
`
	var got []string
	for _, m := range manifests("shop.yaml", text) {
		got = append(got, m.Where+" "+m.GVK.Kind+"/"+m.Name+" "+m.Wrong)
	}
	want := []string{
		"shop.yaml:3 Service/web ",
		"shop.yaml:9 /lost it has no apiVersion and no kind",
		"shop.yaml:11 Deployment/web it is of kind Deployment and has no apiVersion",
		"shop.yaml:18 / mapping values are not allowed in this context",
		"shop.yaml:20 items[0] ConfigMap/a ",
		"shop.yaml:20 items[1] Secret/ it is of kind Secret and has no apiVersion",
		"shop.yaml:24 / did not find expected node content",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwanted\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
