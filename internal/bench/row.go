package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// row is one line of the table.
type row struct {
	what         string
	atMost, goal string
	measured     []string // by provider; a single one holds for all
}

func printTable(w io.Writer, providers []string, rows []row) {
	fmt.Fprintf(w, "| what | at most | goal | %s |\n", strings.Join(providers, " | "))
	fmt.Fprintf(w, "|---|---|---|%s\n", strings.Repeat("---|", len(providers)))
	for _, r := range rows {
		cells := append(slices.Clone(r.measured), slices.Repeat([]string{""}, len(providers)-len(r.measured))...)
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", r.what, r.atMost, r.goal, strings.Join(cells, " | "))
	}
}

// times prints measured times: the median, and between which they were.
func times(all []time.Duration) string {
	if len(all) == 0 {
		return "not measured"
	}
	slices.Sort(all)
	return fmt.Sprintf("%s (%s to %s)", seconds(median(all)), seconds(all[0]), seconds(all[len(all)-1]))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// median of sorted times; of an even number the lower of the two in the middle.
func median(sorted []time.Duration) time.Duration { return sorted[(len(sorted)-1)/2] }

// machine is what the system says its processor is.
func machine() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "processor unknown"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "processor unknown"
}
