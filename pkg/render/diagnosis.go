package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
)

// Diagnosis shows why something is not well, and what could not be read. With sources it says where each
// piece of evidence was read.
func Diagnosis(w io.Writer, d *explain.Diagnosis, unread map[string]string, sources bool, s Style) error {
	p := &page{s: s, sources: sources, named: true}
	p.diagnosis(d)
	p.unread(unread)
	return p.flush(w)
}

// unread says what could not be read.
func (p *page) unread(resources map[string]string) {
	if len(resources) > 0 {
		p.gap()
	}
	for _, resource := range sorted(resources) {
		p.text(p.s.UnsureSign()+" ", 2, fmt.Sprintf("The %s could not be read: %s", resource, resources[resource]), nil)
	}
}

// diagnosis shows why something is not well.
func (p *page) diagnosis(d *explain.Diagnosis) {
	p.text(p.healthSign(d.Health)+" ", 2, d.Headline, p.s.Bold)
	for i, pr := range d.Problems {
		p.gap()
		p.problem(i+1, pr)
	}
	if len(d.Unseen) > 0 {
		p.gap()
	}
	for _, says := range d.Unseen {
		p.text(p.s.UnsureSign()+" ", 2, says, nil)
	}
	if d.Rest != "" {
		p.gap()
		p.text("", 0, d.Rest, p.s.Dim)
	}
}

func (p *page) problem(number int, pr explain.Problem) {
	sign := p.s.Bad(fmt.Sprint(number))
	if pr.Waiting {
		sign = p.s.WaitSign()
	}
	code := p.s.Dim(pr.Code)
	title := p.s.Plain(pr.Title)
	if p.named {
		title = p.s.Bold(p.s.Plain(subjects(pr)))
	}
	room := p.s.width() - len(margin) - 2
	switch gap := room - Width(title) - Width(code); {
	case gap >= 2:
		p.line(sign, " ", title, strings.Repeat(" ", gap), code)
	case p.named:
		p.line(sign, " ", title)
		p.line("  ", strings.Repeat(" ", max(room-Width(code), 0)), code)
	default:
		p.text(sign+" ", 2, title, nil)
	}
	if p.named {
		p.text("", 2, pr.Title+".", nil)
	}
	for _, l := range pr.Chain {
		p.text("", 4, l.Claim, nil)
		long := p.sources && len(l.Lines) > 0
		picked := slices.ContainsFunc(l.Lines, func(line string) bool { return strings.TrimSpace(line) == l.Evidence })
		if l.Evidence != "" && (!long || picked) {
			p.text("", 6, l.Evidence, p.s.Dim)
		}
		for _, line := range l.Lines {
			if long {
				p.text("", 8, line, p.s.Dim)
			}
		}
		if p.sources && l.From != "" {
			p.text("", 6, "from "+l.From, p.s.Dim)
		}
	}
	if pr.Advice != "" {
		p.text("", 4, pr.Advice, nil)
	}
	p.commands("look", pr.Look)
	p.commands("try", pr.Try)
	p.commands("back", pr.Back)
	if n := len(pr.Objects); n > 1 {
		some := strings.Join(pr.Objects[:min(n, mostObjects)], ", ")
		if n > mostObjects {
			some += fmt.Sprintf(" and %d more", n-mostObjects)
		}
		p.text("    of    ", 10, some, p.s.Dim)
	}
	for i, symptom := range pr.Symptoms {
		label := ""
		if i == 0 {
			label = "    so"
		}
		p.text(label, 10, symptom, nil)
	}
}

// mostObjects is how many of the objects that have one problem are named.
const mostObjects = 8

// subjects names what has a problem.
func subjects(pr explain.Problem) string {
	name := strings.ToLower(pr.Subject.Kind) + "/" + pr.Subject.Name
	if n := len(pr.Objects) - 1; n > 0 {
		name += fmt.Sprintf(" and %d more", n)
	}
	return name
}

// commands shows what to type, each on a line of its own so that it can be copied.
func (p *page) commands(label string, commands []string) {
	for i, c := range commands {
		head := strings.Repeat(" ", 10)
		if i == 0 {
			head = pad("    "+label, 10)
		}
		p.line(head, p.s.Accent(p.s.Plain(c)))
	}
}
