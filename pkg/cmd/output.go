package cmd

import (
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
)

// Output is the flag -o: how a result is printed.
type Output struct {
	text string
	// Extra are formats of the command's own, such as svg, or render.Wide. It prints them itself: see Chosen.
	Extra  []string
	parsed render.Output
}

// AddTo adds the flag to a command. A value that can't be read is refused before the command runs.
func (o *Output) AddTo(c *cobra.Command) {
	formats := append(render.Formats(), o.Extra...)
	c.Flags().StringVarP(&o.text, "output", "o", "", "Print in this format: "+strings.Join(formats, ", ")+".")
	_ = c.RegisterFlagCompletionFunc("output",
		cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace))
}

// Validate reads what was typed.
func (o *Output) Validate() (err error) {
	o.parsed, err = render.ParseOutput(o.text, o.Extra...)
	return err
}

// Chosen is the one of the Extra formats that was asked for; empty when none was.
func (o *Output) Chosen() string {
	if slices.Contains(o.Extra, o.text) {
		return o.text
	}
	return ""
}

// ForPeople says that the result is to be shown, not printed as data.
func (o *Output) ForPeople() bool { return o.parsed.Human() }

// ShowWide says that a person asked for more columns.
func (o *Output) ShowWide() bool { return o.parsed.Wide() }

// Print prints a value as data; names are what -o name prints.
func (o *Output) Print(w io.Writer, value any, names ...string) error {
	return o.parsed.Print(w, value, names...)
}

// Progress shows the stages of what the title says, on standard error. Without any stage nothing is shown.
func (a *App) Progress(title string) cluster.Progress {
	return render.NewProgress(a.ErrOut, title, a.ErrStyle(), a.Now)
}
