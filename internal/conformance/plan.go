package main

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

const (
	// unknownTime is expected of a spec that was never timed, slowTime of one that Kubernetes calls slow.
	unknownTime = 20 * time.Second
	slowTime    = 3 * time.Minute
	// A process of the suite needs two seconds of processor to start, as much as many specs take: quick ones share
	// one. batchTime is how long those are expected to take together, batchSize how many they are at most.
	batchTime = 30 * time.Second
	batchSize = 8
	// leastLimit is the time that every spec gets; one that was timed gets a multiple of its time. One that was not
	// gets leastUnknown: some wait five minutes, to see that nothing happens.
	leastLimit   = 2 * time.Minute
	limitFactor  = 4
	leastUnknown = 7 * time.Minute
)

// expected is how long a spec is thought to take.
func (s spec) expected() time.Duration {
	switch {
	case s.Expected > 0:
		return s.Expected
	case s.slow():
		return slowTime
	default:
		return unknownTime
	}
}

func (s spec) slow() bool { return strings.Contains(s.Name, "[Slow]") }

// limit is when a spec is taken for one that will not end.
func (s spec) limit() time.Duration {
	limit := max(leastLimit, limitFactor*s.Expected)
	if s.slow() || s.Expected == 0 {
		limit = max(limit, leastUnknown)
	}
	return limit
}

// slowestFirst orders specs so that none that is slow begins when all others have ended.
func slowestFirst(specs []spec) {
	slices.SortStableFunc(specs, func(a, b spec) int {
		return cmp.Or(cmp.Compare(b.expected(), a.expected()), cmp.Compare(a.Name, b.Name))
	})
}

// next takes what the next process is to run from the front of specs, slowest first: a slow spec
// alone, several that are quick.
func next(specs []spec) (batch, rest []spec) {
	var total time.Duration
	n := 0
	for n < len(specs) && n < batchSize {
		total += specs[n].expected()
		if n > 0 && (total > batchTime || specs[n].Alone) {
			break
		}
		n++
		if specs[n-1].Alone {
			break
		}
	}
	return specs[:n], specs[n:]
}

// split parts the specs that need a cluster for themselves from the others.
func split(specs []spec) (parallel, serial []spec) {
	for _, s := range specs {
		if s.Serial {
			serial = append(serial, s)
		} else {
			parallel = append(parallel, s)
		}
	}
	slowestFirst(parallel)
	slowestFirst(serial)
	return parallel, serial
}
