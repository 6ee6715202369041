// Package why is the command that says why something is not well: the chain from what is seen to its cause, with
// the evidence, and what to try. It only reads.
package why

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/observe"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Options is what the run needs.
type Options struct {
	*cmd.Looking
	// Target is what was typed: nothing, KIND/NAME or KIND NAME.
	Target []string
	// File is a manifest whose API versions are looked at, and nothing else.
	File string
	// Evidence shows where each piece of evidence was read.
	Evidence bool
	// Elsewhere says that a flag named the namespace: what is proposed then names it, too.
	Elsewhere bool
	// Save is a file to keep what was read in.
	Save   string
	Output cmd.Output
}

// New is the command.
func New(app *cmd.App) *cobra.Command {
	o := &Options{Looking: cmd.NewLooking(app, true)}
	c := &cobra.Command{
		Use:   "why [KIND/NAME]",
		Short: "Say why something is not well, and what to try",
		Long: `Say why something is not well: what is seen, what causes it, the evidence for
that, and what to try. Without a name: everything in the namespace that is not
well. Root causes come first, what follows from them stands under them.

It only reads, and says what it was not allowed to read. The exit code is 0
when all is well, 1 when there is a cause.`,
		Example: cmd.Examples(
			"All that is not well in the namespace", "why",
			"One object", "why deployment/shop",
			"Where each sentence was read", "why pod/shop-5c9b-2xkq9 --evidence",
			"For a program", "why -n shop -o json",
			"A file that the cluster refuses", "why -f old-manifest.yaml",
		),
		Args:              cobra.MaximumNArgs(2),
		ValidArgsFunction: o.CompleteTargets("pod", "deployment", "service", "statefulset", "daemonset", "job", "node", "pvc", "ingress", "hpa", "namespace"),
		RunE: func(c *cobra.Command, args []string) error {
			o.Target, o.Elsewhere = args, c.Flags().Changed("namespace") || o.All
			return o.Run(c.Context())
		},
	}
	o.AddTo(c)
	c.Flags().StringVarP(&o.File, "filename", "f", "", "Ask whether the cluster serves the API versions of this manifest.")
	c.Flags().BoolVar(&o.Evidence, "evidence", false, "Show which field, event or log each piece of evidence came from.")
	c.Flags().StringVar(&o.Save, "save", "", "Keep what was read in this file, as JSON, without the contents of Secrets and ConfigMaps.")
	o.Output.AddTo(c)
	return c
}

// result is what the command prints as data.
type result struct {
	Causes []explain.Cause `json:"causes"`
	// Unseen says what may be wrong and can't be seen from here.
	Unseen []string `json:"unseen,omitempty"`
	// Unread says, for each resource that could not be read, why.
	Unread map[string]string `json:"unread,omitempty"`
}

// Run looks, and tells.
func (o *Options) Run(ctx context.Context) error {
	if err := o.Output.Validate(); err != nil {
		return err
	}
	if o.File != "" && len(o.Target) > 0 {
		return errors.New("name an object or a file, not both")
	}
	s, err := o.Open(ctx)
	if err != nil {
		return err
	}
	if o.File != "" {
		return o.file(s)
	}
	now, target, err := o.look(ctx, s)
	if err != nil {
		return err
	}
	if len(now.Objects) == 0 && now.Errors["pods"] != "" {
		return fmt.Errorf("nothing could be looked at: %s", now.Errors["pods"])
	}
	if o.Save != "" {
		if err := save(o.Save, now); err != nil {
			return err
		}
	}
	d, err := explain.Why(target, now)
	if errors.Is(err, explain.ErrNoTarget) && target.Name != "" {
		return s.NotThere(target, now)
	}
	if err != nil {
		return err
	}
	if o.Elsewhere || target.Kind == "Namespace" {
		locate(d)
	}
	practice := s.Handle != nil && !o.InShell()
	return o.tell(d, now, practice)
}

// locate has each kubectl command name the namespace that it is for.
func locate(d *explain.Diagnosis) {
	for _, p := range d.Problems {
		for _, commands := range [][]string{p.Look, p.Try, p.Back} {
			for i, c := range commands {
				rest, ok := strings.CutPrefix(c, "kubectl ")
				if ok && p.Subject.Namespace != "" && !strings.Contains(c, " -n ") && !strings.HasSuffix(c, " -A") {
					commands[i] = "kubectl -n " + p.Subject.Namespace + " " + rest
				}
			}
		}
	}
}

// look reads what the answer needs.
func (o *Options) look(ctx context.Context, s *cmd.Sight) (*snapshot.Snapshot, snapshot.Query, error) {
	var target snapshot.Query
	if len(o.Target) > 0 {
		var err error
		if target, err = s.Target(ctx, o.Target); err != nil {
			return nil, target, err
		}
	}
	client := s.Client
	if target.Kind == "Namespace" && target.Name != "" {
		client = client.In(target.Name)
	}
	g := &gatherer{here: observe.Of(client, o.Now), anywhere: observe.Of(client.In(""), o.Now), logs: client}
	return g.gather(ctx, target), target, nil
}

// tell prints the answer. On a practice cluster, and not in its shell, a plain kubectl may lead elsewhere, which is said.
func (o *Options) tell(d *explain.Diagnosis, now *snapshot.Snapshot, practice bool) error {
	causes := d.Causes()
	if o.Output.ForPeople() {
		if err := render.Diagnosis(o.Out, d, now.Errors, o.Evidence, o.Style()); err != nil {
			return err
		}
		if practice && slices.ContainsFunc(d.Problems, func(p explain.Problem) bool { return len(p.Look)+len(p.Try)+len(p.Back) > 0 }) {
			fmt.Fprintln(o.Out)
			o.Narrator().Aside("These commands are for the practice cluster: type them in " + o.Prefix() + " shell, or after " + o.Prefix() + " kubectl --")
		}
	} else {
		var names []string
		for _, c := range causes {
			names = append(names, c.Code)
		}
		if err := o.Output.Print(o.Out, result{Causes: causes, Unseen: d.Unseen, Unread: now.Errors}, names...); err != nil {
			return err
		}
	}
	if len(causes) > 0 {
		return cmd.NotMet()
	}
	return nil
}

// save keeps a snapshot in a file.
func save(file string, now *snapshot.Snapshot) error {
	data, err := json.Marshal(now)
	if err != nil {
		return fmt.Errorf("save %s: %w", file, err)
	}
	if err := os.WriteFile(file, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("save what was read: %w", err)
	}
	return nil
}
