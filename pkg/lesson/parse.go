package lesson

import (
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Options say how a lesson is read.
type Options struct {
	// Trust lets a lesson bring objects that reach beyond its namespace: privileged Pods, host paths,
	// host namespaces, cluster-wide objects, kinds that are not built in.
	Trust bool
	// Within is what stands before a file's name in places, so that they name the file as its author
	// does: "./lessons/".
	Within string
	// From is where the lesson comes from, as the absolute path of a folder, a file or a bundle; empty
	// for one that is built in.
	From string
}

// Parse reads a lesson and trusts it with nothing. The error is an Errors with all that is wrong
// in the file, or says why the file could not be read.
func Parse(fsys fs.FS, name string) (*Lesson, error) { return Options{}.Parse(fsys, name) }

// Parse reads a lesson.
func (o Options) Parse(fsys fs.FS, name string) (*Lesson, error) {
	src, err := o.readSource(fsys, name)
	if err != nil {
		return nil, err
	}
	p := &parser{problems: &problems{}, fsys: fsys, name: name, src: src, options: o, compiler: newCompiler()}
	lesson := p.lesson()
	if err := p.err(); err != nil {
		return nil, err
	}
	return lesson, nil
}

type parser struct {
	*problems
	fsys     fs.FS
	name     string // of the file in fsys
	src      *source
	options  Options
	compiler *compiler
}

func noQuery() snapshot.Query { return snapshot.Query{} }

func (p *parser) lesson() *Lesson {
	h, body := p.header(p.src)
	h.File, h.From = p.name, p.options.From
	l := &Lesson{
		ID: h.ID, Title: h.Title, Summary: h.Summary, Minutes: h.Minutes,
		After: h.After, Needs: h.Needs, Teaches: h.Teaches, File: p.src.file, From: h.From,
	}
	from := len(p.src.text)
	if body < len(p.src.starts) {
		from = p.src.starts[body]
	}
	b := &markdown{parser: p, from: from, lesson: l}
	b.read()
	p.checkSteps(l)
	l.Needs.ReadNodes = l.readsNodes()
	for _, s := range l.Steps {
		h.Steps = append(h.Steps, StepHeader{ID: s.ID, Title: s.Title, Line: s.Line})
	}
	l.header = h
	return l
}

func (p *parser) checkSteps(l *Lesson) {
	if len(l.Steps) == 0 {
		p.add(p.src.pos(0), "the lesson has no steps", "write a section for each: ## Title")
	}
	if len(l.Steps) > maxSteps {
		p.add(Pos{p.src.file, l.Steps[maxSteps].Line, 1}, fmt.Sprintf("the lesson has more than %d steps", maxSteps), "make two lessons of it")
	}
	first := map[string]int{}
	for i, s := range l.Steps {
		end := math.MaxInt
		if i+1 < len(l.Steps) {
			end = l.Steps[i+1].Line
		}
		at := Pos{p.src.file, s.Line, 1}
		if line, twice := first[s.ID]; twice && s.ID != "" {
			p.add(at, fmt.Sprintf("the step %q has the id %q of the one in line %d", s.Title, s.ID, line), "give it another title")
		} else {
			first[s.ID] = s.Line
		}
		p.checkStep(s, slices.ContainsFunc(p.list, func(e *Error) bool { return e.Pos.Line >= s.Line && e.Pos.Line < end }))
	}
}

// checkStep looks at what blocks of a step say of each other. Of a step with mistakes not all may be known that it has.
func (p *parser) checkStep(s *Step, mistakes bool) {
	names := map[string]bool{}
	var list []string
	for _, c := range s.Checks() {
		if names[c.That] && c.That != "" {
			p.add(c.Pos, fmt.Sprintf("two checks of this step are called %q", c.That), "name what is different about them")
		}
		names[c.That] = true
		list = append(list, c.That)
	}
	for _, w := range All[*Wrong](s) {
		for _, t := range w.Turns {
			if t.Fails == "" || names[t.Fails] {
				continue
			}
			near := snapshot.Nearest(t.Fails, list)
			if near == "" && mistakes {
				continue // it may be in what could not be read
			}
			instead := "write one of: " + strings.Join(list, "; ")
			if len(list) == 0 {
				instead = "give the step a check"
			} else if near != "" {
				instead = fmt.Sprintf("did you mean %q?", near)
			}
			p.add(t.failsAt, fmt.Sprintf("no check of this step is called %q", t.Fails), instead)
		}
	}
	if n := len(s.Checks()); n > maxChecks {
		p.add(Pos{p.src.file, s.Line, 1}, fmt.Sprintf("the step has %d checks, %d are allowed", n, maxChecks), "make two steps of it")
	}
}

// markdown walks the top level of the Markdown and cuts it into steps and blocks.
type markdown struct {
	*parser
	from   int // offset of the Markdown in the source
	lesson *Lesson
	step   *Step
	prose  int // offset where the prose under way begins
	rungs  int // hints of this step so far
}

func (b *markdown) read() {
	content := []byte(b.src.text[b.from:])
	doc := goldmark.New().Parser().Parse(text.NewReader(content))
	b.prose = b.from
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Heading:
			b.heading(n)
		case *ast.FencedCodeBlock:
			b.fence(n)
		default:
			b.nested(n)
		}
	}
	b.endProse(len(b.src.text))
}

// endProse keeps the text since the last block.
func (b *markdown) endProse(end int) {
	end = max(end, b.prose)
	raw := b.src.text[b.prose:end]
	markdown := strings.TrimSpace(raw)
	if markdown == "" {
		return
	}
	if b.step == nil {
		b.lesson.Intro = markdown
		return
	}
	start := b.prose + len(raw) - len(strings.TrimLeft(raw, " \n\t"))
	b.step.Blocks = append(b.step.Blocks, &Prose{Markdown: markdown, at: b.src.pos(start)})
}

func (b *markdown) heading(n *ast.Heading) {
	offset := b.from + max(n.Pos(), 0)
	if n.Lines().Len() > 0 {
		offset = b.from + n.Lines().At(0).Start
	}
	line := b.src.line(offset)
	at := b.src.pos(b.src.starts[line])
	text := strings.TrimLeft(b.src.lineText(line), " ")
	switch {
	case !hasSigns(text):
		b.add(at, "a heading is underlined", "write ## Title")
	case n.Level == 1:
		b.add(at, "a lesson has no heading of the first level", "the title stands in the front matter; a step is ## Title")
	case n.Level == 2:
		b.endProse(b.src.starts[line])
		b.prose = b.src.lineEnd(line)
		title := plainTitle(strings.TrimPrefix(text, "##"))
		if slug(title) == "" {
			b.add(at, "a step has no title", "write ## Title")
		}
		b.step = &Step{ID: slug(title), Title: title, Line: line + 1}
		b.rungs = 0
		b.lesson.Steps = append(b.lesson.Steps, b.step)
	}
}

// hasSigns says that a heading begins with # signs; the others are underlined.
func hasSigns(line string) bool {
	rest := strings.TrimLeft(line, "#")
	return rest != line && (rest == "" || rest[0] == ' ' || rest[0] == '\t')
}

// nested complains about blocks with a role inside lists and quotes, where nobody would run them.
func (b *markdown) nested(n ast.Node) {
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if f, ok := n.(*ast.FencedCodeBlock); ok && entering && f.Info != nil {
			if words := strings.Fields(b.info(f)); len(words) > 1 {
				b.add(b.src.pos(b.from+f.Info.Segment.Start), "a block with a role stands inside a list or quote", "move it to the left margin")
			}
		}
		if h, ok := n.(*ast.Heading); ok && entering && h.Level == 2 && h.Lines().Len() > 0 {
			b.add(b.src.pos(b.from+h.Lines().At(0).Start), "a step's heading stands inside a list or quote", "move it to the left margin")
		}
		return ast.WalkContinue, nil
	})
}

func (b *markdown) info(n *ast.FencedCodeBlock) string {
	s := n.Info.Segment
	return b.src.text[b.from+s.Start : b.from+s.Stop]
}

func (b *markdown) fence(n *ast.FencedCodeBlock) {
	if n.Info == nil {
		return
	}
	info := b.info(n)
	infoAt := b.from + n.Info.Segment.Start
	words := strings.Fields(info)
	if len(words) == 0 {
		return
	}
	at := b.src.pos(infoAt)
	if len(words) == 1 {
		if language, ok := roles()[words[0]]; ok {
			b.add(at, fmt.Sprintf("the block has the role %q and no language", words[0]), fmt.Sprintf("write ```%s %s", language, words[0]))
		}
		return
	}
	first := b.src.line(infoAt)
	last, closed := b.fenceEnd(n, first)
	b.endProse(b.src.starts[first])
	b.prose = b.src.lineEnd(last)
	if !closed {
		b.add(at, "the block is not closed", "close it with a line ```")
	}
	if !b.role(words, at, infoAt, info) {
		return
	}
	f := b.inside(n)
	block := b.block(words, f, b.src.pos(b.src.starts[first]))
	b.step.Blocks = append(b.step.Blocks, block...)
}

// fenceEnd returns the line of the closing fence.
func (b *markdown) fenceEnd(n *ast.FencedCodeBlock, first int) (line int, closed bool) {
	line = first
	if l := n.Lines(); l.Len() > 0 {
		line = b.src.line(b.from + l.At(l.Len()-1).Start)
	}
	if line+1 < len(b.src.starts) {
		text := strings.TrimSpace(b.src.lineText(line + 1))
		if len(text) >= 3 && (strings.Trim(text, "`") == "" || strings.Trim(text, "~") == "") {
			return line + 1, true
		}
	}
	return line, false
}

// inside is the block's content, with the places of its lines.
func (b *markdown) inside(n *ast.FencedCodeBlock) *fragment {
	f := &fragment{file: b.src.file}
	for i := range n.Lines().Len() {
		segment := n.Lines().At(i)
		at := b.src.pos(b.from + segment.Start)
		line := strings.TrimSuffix(b.src.text[b.from+segment.Start:b.from+segment.Stop], "\n")
		f.lines = append(f.lines, fragmentLine{text: line, line: at.Line, col: at.Col})
	}
	return f
}

// roles says which language a role's block is written in.
func roles() map[string]string {
	return map[string]string{
		"given": "yaml", "predict": "yaml", "do": "sh", "check": "yaml", "explain": "yaml", "ask": "yaml",
		"hint": "text", "wrong": "yaml", "fault": "yaml", "get": "yaml", "step": "yaml",
	}
}

// role checks a block's info string.
func (b *markdown) role(words []string, at Pos, infoAt int, info string) bool {
	language, ok := roles()[words[1]]
	roleAt := b.src.pos(infoAt + strings.Index(info, words[1]))
	switch {
	case !ok:
		b.add(roleAt, fmt.Sprintf("unknown role %q of a block", words[1]), didYouMean(words[1], sortedKeys(roles()), "the roles are: ")+"; without a role the block is only shown")
	case words[0] != language:
		b.add(at, fmt.Sprintf("a block with the role %s is written in %s", words[1], language), fmt.Sprintf("write ```%s %s", language, words[1]))
	case len(words) > 3 || (len(words) == 3 && (words[1] != "do" || words[2] != "optional")):
		b.add(roleAt, fmt.Sprintf("%q does not belong behind the role", strings.Join(words[2:], " ")), "only ```sh do optional takes a third word")
	case b.step == nil:
		b.add(at, "a block with a role stands before the first step", "write ## Title before it")
	default:
		return true
	}
	return false
}

// block reads the inside of a block by its role.
func (b *markdown) block(words []string, f *fragment, at Pos) []Block {
	switch words[1] {
	case "do":
		return one(b.readDo(f, at, len(words) == 3))
	case "hint":
		return b.readHints(f, at)
	case "given":
		return one(b.readGiven(f, at))
	}
	if len(f.lines) == 0 {
		b.add(at, "the block is empty", "write its keys, or take it out")
		return nil
	}
	node := b.document(f, "the block")
	if node == nil {
		return nil
	}
	y := &yamlBlock{parser: b.parser, fragment: f, node: node, at: at}
	switch words[1] {
	case "predict":
		return one(y.predict())
	case "check":
		return one(y.checks())
	case "explain":
		return one(y.explain())
	case "ask":
		return one(y.ask())
	case "wrong":
		return one(y.wrong())
	case "fault":
		return one(y.fault())
	case "get":
		return one(y.get())
	}
	y.stepKeys(b.step)
	return nil
}

// one drops a block that could not be read.
func one[B any, P interface {
	*B
	Block
}](b P) []Block {
	if b == nil {
		return nil
	}
	return []Block{b}
}
