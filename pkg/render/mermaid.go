package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
)

// Mermaid writes a trace as a sequence diagram for mermaid (mermaid.js.org/syntax/sequenceDiagram).
func Mermaid(w io.Writer, t *explain.Trace) error {
	q := newSequence(t)
	var b strings.Builder
	b.WriteString("sequenceDiagram\n")
	for i, p := range q.participants {
		word, label := "participant", p.label
		if p.person {
			word = "actor"
		}
		if p.note != "" {
			label += " (" + p.note + ")"
		}
		fmt.Fprintf(&b, "    %s p%d as %s\n", word, i, forMermaid(label))
	}
	for _, m := range q.messages {
		arrow, text := "->>", m.text
		if m.heard {
			arrow = "-->>"
		}
		if m.begins {
			fmt.Fprintf(&b, "    Note over p0,p%d: %s\n", len(q.participants)-1, forMermaid(anew(m)))
		}
		if m.at != "" {
			text = m.at + ", " + text
		}
		fmt.Fprintf(&b, "    p%d%sp%d: %s\n", m.from, arrow, m.to, forMermaid(text))
	}
	if n := len(q.participants); n > 0 {
		fmt.Fprintf(&b, "    Note over p0,p%d: %s\n", n-1, forMermaid(strings.TrimSpace(t.Summary+" "+t.Times)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// forMermaid writes what has a meaning to mermaid as the number of its character.
func forMermaid(text string) string {
	return strings.NewReplacer("#", "#35;", ";", "#59;", "<", "#60;", ">", "#62;", "%", "#37;").Replace(Style{}.Plain(text))
}
