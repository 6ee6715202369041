package session

import (
	"context"

	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
)

// hint fills in one hint with the names that things have now.
func (s *Session) hint(ctx context.Context, p *Position, h *lesson.Hint) (*Help, error) {
	eyes, err := s.Observe(s.Namespace(p.Lesson.ID))
	if err != nil {
		return nil, err
	}
	text, err := h.Render(eyes.Snapshot(ctx, whole()))
	if lesson.IsMissing(err) {
		// A hint that names what is not there is still a hint.
		text, err = h.Text, nil
	}
	return &Help{Rung: h.Rung, Text: text}, err
}
