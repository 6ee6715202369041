package main

import (
	"cmp"
	"hash/fnv"
	"slices"
	"time"
)

const (
	// quickSpecs is about how many specs the quick run has, quickTime the longest that one of them took.
	quickSpecs = 130
	quickTime  = 15 * time.Second
)

// quick draws the specs of the quick run: of each SIG its share of all specs, among those that passed
// when they were last recorded and took no longer than quickTime. Which of them is as good as chance,
// and always the same: the order is that of a hash of their names.
func quick(specs []spec, last record) []spec {
	good := map[string]bool{}
	for _, r := range last.Results {
		good[r.Spec] = r.Verdict == passed && r.Seconds <= quickTime
	}
	count, candidates := map[string]int{}, map[string][]spec{}
	for _, s := range specs {
		count[s.sig()]++
		if good[s.Name] {
			candidates[s.sig()] = append(candidates[s.sig()], s)
		}
	}
	var drawn []spec
	for sig, all := range candidates {
		slices.SortFunc(all, func(a, b spec) int {
			return cmp.Or(cmp.Compare(hash(a.Name), hash(b.Name)), cmp.Compare(a.Name, b.Name))
		})
		share := (quickSpecs*count[sig] + len(specs) - 1) / len(specs)
		drawn = append(drawn, all[:min(share, len(all))]...)
	}
	slices.SortFunc(drawn, func(a, b spec) int { return cmp.Compare(a.Name, b.Name) })
	return drawn
}

func hash(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails
	return h.Sum64()
}
