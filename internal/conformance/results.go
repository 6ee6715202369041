package main

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// verdict is how a spec ended.
type verdict string

const (
	passed  verdict = "passed"
	failed  verdict = "failed"
	skipped verdict = "skipped"
	// missing is what was asked for and never ended: nobody may take it for passed.
	missing verdict = "missing"
)

// result is one spec's.
type result struct {
	Spec    string
	Verdict verdict
	Seconds time.Duration
	// Reason is the first line of a failure.
	Reason string
	// Output is all that it printed; not recorded.
	Output string
}

// record is what is kept of a whole run: it orders the next one, and the report is made of it.
type record struct {
	Version string // of Kubernetes
	CPUs    int
	Took    time.Duration
	// OwnMounts says whether nodes had mounts of their own.
	OwnMounts bool
	Results   []result
}

// resultsFile is where the record of the last whole run is kept.
const resultsFile = "internal/conformance/results.tsv"

const header = "# Made by make conformance. Verdict, seconds, spec, first line of the failure.\n"

// format is the file's contents. Whole seconds: they change little from run to run.
func (r record) format() string {
	var b strings.Builder
	b.WriteString(header)
	fmt.Fprintf(&b, "# Kubernetes %s, %d CPUs, %d s, own mounts %t\n", r.Version, r.CPUs, int(r.Took.Round(time.Second)/time.Second), r.OwnMounts)
	sorted := slices.Clone(r.Results)
	slices.SortFunc(sorted, func(a, b result) int { return cmp.Compare(a.Spec, b.Spec) })
	for _, x := range sorted {
		fields := []string{string(x.Verdict), strconv.Itoa(int(x.Seconds.Round(time.Second) / time.Second)), x.Spec}
		if x.Reason != "" {
			fields = append(fields, strings.ReplaceAll(x.Reason, "\t", " "))
		}
		b.WriteString(strings.Join(fields, "\t") + "\n")
	}
	return b.String()
}

// parseRecord reads what format wrote.
func parseRecord(text string) (record, error) {
	var r record
	s := bufio.NewScanner(strings.NewReader(text))
	for n := 1; s.Scan(); n++ {
		line := s.Text()
		if strings.HasPrefix(line, "#") {
			var took int
			if _, err := fmt.Sscanf(line, "# Kubernetes %s %d CPUs, %d s, own mounts %t", &r.Version, &r.CPUs, &took, &r.OwnMounts); err == nil {
				r.Version, r.Took = strings.TrimSuffix(r.Version, ","), time.Duration(took)*time.Second
			}
			continue
		}
		fields := strings.SplitN(line, "\t", 4)
		if len(fields) < 3 {
			return r, fmt.Errorf("line %d: %q has no verdict, seconds and spec", n, line)
		}
		took, err := strconv.Atoi(fields[1])
		if err != nil {
			return r, fmt.Errorf("line %d: read the seconds: %w", n, err)
		}
		x := result{Verdict: verdict(fields[0]), Seconds: time.Duration(took) * time.Second, Spec: fields[2]}
		if len(fields) == 4 {
			x.Reason = fields[3]
		}
		r.Results = append(r.Results, x)
	}
	return r, s.Err()
}

// readRecord reads the record of the last run; there is none before the first.
func readRecord(file string) (record, error) {
	data, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return record{}, nil
	}
	if err != nil {
		return record{}, fmt.Errorf("read the last run's results: %w", err)
	}
	r, err := parseRecord(string(data))
	if err != nil {
		return r, fmt.Errorf("read %s: %w", file, err)
	}
	return r, nil
}

// time gives the specs the times that are recorded of them.
func (r record) time(specs []spec) {
	took := map[string]time.Duration{}
	for _, x := range r.Results {
		took[x.Spec] = x.Seconds
	}
	for i := range specs {
		specs[i].Expected = took[specs[i].Name]
	}
}
