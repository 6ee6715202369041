package lesson

import (
	"fmt"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// FindStep is Step with an error that says which steps there are.
func (l *Lesson) FindStep(id string) (*Step, error) {
	if step := l.Step(id); step != nil {
		return step, nil
	}
	ids := make([]string, len(l.Steps))
	for i, step := range l.Steps {
		ids[i] = step.ID
	}
	hint := "it has " + strings.Join(ids, ", ")
	if near := snapshot.Nearest(id, ids); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return nil, fmt.Errorf("lesson %s has no step %q; %s", l.ID, id, hint)
}
