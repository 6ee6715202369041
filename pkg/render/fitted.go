package render

import (
	"io"
	"slices"
	"strings"
)

// least is how narrow a column may become, in characters.
const least = 12

// Fitted is Table of cells without paint, and no wider than the screen: they are broken between words. A
// first cell that is too long for its column has a line of its own, so that it can be copied.
func Fitted(w io.Writer, headers []string, rows [][]string, s Style) error {
	widths := natural(headers, rows)
	room := s.width() - len(margin) - 2*(len(widths)-1)
	if sum(widths) <= room || len(rows) == 0 {
		return Table(w, headers, rows, s)
	}
	widths = squeezed(widths, room)
	p := &page{s: s}
	heads := make([]string, len(headers))
	for i, h := range headers {
		heads[i] = s.Dim(s.Plain(strings.ToUpper(h)))
	}
	p.line(across(heads, widths))
	for _, row := range rows {
		p.cells(row, widths)
	}
	return p.flush(w)
}

// cells adds a row, in as many lines as its highest cell has.
func (p *page) cells(row []string, widths []int) {
	row = slices.Clone(row)
	if Width(row[0]) > widths[0] {
		p.line(row[0])
		row[0] = ""
	}
	columns, height := make([][]string, len(row)), 1
	for i, cell := range row {
		columns[i] = wrap(cell, widths[i])
		height = max(height, len(columns[i]))
	}
	for y := range height {
		line := make([]string, len(row))
		for i, c := range columns {
			if y < len(c) {
				line[i] = c[y]
			}
		}
		p.line(across(line, widths))
	}
}

// across sets cells side by side.
func across(cells []string, widths []int) string {
	var b strings.Builder
	for i, c := range cells {
		b.WriteString(pad(c, widths[i]) + "  ")
	}
	return strings.TrimRight(b.String(), " ")
}

// natural are the widths of columns of which no cell is broken.
func natural(headers []string, rows [][]string) []int {
	widths := make([]int, len(headers))
	for i, h := range headers {
		widths[i] = Width(h)
		for _, r := range rows {
			widths[i] = max(widths[i], Width(r[i]))
		}
	}
	return widths
}

// squeezed takes from the widest column until all fit, or until none has anything to give.
func squeezed(widths []int, room int) []int {
	widths = slices.Clone(widths)
	for sum(widths) > room {
		widest := -1
		for i, w := range widths {
			if w > least && (widest < 0 || w > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	return widths
}

func sum(numbers []int) int {
	total := 0
	for _, n := range numbers {
		total += n
	}
	return total
}
