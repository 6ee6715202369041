package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
)

// ImagesOptions is what listing images needs.
type ImagesOptions struct {
	*cmd.App
	Output cmd.Output
	// Words are those of which an image's name has one in it; none stands for all images.
	Words []string
}

func newImages(app *cmd.App) *cobra.Command {
	o := &ImagesOptions{App: app, Output: cmd.Output{Extra: []string{render.Wide}}}
	c := &cobra.Command{
		Use:   "images [WORD...]",
		Short: "List the images that Pods can run without a registry",
		Long: `List the images that Pods can run without a registry.

In the sandbox these are all there are: each stands for a program that is built in, or for one of yours
(cluster build-image), with where it was built from. In a cluster of another kind they are what its nodes
have by now, as the nodes tell it, which is at most 50 a node by default.

With words, those whose name has one of them in it. -o wide shows every version with all its tags;
-o name prints names with tags, as --image takes them.`,
		Example: cmd.Examples(
			"Which nginx is there?", "cluster images nginx",
		),
		RunE: func(c *cobra.Command, args []string) error {
			o.Words = args
			return o.Run(c.Context())
		},
	}
	o.Output.AddTo(c)
	return c
}

// Run lists the images.
func (o *ImagesOptions) Run(ctx context.Context) error {
	if err := o.Output.Validate(); err != nil {
		return err
	}
	h, err := o.FindCluster(ctx)
	if err != nil {
		return err
	}
	lister, ok := h.(cluster.ImageLister)
	if !ok {
		return fmt.Errorf("list images: clusters of provider %s do not tell theirs", h.Info().Provider)
	}
	images, err := lister.Images(ctx)
	if err != nil {
		return fmt.Errorf("list images: %w", err)
	}
	known := len(images)
	images = o.meant(images)
	switch {
	case !o.Output.ForPeople():
		return o.Output.Print(o.Out, images, references(images)...)
	case len(images) == 0 && known > 0:
		return fmt.Errorf("list images: none has %s in its name; for all: %s cluster images", strings.Join(o.Words, " or "), o.Prefix())
	case len(images) == 0:
		fmt.Fprintln(o.Out, "The nodes tell of no image.")
		return nil
	case o.Output.ShowWide():
		return o.wide(images)
	}
	return o.short(images)
}

// meant are the images whose names have one of the words in them.
func (o *ImagesOptions) meant(images []cluster.Image) []cluster.Image {
	if len(o.Words) == 0 {
		return images
	}
	return slices.DeleteFunc(images, func(i cluster.Image) bool {
		return !slices.ContainsFunc(o.Words, func(word string) bool { return strings.Contains(i.Name, strings.ToLower(word)) })
	})
}

// short shows a line a name, with the tags that people use. What was built has a line for each source.
func (o *ImagesOptions) short(images []cluster.Image) error {
	var rows [][]string
	for len(images) > 0 {
		name, from := images[0].Name, images[0].BuiltFrom
		end := slices.IndexFunc(images, func(i cluster.Image) bool {
			return i.Name != name || i.BuiltFrom != from || from != "" && i.About != images[0].About
		})
		if end < 0 {
			end = len(images)
		}
		var tags []string
		for _, i := range images[:end] {
			tags = append(tags, i.Usual...)
		}
		style := o.Style()
		rows = append(rows, []string{style.Plain(name), megabytes(images[0].Size), style.Plain(runs(images[0])), style.Plain(orDash(o.few(tags)))})
		images = images[end:]
	}
	if err := o.print([]string{"IMAGE", "SIZE", about, "TAGS"}, rows); err != nil {
		return err
	}
	if o.brief() {
		o.Narrator().Advice("All tags of one", o.Prefix()+" cluster images WORD")
	}
	return nil
}

// brief says that a person looks at all images, which is more than a screen.
func (o *ImagesOptions) brief() bool { return o.Style().Terminal && len(o.Words) == 0 }

// few are as many tags as a person can take in who looks at all images.
func (o *ImagesOptions) few(tags []string) []string {
	const most = 3
	if !o.brief() || len(tags) <= most+1 {
		return tags
	}
	return append(slices.Clone(tags[:most]), fmt.Sprintf("and %d more", len(tags)-most))
}

func (o *ImagesOptions) wide(images []cluster.Image) error {
	style := o.Style()
	var rows [][]string
	for _, i := range images {
		digest := strings.TrimPrefix(i.Digest, "sha256:")
		nodes := "all"
		if len(i.Nodes) > 0 {
			nodes = strings.Join(i.Nodes, ",")
		}
		rows = append(rows, []string{style.Plain(i.Name), digest[:min(12, len(digest))], megabytes(i.Size), style.Plain(nodes), style.Plain(runs(i)), style.Plain(orDash(i.Tags))})
	}
	return o.print([]string{"IMAGE", "DIGEST", "SIZE", "NODES", about, "TAGS"}, rows)
}

// runs says what an image runs.
func runs(i cluster.Image) string {
	if i.BuiltFrom == "" {
		return i.About
	}
	return i.About + ", built from " + i.BuiltFrom
}

// about heads the column that says what images run.
const about = "RUNS"

// print leaves out what images run where nothing of that is known. The tags stand last: they may be many.
// On a terminal it all fits; elsewhere each image is a line, for programs to search.
func (o *ImagesOptions) print(headers []string, rows [][]string) error {
	at := slices.Index(headers, about)
	if !slices.ContainsFunc(rows, func(r []string) bool { return r[at] != "" }) {
		headers = slices.Delete(headers, at, at+1)
		for i := range rows {
			rows[i] = slices.Delete(rows[i], at, at+1)
		}
	}
	show := render.Table
	if o.Style().Terminal {
		show = render.Fitted
	}
	return show(o.Out, headers, rows, o.Style())
}

func orDash(words []string) string {
	if len(words) == 0 {
		return "-"
	}
	return strings.Join(words, ", ")
}

// megabytes is a size as docker images shows it.
func megabytes(n int64) string {
	if n < 1_000_000 {
		return fmt.Sprintf("%d kB", (n+999)/1000)
	}
	return fmt.Sprintf("%.3g MB", float64(n)/1e6)
}

// references are the names with tags, or with the digest where there is no tag.
func references(images []cluster.Image) []string {
	var out []string
	for _, i := range images {
		for _, t := range i.Tags {
			out = append(out, i.Name+":"+t)
		}
		if len(i.Tags) == 0 && i.Digest != "" {
			out = append(out, i.Name+"@"+i.Digest)
		}
	}
	return out
}
