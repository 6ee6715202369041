package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// ExplainObject shows an explanation of an object; with evidence each statement says where it was read.
func ExplainObject(w io.Writer, e *explain.Explanation, s Style, evidence bool) error {
	p := &page{s: s, sources: evidence}
	p.object(e.Object)
	if evidence {
		p.gap()
		p.text("", 2, "Owners are in metadata.ownerReferences, writers in metadata.managedFields, which keep the last write of each.", s.Dim)
	}
	p.unread(e.Unread)
	return p.flush(w)
}

// object explains one live object.
func (p *page) object(o *explain.Object) {
	name := o.Kind + " " + o.Name
	if o.Namespace != "" {
		name += " in namespace " + o.Namespace
	}
	p.text(p.healthSign(o.Health)+" ", 2, name, p.s.Bold)
	switch {
	case o.Is != "":
		p.text("", 2, o.Is, nil)
	case o.Doc != "":
		p.text("", 2, o.Doc, nil)
	}
	if o.Is != "" && o.Doc != "" {
		p.text("", 2, "The API says: "+o.Doc, p.s.Dim)
	}
	p.links("NOW", o.Now)
	if o.Health == explain.Unwell || o.Health == explain.Waiting {
		p.text("", 2, "Why it is not well: "+plugin.Command+" why "+strings.ToLower(o.Kind)+"/"+o.Name, p.s.Dim)
	}
	if o.Family != nil {
		p.heading("FAMILY")
		for _, root := range o.Family.Roots {
			p.branch(root, "", "", kindsTold(root))
		}
	}
	p.writers(o.Writers)
	p.links("IF IT WERE DELETED", o.Deleted)
	if o.Tried != "" {
		p.text("", 2, o.Tried, nil)
	}
}

// kindsTold keeps a tree from saying what each kind is for, which is not what was asked.
func kindsTold(b *explain.Branch) map[string]bool {
	told := map[string]bool{b.Kind: true}
	for _, owned := range b.Owns {
		for k := range kindsTold(owned) {
			told[k] = true
		}
	}
	return told
}

func (p *page) heading(text string) {
	p.gap()
	p.line(p.s.Accent(text))
}

// links are claims with their evidence below, or beside where there is room.
func (p *page) links(heading string, list []explain.Statement) {
	if len(list) == 0 {
		return
	}
	p.heading(heading)
	for _, l := range list {
		claim := p.s.Plain(l.Claim)
		evidence := ""
		if p.sources {
			evidence = p.s.Plain(l.Evidence)
		}
		if room := p.s.width() - len(margin) - 2; evidence != "" && Width(claim)+2+Width(evidence) <= room {
			p.line("  ", claim, strings.Repeat(" ", room-Width(claim)-Width(evidence)), p.s.Dim(evidence))
			continue
		}
		p.text("", 2, l.Claim, nil)
		if evidence != "" {
			p.text("", 4, evidence, p.s.Dim)
		}
	}
}

// writers show who wrote which fields.
func (p *page) writers(list []explain.Writer) {
	if len(list) == 0 {
		return
	}
	p.heading("WHO WROTE IT")
	who, when := 0, 0
	for _, w := range list {
		who, when = max(who, Width(w.Who)), max(when, Width(w.Ago))
	}
	for _, w := range list {
		label := "  " + pad(p.s.Plain(w.Who), who) + "  " + p.s.Dim(padLeft(w.Ago, when)) + "  "
		text := strings.Join(w.Fields, ", ")
		if w.Subresource != "" && !strings.HasPrefix(text, w.Subresource) {
			text = fmt.Sprintf("(%s) %s", w.Subresource, text)
		}
		if Width(label)+Width(text) <= p.s.width()-len(margin) {
			p.line(label, p.s.Plain(text))
			continue
		}
		// What is longer stands below, for paths are long and can't be broken.
		p.line(label)
		const indent = 4
		for _, l := range wrap(p.s.Plain(text), p.s.width()-len(margin)-indent) {
			p.line(strings.Repeat(" ", indent), p.s.cut(l, p.s.width()-len(margin)-indent))
		}
	}
}
