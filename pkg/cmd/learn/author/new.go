package author

import (
	"bytes"
	"context"
	_ "embed" // for the scaffold
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/catalog"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
)

// scaffold is a lesson that is to be changed into another one. It passes lint and test as it is.
//
//go:embed scaffold.md
var scaffold string

// The lines of the scaffold in which the new lesson differs.
const (
	scaffoldID    = "id: my-lesson"
	scaffoldTitle = "title: My lesson"
)

// maxTitle is how many characters a title may have: it stands in a column of the list.
const maxTitle = 60

// NewOptions is what beginning a lesson needs.
type NewOptions struct {
	*cmd.App
	ID string
	// Dir is the folder in which the lesson's own is made.
	Dir   string
	Title string
}

func newNew(app *cmd.App) *cobra.Command {
	o := &NewOptions{App: app}
	c := &cobra.Command{
		Use:   "new ID",
		Short: "Begin a lesson of your own",
		Long: `Begin a lesson of your own: a folder called ID, and in it lesson.md. What
stands in it is a whole lesson that works, with comments that say what to
change. Nothing is overwritten.`,
		Example: cmd.Examples(
			"In a folder here", "author new my-lesson",
			"In a folder of lessons, with a title", `author new config --dir ./my-lessons --title "Where a Pod gets its settings"`,
		),
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error {
			o.ID = args[0]
			return o.Run(c.Context())
		},
	}
	c.Flags().StringVar(&o.Dir, "dir", ".", "Make the folder of the lesson in this one.")
	c.Flags().StringVar(&o.Title, "title", "", "Give the lesson this title. Default: made of its ID.")
	_ = c.MarkFlagDirname("dir")
	_ = c.RegisterFlagCompletionFunc("title", cobra.NoFileCompletions)
	return c
}

// Run writes the lesson and says what to do with it.
func (o *NewOptions) Run(context.Context) error {
	if err := o.check(); err != nil {
		return err
	}
	folder := filepath.Join(o.Dir, o.ID)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make the folder of the lesson: %w", err)
	}
	file := filepath.Join(folder, catalog.FileName)
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and nothing was written. Choose another ID, or another folder with --dir", file)
	}
	if err == nil {
		_, err = f.WriteString(o.text())
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("write the lesson: %w", err)
	}
	o.advise(folder, file)
	return nil
}

// check refuses what could not be a lesson beside those that are there.
func (o *NewOptions) check() error {
	if err := lesson.CheckID(o.ID); err != nil {
		return err
	}
	switch {
	case strings.ContainsAny(o.Title, "\r\n\t") || !utf8.ValidString(o.Title):
		return errors.New("--title: write one line of text")
	case utf8.RuneCountInString(o.Title) > maxTitle:
		return fmt.Errorf("--title: it has %d characters; write %d at most", utf8.RuneCountInString(o.Title), maxTitle)
	}
	c, err := catalog.Index(o.BuiltIn())
	if err != nil {
		return err
	}
	if _, err := c.Lookup(o.ID); err == nil {
		return fmt.Errorf("the lesson %s is built in; choose another ID", o.ID)
	}
	return nil
}

func (o *NewOptions) text() string {
	title := strings.TrimSpace(o.Title)
	if title == "" {
		title = strings.ReplaceAll(o.ID, "-", " ")
		title = strings.ToUpper(title[:1]) + title[1:]
	}
	return strings.NewReplacer(
		scaffoldID+"\n", "id: "+inQuotes(o.ID)+"\n", scaffoldTitle+"\n", "title: "+inQuotes(title)+"\n",
	).Replace(strings.ReplaceAll(scaffold, "\r\n", "\n"))
}

// inQuotes is a text as YAML reads it as one: as it stands where that is plain enough.
func inQuotes(text string) string {
	plain := func(r rune) bool {
		return plainLetter(r) || strings.ContainsRune(" -,.", r)
	}
	if strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 && strings.IndexFunc(text, plainLetter) == 0 && !isWord(text) {
		return text
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // of a text it has no error
	return strings.TrimSpace(b.String())
}

func plainLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }

// isWord says that YAML may read a word as something else than a text.
func isWord(text string) bool {
	switch strings.ToLower(text) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return true
	}
	return false
}

// advise says what comes next.
func (o *NewOptions) advise(folder, file string) {
	n := o.Narrator()
	here := cmd.Quoted(shownFolder(folder))
	n.Say("Wrote %s. It works as it is: open it in your editor and change it.", file)
	fmt.Fprintln(o.Out)
	for _, line := range [][2]string{
		{"See it as a learner does", "author preview " + here},
		{"Find mistakes", "author lint " + here},
		{"Prove it on a cluster", "author test " + here},
		{"Do it yourself", "start " + o.ID + " --lessons " + here},
	} {
		n.Advice(fmt.Sprintf("%-24s", line[0]), o.Prefix()+" "+line[1])
	}
}

// shownFolder is a folder as it is told from the ID of a lesson: with a slash in it.
func shownFolder(folder string) string {
	if filepath.IsAbs(folder) || strings.HasPrefix(folder, "..") {
		return folder
	}
	return "." + string(filepath.Separator) + folder
}
