// Package completion is the command that has shells complete what is typed.
package completion

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// shells have scripts that cobra makes.
var shells = []struct {
	name, load string
	write      func(root *cobra.Command, w io.Writer) error
}{
	{"bash", "source <(" + plugin.Program + " completion bash)", func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) }},
	{"zsh", "source <(" + plugin.Program + " completion zsh)", func(root *cobra.Command, w io.Writer) error { return root.GenZshCompletion(w) }},
	{"fish", plugin.Program + " completion fish | source", func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) }},
	{"powershell", plugin.Program + " completion powershell | Out-String | Invoke-Expression", func(root *cobra.Command, w io.Writer) error {
		return root.GenPowerShellCompletionWithDesc(w)
	}},
}

// New is the command that groups them.
func New(app *cmd.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "completion",
		Short: "Have your shell complete commands, lessons and steps",
		Long: `Have your shell complete commands, lessons and steps.

With install, what follows "` + plugin.Command + `" is completed wherever kubectl's own
completion works. The scripts of the other commands are for the program when
it is called by its own name, ` + plugin.Program + `. In the practice shell all of
this is there already.`,
		Example: cmd.Examples(
			"Complete what follows "+plugin.Command+", from now on", "completion install",
			"Complete what follows "+plugin.Program+", in this bash", "$ source <("+plugin.Program+" completion bash)",
		),
		Args: cmd.NoSuchCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newInstall(app), newUninstall(app))
	for _, s := range shells {
		c.AddCommand(&cobra.Command{
			Use:     s.name,
			Short:   "Write the completion script for " + s.name,
			Long:    "Write the completion script for " + s.name + " to standard output. It completes " + plugin.Program + ".",
			Example: cmd.Examples("In a shell that is open", "$ "+s.load),
			Args:    cobra.NoArgs,
			RunE:    func(c *cobra.Command, _ []string) error { return s.write(c.Root(), app.Out) },
		})
	}
	return c
}

// InstallOptions is what making or removing the link needs.
type InstallOptions struct {
	*cmd.App
	// To is the folder; empty means that in which the plugin is found.
	To string
}

func newInstall(app *cmd.App) *cobra.Command {
	o := &InstallOptions{App: app}
	c := &cobra.Command{
		Use:   "install",
		Short: "Have kubectl complete what follows " + plugin.Command,
		Long: `Have kubectl complete what follows "` + plugin.Command + `".

kubectl asks a program called ` + plugin.Completer + ` on your PATH. This command
makes a link of that name to the plugin, in the folder in which the plugin is
found, or in the one that you name.`,
		Example: cmd.Examples(
			"A link beside the plugin", "completion install",
			"A link in another folder of your PATH", "completion install --to ~/bin",
		),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.Install(c.Context()) },
	}
	c.Flags().StringVar(&o.To, "to", "", "Put the link into this folder; it should be on your PATH.")
	_ = c.MarkFlagDirname("to")
	return c
}

func newUninstall(app *cmd.App) *cobra.Command {
	o := &InstallOptions{App: app}
	c := &cobra.Command{
		Use:     "uninstall",
		Short:   "Remove what completion install made",
		Long:    "Remove the link that completion install made. A file of that name that is something else stays.",
		Example: cmd.Examples("Remove the link beside the plugin", "completion uninstall"),
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return o.Uninstall(c.Context()) },
	}
	c.Flags().StringVar(&o.To, "to", "", "Look for the link in this folder.")
	_ = c.MarkFlagDirname("to")
	return c
}

// Install makes the link.
func (o *InstallOptions) Install(context.Context) error {
	if o.InShell() && o.To == "" {
		return errors.New("the practice shell completes all of this already. For your own shells, type this outside of it (exit leaves it)")
	}
	l, err := o.link()
	if err != nil {
		return fmt.Errorf("install completion: %w", err)
	}
	made, err := l.make()
	if err != nil {
		return fmt.Errorf("install completion: %w", err)
	}
	sign := o.Style().GoodSign()
	if made {
		fmt.Fprintf(o.Out, "  %s Made %s\n", sign, l.path)
	} else {
		fmt.Fprintf(o.Out, "  %s It is there already: %s\n", sign, l.path)
	}
	n := o.Narrator()
	if !l.onPath {
		n.Say("%s is not on your PATH: kubectl finds the link only there.", l.folder())
	}
	n.Say("It works where kubectl's own completion does. In bash that is where the package bash-completion is installed, and after")
	fmt.Fprint(o.Out, "\n    source <(kubectl completion bash)\n\n")
	n.Say("For zsh, fish and PowerShell: kubectl completion --help")
	return nil
}

// Uninstall removes the link.
func (o *InstallOptions) Uninstall(context.Context) error {
	l, err := o.link()
	if err != nil {
		return fmt.Errorf("uninstall completion: %w", err)
	}
	removed, err := l.remove()
	if err != nil {
		return fmt.Errorf("uninstall completion: %w", err)
	}
	if removed {
		fmt.Fprintf(o.Out, "  %s Removed %s\n", o.Style().GoodSign(), l.path)
	} else {
		fmt.Fprintf(o.Out, "  There is no %s.\n", l.path)
	}
	return nil
}
