package load

import (
	"fmt"
	"strings"
)

// Counts says how many were sent, and what became of them.
func (t Tally) Counts() string {
	parts := []string{fmt.Sprintf("%d requests sent", t.Sent)}
	if t.Sent == 1 {
		parts[0] = "1 request sent"
	}
	parts = append(parts, fmt.Sprintf("%d answered", t.Answered), fmt.Sprintf("%d lost", t.Lost))
	if t.Open > 0 {
		parts = append(parts, fmt.Sprintf("%d without an answer yet", t.Open))
	}
	if t.Held > 0 {
		parts = append(parts, fmt.Sprintf("%d not sent because too many waited", t.Held))
	}
	return strings.Join(parts, ", ")
}

// String is Counts with how long the answers took.
func (t Tally) String() string {
	if t.Answered == 0 {
		return t.Counts()
	}
	return fmt.Sprintf("%s; the median answer took %d ms, the slowest %d ms", t.Counts(), t.MedianMillis, t.SlowestMillis)
}
