package render

import (
	"io"
	"strings"
)

// Question shows a question and its options, lettered a, b, c; without options the question alone.
func Question(w io.Writer, ask string, options []string, s Style) error {
	p := &page{s: s}
	p.text("", 0, ask, s.Bold)
	for i, o := range options {
		p.text("  "+s.Accent(letter(i))+"  ", 5, o, nil)
	}
	return p.flush(w)
}

func letter(i int) string { return string(rune('a' + i%26)) }

// Answered is a prediction or a question, held against the cluster.
type Answered struct {
	Said     string   // what the learner said; empty: nothing
	Right    bool     // it is so
	So       []string // how it is
	Reply    string   // what is said to the belief behind it
	Because  string   // why it is so
	Evidence []string // what shows it, a line each
}

// Answer shows what became of what a learner said. A wrong guess is no failure and gets no cross:
// it says how it is, and why.
func Answer(w io.Writer, a Answered, s Style) error {
	p := &page{s: s}
	so := strings.Join(a.So, ", or ")
	switch {
	case a.Said == "" && so != "":
		p.text("", 2, "It is so: "+so, nil)
	case a.Right:
		p.text(s.GoodSign()+" ", 2, "You said: "+a.Said+". Yes.", nil)
	case a.Said != "":
		p.text(s.Accent(s.Plain("→"))+" ", 2, "You said: "+a.Said+".", nil)
		if so != "" {
			p.text("", 2, "It is: "+so, nil)
		}
	}
	for _, l := range aligned(a.Evidence) {
		p.text("", 4, l, s.Dim)
	}
	if a.Reply != "" && !a.Right {
		p.text("", 2, a.Reply, nil)
	}
	if a.Because != "" {
		p.text("", 2, a.Because, nil)
	}
	return p.flush(w)
}
