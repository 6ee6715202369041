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
	measured     string
}

func printTable(w io.Writer, rows []row) {
	fmt.Fprintln(w, "| what | at most | goal | measured |")
	fmt.Fprintln(w, "|---|---|---|---|")
	for _, r := range rows {
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", r.what, r.atMost, r.goal, r.measured)
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
