package lesson_test

import (
	"os"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
)

// wholeLesson is the example of the page for authors.
func wholeLesson(t *testing.T) string {
	t.Helper()
	_, example, found := strings.Cut(page(t), "\n````markdown\n")
	example, _, closed := strings.Cut(example, "\n````")
	if !found || !closed {
		t.Fatal("the page has no example")
	}
	return example + "\n"
}

func page(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../../docs/lessons.md")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(data), "\r\n", "\n")
}

// TestDocumentedLesson reads the example that authors start from.
func TestDocumentedLesson(t *testing.T) {
	l := parse(t, wholeLesson(t))
	if problems := lesson.Lint(l); len(problems) > 0 {
		t.Errorf("lint: %v", problems)
	}
	_, rules, _ := strings.Cut(page(t), "## What lint looks for")
	for _, rule := range []string{"predict", "proof", "wrong-turns", "example", "hint-order", "one-concept", "teaches", "hints", "look", "otherwise", "length"} {
		if !strings.Contains(rules, rule) {
			t.Errorf("the rule %s is not told", rule)
		}
	}
}
