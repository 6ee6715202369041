package explain

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Manifest is an object in a file, with what the cluster serves of its kind.
type Manifest struct {
	// Where is the file and the number of the object in it, for example web.yaml[2].
	Where string
	GVK   schema.GroupVersionKind
	Name  string
	// Served are the groups and versions in which the cluster has a kind of that name; the one to prefer first.
	Served []schema.GroupVersion
}

// Versions says which objects of manifests name an API version that the cluster does not serve.
func Versions(manifests []Manifest) *Diagnosis {
	d := &Diagnosis{Health: Well, Headline: plural(len(manifests), "object") + ": the cluster serves the API version of each"}
	for _, m := range manifests {
		if p, wrong := m.problem(); wrong {
			d.Problems = append(d.Problems, p)
		}
	}
	if n := len(d.Problems); n > 0 {
		d.Health, d.Headline = Unwell, fmt.Sprintf("%d of %s: the cluster does not serve the API version", n, plural(len(manifests), "object"))
	}
	return d
}

func (m Manifest) problem() (Problem, bool) {
	var there []string
	for _, v := range m.Served {
		if v == m.GVK.GroupVersion() {
			return Problem{}, false
		}
		there = append(there, v.String())
	}
	p := Problem{
		Code: WrongVersion, Subject: Subject{Kind: m.GVK.Kind, Name: m.Name},
		Title: fmt.Sprintf("The cluster has no %s in API version %s", m.GVK.Kind, m.GVK.GroupVersion()),
		Chain: []Link{{Claim: "That is what the manifest names.", Evidence: fmt.Sprintf("apiVersion: %s, kind: %s", m.GVK.GroupVersion(), m.GVK.Kind), From: m.Where}},
		Look:  []string{"kubectl api-resources", "kubectl explain " + strings.ToLower(m.GVK.Kind)},
	}
	if len(there) == 0 {
		p.Chain = append(p.Chain, Link{Claim: "The cluster serves no kind of that name.", Evidence: "no " + m.GVK.Kind, From: "discovery"})
		p.Advice = "Is the name right? A kind of somebody else's needs its CustomResourceDefinition first."
		return p, true
	}
	p.Chain = append(p.Chain, Link{Claim: "In these the cluster serves it.", Evidence: strings.Join(there, ", "), From: "discovery"})
	p.Advice = fmt.Sprintf("Write apiVersion: %s. Fields may have moved between versions: kubectl explain shows them.", there[0])
	return p, true
}
