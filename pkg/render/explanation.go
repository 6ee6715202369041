package render

import (
	"fmt"
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
		p.drawMap(e.Map)
	}
	for _, resource := range sorted(e.Unread) {
		p.text(s.UnsureSign()+" ", 2, fmt.Sprintf("The %s could not be read: %s", resource, e.Unread[resource]), nil)
	}
	return p.flush(w)
}
