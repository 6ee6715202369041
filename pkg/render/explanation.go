package render

import (
	"io"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
)

// Explanation shows an explanation for a person to read.
func Explanation(w io.Writer, e *explain.Explanation, s Style) error {
	p := &page{s: s}
	switch {
	case e.Story != nil:
		p.story(e.Story)
	case e.Tree != nil:
		p.tree(e.Tree)
	case e.Placement != nil:
		p.placement(e.Placement)
	case e.Diagnosis != nil:
		p.diagnosis(e.Diagnosis)
	case e.Map != nil:
		p.drawMap(e.Map, e.Unread)
	case e.Object != nil:
		p.object(e.Object)
	}
	p.unread(e.Unread)
	return p.flush(w)
}
