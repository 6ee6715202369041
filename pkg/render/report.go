package render

import (
	"io"

	"github.com/kubectl-learn/kubectl-learn/pkg/check"
)

// Report shows how a step's checks stand: what is met in a line, what is not with what was expected,
// what was found, why, and where to look.
func Report(w io.Writer, r check.Report, s Style) error {
	p := &page{s: s}
	for _, result := range r.Results {
		p.result(result)
	}
	return p.flush(w)
}

func (p *page) result(r check.Result) {
	const label = 16
	say := func(name, text string, paint func(string) string) {
		if text != "" {
			p.text("    "+p.s.Dim(name), label, text, paint)
		}
	}
	switch r.Verdict {
	case check.Pass:
		p.text(p.s.GoodSign()+" ", 2, r.That, nil)
		return
	case check.Converging:
		p.text(p.s.WaitSign()+" ", 2, r.That, nil)
		say("on its way", r.Why, nil)
		p.evidence(r.Evidence, label)
		return
	case check.CantTell:
		p.text(p.s.UnsureSign()+" ", 2, r.That, nil)
		say("can't tell", r.Why, nil)
		p.evidence(r.Evidence, label)
		return
	}
	p.text(p.s.BadSign()+" ", 2, r.That, nil)
	say("expected", r.Expected, nil)
	say("actual", r.Actual, nil)
	if r.Why != r.Actual {
		say("so", r.Why, nil)
	}
	p.evidence(r.Evidence, label)
	say("look", r.Look, p.s.Accent)
}

// evidence stands under what it proves.
func (p *page) evidence(lines []string, indent int) {
	label := "    " + p.s.Dim("seen")
	for _, l := range aligned(lines) {
		p.text(label, indent, l, p.s.Dim)
		label = ""
	}
}
