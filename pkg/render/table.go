package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// Table shows rows in columns under their headers, as kubectl get does: no lines, two spaces
// between. Cells may be painted. With no rows nothing is shown.
func Table(w io.Writer, headers []string, rows [][]string, s Style) error {
	if len(rows) == 0 {
		return nil
	}
	var b strings.Builder
	t := tablewriter.NewTable(&b, tablewriter.WithRenderer(renderer.NewBlueprint(bare())), tablewriter.WithConfig(plainCells()))
	heads := make([]any, len(headers))
	for i, h := range headers {
		heads[i] = s.Dim(s.Plain(strings.ToUpper(h)))
	}
	t.Header(heads...)
	for _, r := range rows {
		if err := t.Append(r); err != nil {
			return fmt.Errorf("lay out table: %w", err)
		}
	}
	if err := t.Render(); err != nil {
		return fmt.Errorf("lay out table: %w", err)
	}
	p := &page{s: s}
	for _, l := range strings.Split(strings.TrimRight(b.String(), "\n"), "\n") {
		p.line(strings.TrimRight(l, " "))
	}
	return p.flush(w)
}

// bare is a table without lines.
func bare() tw.Rendition {
	return tw.Rendition{
		Borders: tw.BorderNone,
		Symbols: tw.NewSymbols(tw.StyleNone),
		Settings: tw.Settings{
			Lines:      tw.LinesNone,
			Separators: tw.SeparatorsNone,
		},
	}
}

// plainCells are aligned to the left, with two spaces after them, and are shown as they are.
func plainCells() tablewriter.Config {
	cell := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
		Alignment:  tw.CellAlignment{Global: tw.AlignLeft},
		Padding:    tw.CellPadding{Global: tw.Padding{Left: "", Right: "  ", Overwrite: true}},
	}
	return tablewriter.Config{
		Header: cell, Row: cell,
		Behavior: tw.Behavior{TrimSpace: tw.Off},
	}
}
