package lesson

import (
	"fmt"
	"io/fs"
	"strings"
	"unicode"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Header is what an overview needs of a lesson: its front matter and the titles of its steps.
// Reading it costs microseconds, because nothing is compiled.
type Header struct {
	ID, Title, Summary string
	Minutes            int
	After              []string
	Needs              Needs
	Teaches            []string
	Steps              []StepHeader
	// File is the file in its file system.
	File string
	// From is the pack that the lesson comes from, as an absolute path; empty for one that is built in.
	From string
	// At is where the ID stands; AfterAt where each entry of After stands.
	At      Pos
	AfterAt []Pos

	teachesAt []Pos
}

// StepHeader is a step's name.
type StepHeader struct {
	ID, Title string
	Line      int
}

// CheckID says why an ID can't be that of a lesson; nil where it can. A lesson's namespace is called after it.
func CheckID(id string) error {
	if len(validation.IsDNS1123Label(id)) > 0 || len(id) > maxID {
		return fmt.Errorf("%q can't be the id of a lesson; %s", id, idAdvice())
	}
	return nil
}

func idAdvice() string {
	return fmt.Sprintf("write lower-case letters, digits and hyphens, %d at most", maxID)
}

const (
	maxID      = validation.DNS1123LabelMaxLength - len("learn-")
	maxSteps   = 64
	maxMinutes = 240
)

// ParseHeader reads the front matter and the titles of the steps, and nothing else.
func ParseHeader(fsys fs.FS, name string) (Header, error) { return Options{}.ParseHeader(fsys, name) }

// ParseHeader reads the front matter and the titles of the steps, and nothing else.
func (o Options) ParseHeader(fsys fs.FS, name string) (Header, error) {
	src, err := o.readSource(fsys, name)
	if err != nil {
		return Header{}, err
	}
	p := &problems{}
	h, body := p.header(src)
	h.File, h.From = name, o.From
	h.Steps = scanSteps(src, body)
	return h, p.err()
}

// header reads the front matter. body is the line, from 0, with which the rest begins.
func (p *problems) header(src *source) (h Header, body int) {
	h.At = src.pos(0)
	end := frontMatterEnd(src)
	if end < 0 {
		p.add(src.pos(0), "the file does not begin with front matter", "begin with a line ---, then id, title, summary and minutes, then a line ---")
		return h, 0
	}
	if end == 1 {
		p.add(src.pos(0), "the front matter is empty", "write id, title, summary and minutes")
		return h, 2
	}
	f := src.fragment(1, end)
	node := p.document(f, "the front matter")
	o := p.object(f, node, frontMatter())
	if o == nil {
		return h, end + 1
	}
	h.ID = o.required("id", "my-lesson")
	h.At = o.where("id")
	if h.ID != "" && CheckID(h.ID) != nil {
		p.add(o.where("id"), fmt.Sprintf("%q can't be part of a namespace's name", h.ID), idAdvice())
	}
	h.Title = o.required("title", "Self-healing")
	h.Summary = o.required("summary", "What a learner does here, in one sentence.")
	if !o.has("minutes") {
		o.missing("minutes", "write minutes: 10")
	}
	h.Minutes = o.integer("minutes", 10)
	h.After, h.AfterAt = o.texts("after")
	h.Teaches, h.teachesAt = o.texts("teaches")
	h.Needs = p.needs(o)
	p.checkAfter(h)
	return h, end + 1
}

func (p *problems) checkAfter(h Header) {
	seen := map[string]bool{}
	for i, id := range h.After {
		switch {
		case id == h.ID:
			p.add(h.AfterAt[i], fmt.Sprintf("the lesson %q comes after itself", id), "take it out")
		case seen[id]:
			p.add(h.AfterAt[i], fmt.Sprintf("%q stands twice in \"after\"", id), "take one out")
		}
		seen[id] = true
	}
}

func (p *problems) needs(o *object) Needs {
	n := p.object(o.fragment, o.keys["needs"], needsShape())
	if n == nil {
		return Needs{}
	}
	return Needs{
		Nodes:         n.integer("nodes", 0),
		Metrics:       n.boolean("metrics"),
		Exec:          n.boolean("exec"),
		AddNodes:      n.boolean("addNodes"),
		StopNode:      n.boolean("stopNode"),
		KillContainer: n.boolean("killContainer"),
		PressNode:     n.boolean("pressNode"),
		Audit:         n.boolean("audit"),
		SeeNodes:      n.boolean("seeNodes"),
		CordonNodes:   n.boolean("cordonNodes"),
	}
}

// frontMatterEnd returns the line of the closing ---, or -1.
func frontMatterEnd(src *source) int {
	if strings.TrimRight(src.lineText(0), " ") != "---" {
		return -1
	}
	for i := 1; i < len(src.starts); i++ {
		if strings.TrimRight(src.lineText(i), " ") == "---" {
			return i
		}
	}
	return -1
}

// scanSteps finds the headings of the second level without parsing Markdown. It agrees with the
// whole parser on every file that the whole parser accepts.
func scanSteps(src *source, from int) []StepHeader {
	var steps []StepHeader
	fence := ""
	for i := from; i < len(src.starts); i++ {
		line := src.lineText(i)
		text := strings.TrimLeft(line, " ")
		if len(line)-len(text) > 3 {
			continue
		}
		if fence != "" {
			if strings.HasPrefix(text, fence) && strings.Trim(text, fence[:1]+" \t") == "" {
				fence = ""
			}
			continue
		}
		if fence = openFence(text); fence != "" {
			continue
		}
		if title, ok := strings.CutPrefix(text, "##"); ok && (title == "" || title[0] == ' ' || title[0] == '\t') {
			title = plainTitle(title)
			steps = append(steps, StepHeader{ID: slug(title), Title: title, Line: i + 1})
		}
	}
	return steps
}

// openFence returns the fence that a line opens, or nothing.
func openFence(text string) string {
	for _, c := range []string{"`", "~"} {
		rest := strings.TrimLeft(text, c)
		if n := len(text) - len(rest); n >= 3 && (c == "~" || !strings.Contains(rest, "`")) {
			return text[:n]
		}
	}
	return ""
}

// plainTitle takes a heading's closing #s and its Markdown signs away.
func plainTitle(raw string) string {
	title := strings.TrimSpace(raw)
	if cut := strings.TrimRight(title, "#"); cut == "" || strings.HasSuffix(cut, " ") {
		title = strings.TrimSpace(cut)
	}
	return strings.NewReplacer("`", "", "*", "").Replace(title)
}

// slug makes an ID of a title: lower case, words joined by hyphens.
func slug(title string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(title) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte('-')
			gap = false
		}
		b.WriteRune(r)
	}
	return b.String()
}
