package explain

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Manifest is an object in a file.
type Manifest struct {
	// Where is the file and the line at which its document begins, for example web.yaml:12.
	Where string
	GVK   schema.GroupVersionKind
	Name  string
	// Wrong says why the document is no object; empty where it is one.
	Wrong string
}

// Versions says which objects of manifests name an API version or a kind that the cluster does not serve, and which documents are no
// objects at all. Served are the cluster's kinds with their groups and versions, the one to prefer first.
func Versions(manifests []Manifest, served map[string][]schema.GroupVersion) *Diagnosis {
	d := &Diagnosis{Health: Well, Headline: snapshot.Count(len(manifests), "object") + ": the cluster serves the API version of each"}
	for _, m := range manifests {
		if p, wrong := m.problem(served); wrong {
			d.Problems = append(d.Problems, p)
		}
	}
	if n := len(d.Problems); n > 0 {
		d.Health, d.Headline = Unwell, fmt.Sprintf("%d of %s: the cluster would not take it", n, snapshot.Count(len(manifests), "object"))
	}
	return d
}

func (m Manifest) problem(served map[string][]schema.GroupVersion) (Problem, bool) {
	if m.Wrong != "" {
		return Problem{
			Code: NoObject, Subject: Subject{Kind: "Document", Name: m.Where}, Title: "This document is no object of Kubernetes: " + m.Wrong,
			Chain:  []Link{{Claim: "That is what is there.", Evidence: m.Wrong, From: m.Where}},
			Advice: "Each document between --- lines needs an apiVersion and a kind, and must be YAML or JSON.",
			Look:   []string{"kubectl explain pod"},
		}, true
	}
	if slices.Contains(served[m.GVK.Kind], m.GVK.GroupVersion()) {
		return Problem{}, false
	}
	p := Problem{
		Code: WrongVersion, Subject: Subject{Kind: m.GVK.Kind, Name: m.Name},
		Title: fmt.Sprintf("The cluster has no %s in API version %s", m.GVK.Kind, m.GVK.GroupVersion()),
		Chain: []Link{{Claim: fmt.Sprintf("That is what %s names.", m.Where), Evidence: fmt.Sprintf("apiVersion: %s, kind: %s", m.GVK.GroupVersion(), m.GVK.Kind), From: m.Where}},
		Look:  []string{"kubectl api-resources", "kubectl explain " + strings.ToLower(m.GVK.Kind)},
	}
	var there []string
	for _, v := range served[m.GVK.Kind] {
		there = append(there, v.String())
	}
	if len(there) == 0 {
		p.Chain = append(p.Chain, Link{Claim: "The cluster serves no kind of that name.", Evidence: "no " + m.GVK.Kind, From: "discovery"})
		p.Advice = "Is the name right? A kind of somebody else's needs its CustomResourceDefinition first."
		p.Look = p.Look[:1]
		if near := snapshot.Nearest(m.GVK.Kind, sortedKeys(served)); near != "" {
			p.Advice = fmt.Sprintf("Did you mean %s, apiVersion: %s?", near, served[near][0])
		}
		return p, true
	}
	p.Chain = append(p.Chain, Link{Claim: "In these the cluster serves it.", Evidence: strings.Join(there, ", "), From: "discovery"})
	p.Advice = fmt.Sprintf("Write apiVersion: %s. Fields may have moved between versions: kubectl explain shows them.", there[0])
	return p, true
}
