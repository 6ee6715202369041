package lesson_test

import (
	"os"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
)

// TestDocumentedLesson reads the example that authors start from.
func TestDocumentedLesson(t *testing.T) {
	data, err := os.ReadFile("../../docs/lesson-format.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := strings.ReplaceAll(string(data), "\r\n", "\n")
	_, example, found := strings.Cut(doc, "\n````markdown\n")
	example, _, closed := strings.Cut(example, "\n````")
	if !found || !closed {
		t.Fatal("the document has no example")
	}
	l := parse(t, example+"\n")
	if problems := lesson.Lint(l); len(problems) > 0 {
		t.Errorf("lint: %v", problems)
	}
	for _, rule := range []string{"predict", "proof", "wrong-turns", "example", "hint-order", "one-concept", "teaches", "hints", "look", "otherwise", "length"} {
		_, rules, _ := strings.Cut(doc, "## What lint looks for")
		if !strings.Contains(rules, rule) {
			t.Errorf("the rule %s is not told", rule)
		}
	}
}
