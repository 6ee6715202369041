package realness

import "strings"

// Table is the table of all parts for docs/sandbox.md.
func Table() string {
	rows := [][]string{{"part", "realness", "what that means"}}
	for _, p := range Parts() {
		rows = append(rows, []string{p.Name, string(p.Realness), p.Means})
	}
	return table(rows)
}

// EmulationTable is the table of all that only looks as if it were there, for docs/sandbox.md.
func EmulationTable() string {
	rows := [][]string{{"emulated", "what you see, and what is so"}}
	for _, p := range Parts() {
		for _, e := range p.Emulations {
			rows = append(rows, []string{e.What, e.Seen})
		}
	}
	return table(rows)
}

// table writes rows, the first of which is the head, in Markdown.
func table(rows [][]string) string {
	var b strings.Builder
	for i, r := range rows {
		b.WriteString("| " + strings.Join(r, " | ") + " |\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(r)) + "|\n")
		}
	}
	return b.String()
}
