package explain

import (
	"sort"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// finding is a problem while causes are looked for.
type finding struct {
	Problem
	// of are the objects that have it.
	of map[types.UID]bool
	// because are objects that it hangs on: where one of them has a problem, this is a symptom of it.
	because []types.UID
	// seen is how it is told as a symptom: "sends to no Pod".
	seen string
	// mild is true of a symptom that is none while what it hangs on is only on its way.
	mild bool
	// host is what it is a symptom of, once that is known.
	host *finding
}

// add keeps a problem of an object. The first object with a problem gives its wording.
func (x *examiner) add(key string, o *unstructured.Unstructured, p Problem) *finding {
	key = o.GetNamespace() + "/" + key
	known, ok := x.byKey[key]
	if !ok {
		x.bySetsHand(o, &p)
		p.Subject = Subject{Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName()}
		known = &finding{Problem: p, of: map[types.UID]bool{}}
		x.byKey[key] = known
		x.found = append(x.found, known)
	}
	if !known.of[o.GetUID()] || o.GetUID() == "" {
		known.of[o.GetUID()] = true
		known.Objects = append(known.Objects, ref(o))
	}
	return known
}

// hangsOn says what a finding is a symptom of, where that has a problem itself.
func (f *finding) hangsOn(seen string, objects ...*unstructured.Unstructured) *finding {
	if f.seen == "" {
		f.seen = seen
	}
	for _, o := range objects {
		if o != nil {
			f.because = append(f.because, o.GetUID())
		}
	}
	return f
}

// problems are the root causes that were found, with their symptoms folded under them: what is wrong first,
// what only takes its time last. Of root causes those are told that are about an object, themselves or by what follows
// from them; nil means all.
func (x *examiner) problems(about func(types.UID) bool) []Problem {
	for _, f := range x.found {
		f.host = x.hostOf(f)
	}
	asked := map[*finding]bool{}
	for _, f := range x.found {
		for uid := range f.of {
			if about == nil || about(uid) {
				asked[f.root()] = true
			}
		}
		if f.host != nil {
			root := f.root()
			for _, o := range f.Objects {
				root.Symptoms = append(root.Symptoms, o+": "+f.seen)
			}
		}
	}
	var all []Problem
	for _, f := range x.found {
		if f.host != nil || !asked[f] {
			continue
		}
		sort.Strings(f.Objects)
		sort.Strings(f.Symptoms)
		all = append(all, f.Problem)
	}
	sort.SliceStable(all, func(i, j int) bool { return !all[i].Waiting && all[j].Waiting })
	return all
}

// hostOf is the finding that a finding is a symptom of, or nil.
func (x *examiner) hostOf(f *finding) *finding {
	var waiting *finding
	for _, uid := range f.because {
		for _, other := range x.found {
			switch {
			case other == f || !other.of[uid] || other.under(f):
			case !other.root().Waiting:
				return other
			case waiting == nil:
				waiting = other
			}
		}
	}
	if f.mild || f.Waiting {
		return waiting
	}
	return nil
}

// under says that a finding is folded under another, by way of others or not.
func (f *finding) under(other *finding) bool {
	for h := f; h != nil; h = h.host {
		if h == other {
			return true
		}
	}
	return false
}

// root is the finding that a finding is folded under in the end; itself where it is a root cause.
func (f *finding) root() *finding {
	for f.host != nil {
		f = f.host
	}
	return f
}
