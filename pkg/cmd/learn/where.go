package learn

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/progress"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
)

// where is the command without a name: where am I, and what comes next.
type where struct {
	*cmd.App
	output cmd.Output
}

// overview is what it prints as data.
type overview struct {
	Lessons []place       `json:"lessons"`
	Cluster *cluster.Info `json:"cluster,omitempty"`
	Next    string        `json:"next"`
}

type place struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Minutes int    `json:"minutes"`
	Steps   int    `json:"steps"`
	Done    int    `json:"done"`
	// Here says that the lesson is under way on the cluster, or comes next.
	Here bool `json:"here,omitempty"`
	// Step is the step under way, from 1.
	Step int `json:"step,omitempty"`
}

// underWay says that somebody is at a step.
func (o *overview) underWay() bool {
	return slices.ContainsFunc(o.Lessons, func(p place) bool { return p.Step > 0 })
}

// Run shows the course as a path, without asking any cluster anything. In the practice shell, where
// somebody is at a step, it shows that.
func (w *where) Run(ctx context.Context) error {
	if err := w.output.Validate(); err != nil {
		return err
	}
	o, err := w.look(ctx)
	if err != nil {
		return err
	}
	if !w.output.ForPeople() {
		var names []string
		for _, p := range o.Lessons {
			names = append(names, "lesson/"+p.ID)
		}
		return w.output.Print(w.Out, o, names...)
	}
	if o.underWay() && w.InShell() && o.Cluster != nil && o.Cluster.State == cluster.Running {
		return w.step(ctx)
	}
	w.show(o)
	return nil
}

// step shows the step under way again.
func (w *where) step(ctx context.Context) error {
	s, p, err := w.CurrentStep(ctx)
	if err != nil {
		return err
	}
	return w.Walker(s).Again(ctx, p)
}

func (w *where) look(ctx context.Context) (*overview, error) {
	c, err := w.Catalog()
	if err != nil {
		return nil, err
	}
	state, err := w.Log().State()
	if err != nil {
		return nil, err
	}
	o := &overview{Next: w.Prefix() + " start"}
	current := state.Current[w.Cluster]
	next, _ := c.Next(func(id string) bool { return state.Lessons[id] != nil && !state.Lessons[id].Finished.IsZero() })
	for _, h := range c.Order() {
		p := placeOf(h, state)
		switch {
		case current != nil:
			p.Here = current.Lesson == h.ID
		default:
			p.Here = next.ID == h.ID
		}
		if current != nil && p.Here {
			p.Step = stepNumber(h, current.Step)
		}
		o.Lessons = append(o.Lessons, p)
	}
	if current != nil && w.InShell() {
		o.Next = w.Prefix() + " check"
		if current.Passed {
			o.Next = w.Prefix() + " next"
		}
	}
	o.Cluster, err = w.info(ctx)
	return o, err
}

func placeOf(h lesson.Header, state progress.State) place {
	p := place{ID: h.ID, Title: h.Title, Minutes: h.Minutes, Steps: len(h.Steps)}
	if past := state.Lessons[h.ID]; past != nil {
		for _, s := range h.Steps {
			if past.Steps[s.ID].Done() {
				p.Done++
			}
		}
	}
	return p
}

func stepNumber(h lesson.Header, id string) int {
	for i, s := range h.Steps {
		if s.ID == id {
			return i + 1
		}
	}
	return 0
}

func (w *where) info(ctx context.Context) (*cluster.Info, error) {
	all, err := w.Clusters(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Name == w.Cluster {
			return &all[i], nil
		}
	}
	return nil, nil
}

func (w *where) show(o *overview) {
	p := w.Style()
	minutes := 0
	id, title := 0, 0
	for _, l := range o.Lessons {
		minutes += l.Minutes
		id, title = max(id, len(l.ID)), max(title, len([]rune(l.Title)))
	}
	// Around the title stand the mark, the ID, the dots, the minutes and what separates them.
	title = min(title, max(16, p.Width-2-id-3-3-10-3-7))
	total := fmt.Sprintf("%d lessons, %d min", len(o.Lessons), minutes)
	head := "Kubernetes, by doing"
	gap := strings.Repeat(" ", max(2, min(p.Width, 80)-4-len(head)-len(total)))
	fmt.Fprintf(w.Out, "  %s%s%s\n\n", p.Bold(head), gap, p.Dim(total))
	for _, l := range o.Lessons {
		mark := " "
		if l.Here {
			mark = p.Accent(p.Plain("▸"))
		}
		fmt.Fprintf(w.Out, "%s %-*s   %-*s   %s   %s\n", mark, id, l.ID, title, p.Plain(short(l.Title, title)), dots(p, l), p.Dim(fmt.Sprintf("%d min", l.Minutes)))
	}
	fmt.Fprintf(w.Out, "\n  %s  %s\n", p.Dim("Cluster"), w.cluster(o.Cluster))
	fmt.Fprintf(w.Out, "  %s     %s\n", p.Dim("Next"), p.Accent(o.Next))
}

// short is text at no more than so many characters.
func short(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

// dots is a dot a step, padded to ten so that the minutes stand below each other.
func dots(p render.Style, l place) string {
	return p.Good(strings.Repeat(dot(p, "●", "*"), l.Done)) + p.Dim(strings.Repeat(dot(p, "○", "."), l.Steps-l.Done)) +
		strings.Repeat(" ", max(0, 10-l.Steps))
}

func dot(p render.Style, sign, ascii string) string {
	if p.ASCII {
		return ascii
	}
	return sign
}

func (w *where) cluster(i *cluster.Info) string {
	if i == nil {
		if others := w.Home.ClusterNames(); len(others) > 0 {
			return strings.Join(others, ", ") + "; say which with --name"
		}
		return "none yet; the first lesson makes one"
	}
	what := fmt.Sprintf("%s (%s, %d nodes, %s", i.Name, i.Provider, len(i.Nodes), i.State)
	if !i.Started.IsZero() && i.State == cluster.Running {
		what = fmt.Sprintf("%s (%s, %d nodes, up %s", i.Name, i.Provider, len(i.Nodes), cmd.Ago(w.Now().Sub(i.Started)))
	}
	return what + ")"
}
