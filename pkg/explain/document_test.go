package explain_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
)

// document holds the tables of docs/why.md against the codes and what came of the scenarios.
func document(t *testing.T, verdicts []verdict) {
	t.Helper()
	file := filepath.Join("..", "..", "docs", "why.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := between(t, string(text), "codes", codeTable())
	want = between(t, want, "scenarios", scenarioTable(verdicts))
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(text) {
		t.Error("docs/why.md is not current: go test ./pkg/explain -update")
	}
}

// between puts a table between a mark and its end.
func between(t *testing.T, text, mark, table string) string {
	t.Helper()
	begin, end := "<!-- made by go test ./pkg/explain -update: "+mark+" -->\n", "<!-- end -->"
	head, rest, found := strings.Cut(text, begin)
	_, tail, ends := strings.Cut(rest, end)
	if !found || !ends {
		t.Fatalf("docs/why.md has no place for %s", mark)
	}
	return head + begin + "\n" + table + "\n" + end + tail
}

func codeTable() string {
	var b strings.Builder
	b.WriteString("| code | what it says |\n|---|---|\n")
	for _, c := range explain.Codes() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", c.Code, c.Text)
	}
	return b.String()
}

func scenarioTable(verdicts []verdict) string {
	var b strings.Builder
	right, broken, healthy, alarms := 0, 0, 0, 0
	for _, v := range verdicts {
		switch {
		case v.Healthy:
			healthy++
			if len(v.wrong) > 0 {
				alarms++
			}
		case len(v.wrong) == 0:
			right, broken = right+1, broken+1
		default:
			broken++
		}
	}
	fmt.Fprintf(&b, "The right cause comes first in %d of %d; of %d that are well, %s a false alarm.\n\n", right, broken, healthy,
		map[bool]string{true: "none gives", false: fmt.Sprintf("%d give", alarms)}[alarms == 0])
	b.WriteString("| scenario | what is the case | first cause | |\n|---|---|---|---|\n")
	for _, v := range verdicts {
		said := "well"
		if causes := v.d.Causes(); len(causes) > 0 {
			said = "`" + causes[0].Code + "`"
		}
		mark := "✓"
		if len(v.wrong) > 0 {
			mark = "✗"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", v.name, v.That, said, mark)
	}
	return b.String()
}
