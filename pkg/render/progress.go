package render

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
)

// Progress shows what a long operation does. On a terminal the stages under way stand in one line
// that is replaced in place; elsewhere a line is printed for each stage when it ends. It may be used
// by many goroutines.
type Progress struct {
	w     io.Writer
	s     Style
	clock func() time.Time
	title string

	mu      sync.Mutex
	titled  bool
	running []*stage
	drawn   bool // a line that is to be replaced stands there
}

var _ cluster.Progress = (*Progress)(nil)

// stage is one thing that is being done.
type stage struct {
	name  string
	began time.Time
}

// NewProgress shows stages on w, under a title, which may be empty. The title is printed before the
// first stage or note, and not at all when there is none.
func NewProgress(w io.Writer, title string, s Style, clock func() time.Time) *Progress {
	return &Progress{w: w, s: s, clock: clock, title: title}
}

// Stage says that a stage begins; the func that it returns says that it ended. Calling that again
// does nothing.
func (p *Progress) Stage(name string) func(error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	st := &stage{name: name, began: p.clock()}
	p.head()
	p.running = append(p.running, st)
	p.draw()
	var once sync.Once
	return func(err error) { once.Do(func() { p.end(st, err) }) }
}

// Note says one thing as a whole sentence.
func (p *Progress) Note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	p.head()
	out := &page{s: p.s}
	out.text("", 0, fmt.Sprintf(format, args...), nil)
	_ = out.flush(p.w)
	p.draw()
}

// end prints a stage's line. What is shown of progress must not end what it shows: errors of the
// screen are left aside.
func (p *Progress) end(st *stage, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = slices.DeleteFunc(p.running, func(s *stage) bool { return s == st })
	sign := p.s.GoodSign()
	if err != nil {
		sign = p.s.BadSign()
	}
	took := fmt.Sprintf("%.1f s", p.clock().Sub(st.began).Seconds())
	name := p.s.cut(p.s.Plain(st.name), p.s.width()-16)
	p.erase()
	fmt.Fprintf(p.w, "%s%s %s %s\n", margin, sign, pad(name, 28), p.s.Dim(padLeft(took, 7)))
	p.draw()
}

func (p *Progress) head() {
	if !p.titled && p.title != "" {
		out := &page{s: p.s}
		out.text("", 0, p.title, nil)
		_ = out.flush(p.w)
	}
	p.titled = true
}

// draw shows what is being done in a line without an end, so that it can be replaced.
func (p *Progress) draw() {
	p.erase()
	if !p.s.Terminal || len(p.running) == 0 {
		return
	}
	var names []string
	for _, st := range p.running {
		names = append(names, p.s.Plain(st.name))
	}
	line := p.s.cut(strings.Join(names, ", "), p.s.width()-6)
	fmt.Fprintf(p.w, "%s%s %s", margin, p.s.WaitSign(), p.s.Dim(line))
	p.drawn = true
}

func (p *Progress) erase() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}

// Waiting is a line that says what is waited for; what has no room in it is cut.
func Waiting(text string, s Style) string {
	return margin + s.WaitSign() + " " + s.Dim(s.cut(s.Plain(text), s.width()-len(margin)-3)) + "\n"
}
