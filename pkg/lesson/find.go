package lesson

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// FindStep finds a step by its ID or its number, from 1 on. The error says which steps there are.
func (l *Lesson) FindStep(id string) (*Step, error) {
	if step := l.Step(id); step != nil {
		return step, nil
	}
	if n, err := strconv.Atoi(id); err == nil && n >= 1 && n <= len(l.Steps) {
		return l.Steps[n-1], nil
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
