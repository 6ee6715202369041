package render

import (
	"fmt"
	"sort"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
)

const (
	// leadIn is how many columns show the value before a story's zero.
	leadIn = 2
	// mostLevels is how many rows a line of the chart takes at most.
	mostLevels = 5
	// chartLabel is the room for names and numbers at the left.
	chartLabel = 10
)

// chart draws how many Pods were wanted and how many were ready over time. Nothing is drawn where
// neither changed.
func (p *page) chart(series *explain.Series) {
	if series == nil || (len(series.Ready) < 2 && len(series.Wanted) < 2) {
		return
	}
	columns := min(p.s.width(), DefaultWidth) - len(margin) - chartLabel
	end := roundUp(max(series.EndMS+series.EndMS/10, 10))
	p.gap()
	if len(series.Wanted) > 0 {
		p.steps("wanted", series.Wanted, end, columns, p.s.Dim)
	}
	p.steps("ready", series.Ready, end, columns, p.s.Accent)
	p.axis(end, columns)
}

// roundUp gives the next number of milliseconds that reads well at the end of an axis.
func roundUp(ms int64) int64 {
	for unit := int64(10); ; unit *= 10 {
		for _, n := range []int64{2, 4, 6, 8, 10} {
			if ms <= n*unit {
				return n * unit
			}
		}
	}
}

// steps draws one line of the chart.
func (p *page) steps(name string, points []explain.Point, end int64, columns int, paint func(string) string) {
	values := sample(points, end, columns)
	levels := levelsOf(values)
	for row, level := range levels {
		label := fmt.Sprintf("%-6s %2d", "", level)
		if row == 0 {
			label = fmt.Sprintf("%-6s %2d", name, level)
		}
		line := make([]string, columns)
		for i := range values {
			line[i] = p.s.stroke(rowOf(levels, values, i-1), rowOf(levels, values, i), row)
		}
		p.line(pad(label, chartLabel), paint(strings.TrimRight(strings.Join(line, ""), " ")))
	}
}

// sample reads a line of steps at each column. A column shows the least value of its time, so that
// a dip is seen however short it was.
func sample(points []explain.Point, end int64, columns int) []int {
	values := make([]int, columns)
	value, next := 0, 0
	if len(points) > 0 {
		value, next = points[0].N, 1
	}
	for i := range values {
		if i < leadIn {
			values[i] = value
			continue
		}
		until := end * int64(i-leadIn+1) // in columns, so that nothing is lost by division
		least := value
		moved := false
		for next < len(points) && points[next].OffsetMS*int64(columns-leadIn) < until {
			value = points[next].N
			if !moved || value < least {
				least = value
			}
			moved = true
			next++
		}
		values[i] = least
	}
	return values
}

// levelsOf are the values that get a row, the greatest first.
func levelsOf(values []int) []int {
	seen := map[int]bool{}
	var all []int
	for _, v := range values {
		if !seen[v] {
			seen[v] = true
			all = append(all, v)
		}
	}
	sort.Sort(sort.Reverse(sort.IntSlice(all)))
	if len(all) <= mostLevels {
		return all
	}
	var some []int
	for i := range mostLevels {
		some = append(some, all[i*(len(all)-1)/(mostLevels-1)])
	}
	return some
}

// rowOf is the row that a column's value is drawn in; before the first column it is the first's.
func rowOf(levels, values []int, column int) int {
	v := values[max(column, 0)]
	for row, level := range levels {
		if v >= level {
			return row
		}
	}
	return len(levels) - 1
}

// stroke is what a column shows in one row, when the line comes from one row and is in another.
func (s Style) stroke(from, to, row int) string {
	switch {
	case from == to && row == to:
		return s.sign("━", "=")
	case from == to:
		return " "
	case row == from && from < to:
		return s.sign("┓", "+")
	case row == from:
		return s.sign("┛", "+")
	case row == to && from < to:
		return s.sign("┗", "+")
	case row == to:
		return s.sign("┏", "+")
	case row > min(from, to) && row < max(from, to):
		return s.sign("┃", "|")
	}
	return " "
}

// axis writes the times below the chart.
func (p *page) axis(end int64, columns int) {
	const ticks = 4
	unit, scale := "ms", 1.0
	if end >= 10_000 {
		unit, scale = "s", 1000
	}
	line := []byte(strings.Repeat(" ", columns+4))
	for i := range ticks {
		text := fmt.Sprint(float64(end*int64(i)) / ticks / scale)
		if i == ticks-1 {
			text += " " + unit
		}
		copy(line[leadIn+(columns-leadIn)*i/ticks:], text)
	}
	p.line(strings.Repeat(" ", chartLabel), p.s.Dim(strings.TrimRight(string(line), " ")))
}
