package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/load"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Healing shows how a target healed: what happened, who acted first, what healed it, and the requests that were sent meanwhile. With
// evidence it is the whole story, of which each row says how it is known. Requests and service are empty where none were sent.
func Healing(w io.Writer, h *explain.Healing, requests *load.Tally, service string, evidence bool, s Style) error {
	p := &page{s: s, bare: !evidence}
	if evidence {
		p.healingStory(h)
	} else {
		p.healingRows(h)
	}
	if h.First != "" {
		text := fmt.Sprintf("by the %s, after %s", h.First, explain.Span(h.FirstMS))
		if evidence {
			text += ": it " + s.shorten(h.FirstWhat, objectsIn(h), false)
		}
		p.text("Noticed   ", 10, text, nil)
	}
	label := "Healer    "
	if !h.Healed {
		label = "Unhealed  "
	}
	p.text(label, 10, h.Healer, nil)
	if evidence && h.Evidence != "" {
		p.text("", 10, h.Evidence, p.s.Dim)
	}
	if requests != nil {
		p.text("Requests  ", 10, Requests(*requests, service), nil)
	}
	return p.flush(w)
}

// healingRows is what happened, and how many Pods were ready when.
func (p *page) healingRows(h *explain.Healing) {
	p.rows(h.Story.Rows)
	series := h.Story.Series
	if series != nil && len(series.Wanted) == 1 { // which is told below, and needs no line of its own
		series = &explain.Series{Ready: series.Ready, EndMS: series.EndMS}
	}
	p.chart(series)
	p.gap()
	wanted, ready := 0, 0
	if series != nil {
		wanted, ready = last(h.Story.Series.Wanted), last(h.Story.Series.Ready)
	}
	of := fmt.Sprintf("%d of %s ready", ready, snapshot.Count(wanted, "Pod"))
	switch {
	case h.Healed:
		p.text(p.s.GoodSign()+" ", 2, fmt.Sprintf("Healed in %s: %s.", explain.Span(h.HealedMS), of), p.s.Good)
	case wanted == 0:
		p.text(p.s.WaitSign()+" ", 2, "Not healed: no Pod is there, and nobody asks for one.", p.s.Wait)
	case ready >= wanted:
		p.text(p.s.WaitSign()+" ", 2, fmt.Sprintf("Not healed: the API still counts %s.", of), p.s.Wait)
	default:
		p.text(p.s.WaitSign()+" ", 2, fmt.Sprintf("Not healed: %s.", of), p.s.Wait)
	}
}

// healingStory is the whole story of it, without what stands below.
func (p *page) healingStory(h *explain.Healing) {
	st := *h.Story // what else it comes to stands below
	st.Gone, st.Came = nil, nil
	if first, _, more := strings.Cut(st.Summary, ". "); more && h.Healed {
		st.Summary = first + "."
	}
	if !h.Healed && st.Outcome == explain.Steady { // as far as anybody knows
		st.Outcome = explain.Under
	}
	p.story(&st)
	p.gap()
}

// Requests says how many were sent to a Service, and what became of them.
func Requests(t load.Tally, service string) string {
	text := fmt.Sprintf("%d to Service %s meanwhile, %d lost", t.Sent, service, t.Lost)
	if t.Open > 0 {
		text += fmt.Sprintf(", %d without an answer yet", t.Open)
	}
	if t.Answered > 0 {
		text += fmt.Sprintf("; the slowest answer took %d ms", t.SlowestMillis)
	}
	return text
}

func objectsIn(h *explain.Healing) []string {
	var names []string
	for _, r := range h.Story.Rows {
		names = append(names, r.Objects...)
	}
	return names
}

// mostTunings is how many fields are told in brief.
const mostTunings = 3

// Tunings shows which fields make healing faster or slower: the few that matter most in a line each, with evidence all of them and where
// they stand.
func Tunings(w io.Writer, list []explain.Tuning, evidence bool, s Style) error {
	if len(list) == 0 {
		return nil
	}
	p := &page{s: s}
	p.gap()
	object := s.Plain(list[len(list)-1].Object)
	if !evidence {
		p.line(s.Bold("Faster or slower") + s.Dim(s.cut("  for "+object+"; more with --evidence", s.width()-len(margin)-16)))
		p.tuningsInBrief(list)
		return p.flush(w)
	}
	p.text(s.Bold("Faster or slower")+"  ", 18, "what counts, and what it is now, for "+object, s.Dim)
	fields := 0
	for _, t := range list {
		fields = max(fields, Width(t.Field))
	}
	for _, t := range list {
		p.line(s.Accent(pad(s.Plain(t.Field), fields)), "  ", s.Bold(s.Plain(t.Value)))
		p.text("", 4, t.Does, nil)
		p.text("", 4, t.Object+" "+t.Path, s.Dim)
	}
	return p.flush(w)
}

func (p *page) tuningsInBrief(list []explain.Tuning) {
	list = slices.DeleteFunc(slices.Clone(list), func(t explain.Tuning) bool { return t.Brief == "" })
	list = list[:min(len(list), mostTunings)]
	fields, values := 0, 0
	for _, t := range list {
		fields, values = max(fields, Width(t.Field)), max(values, Width(t.Value))
	}
	for _, t := range list {
		label := p.s.Accent(pad(p.s.Plain(t.Field), fields)) + "  " + p.s.Bold(pad(p.s.Plain(t.Value), values)) + "  "
		p.text(label, Width(label), t.Brief, nil)
	}
}

// Underway shows how a healing goes on: what happened so far, and how many Pods are ready of those that are wanted.
func Underway(st *explain.Story, ms int64, requests string, s Style) string {
	p := &page{s: s, bare: true}
	if st != nil {
		rows := st.Rows
		p.rows(rows)
		p.gap()
		wanted, ready := last(st.Series.Wanted), last(st.Series.Ready)
		if len(rows) == 1 {
			requests = "  not noticed yet" + requests
		}
		count := fmt.Sprintf("  %d of %d ready", ready, wanted)
		room := s.width() - len(margin) - 2 - 10 - min(wanted, mostDrawn) - Width(count)
		p.line(s.WaitSign()+" ", s.Bold(padLeft(explain.Span(ms), 8)), "  ", s.dots(ready, wanted), count, s.Dim(s.cut(requests, max(room, 0))))
	}
	return p.b.String()
}

func last(points []explain.Point) int {
	if len(points) == 0 {
		return 0
	}
	return points[len(points)-1].N
}

// mostDrawn is how many Pods are drawn one by one.
const mostDrawn = 20

// dots draws as many as are wanted, filled where they are ready.
func (s Style) dots(ready, wanted int) string {
	if wanted > mostDrawn {
		return ""
	}
	return s.Good(strings.Repeat(s.sign("●", "*"), min(ready, wanted))) + s.Wait(strings.Repeat(s.sign("○", "o"), max(wanted-ready, 0)))
}

// Run is one of several healings, for a plot.
type Run struct {
	// MS is how long it took; Healed says that it healed at all.
	MS     int64
	Healed bool
	// Note is what else is to be said of it.
	Note string
}

// Runs shows several healings of the same: least, median and most, a bar for each, who noticed it first, and what healed it.
func Runs(w io.Writer, runs []Run, least, median, most int64, noticed, healer string, s Style) error {
	p := &page{s: s}
	p.line(fmt.Sprintf("%d times  ", len(runs)) + s.Dim("min ") + s.Bold(explain.Span(least)) + s.Dim("  median ") +
		s.Bold(explain.Span(median)) + s.Dim("  max ") + s.Bold(explain.Span(most)))
	p.gap()
	notes := 0
	for _, r := range runs {
		notes = max(notes, Width(s.Plain(r.Note)))
	}
	columns := max(s.width()-len(margin)-4-2-10-2-notes, 10)
	for i, r := range runs {
		length := 0
		if most > 0 {
			length = max(int(r.MS*int64(columns)/most), 1)
		}
		span := explain.Span(r.MS)
		bar := s.Accent(strings.Repeat(s.sign("█", "#"), min(length, columns)))
		if !r.Healed {
			span, bar = "not healed", s.Bad(s.Plain("✗"))
		}
		p.line(padLeft(fmt.Sprint(i+1), 3), "  ", padLeft(span, 10), "  ", pad(bar, columns), " ", s.Dim(s.Plain(r.Note)))
	}
	p.gap()
	for _, l := range [][2]string{{"Noticed   ", noticed}, {"Healer    ", healer}} {
		if l[1] != "" {
			p.text(l[0], 10, l[1], nil)
		}
	}
	return p.flush(w)
}
