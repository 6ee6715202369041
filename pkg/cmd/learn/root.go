// Package learn is the root of the commands: it puts the tree together and turns what became of a
// command into words and an exit code. Each command is in a folder of its own below.
package learn

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/klog/v2"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/author"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/check"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/completion"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/draw"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/heal"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/hint"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/kubectl"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/list"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/next"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/object"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/progress"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/quit"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/reset"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/run"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/shell"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/skip"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/start"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/strike"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/trace"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/version"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd/learn/why"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// own clears away what Kubernetes' packages put into every process: their flags.
var own = sync.OnceFunc(func() { pflag.CommandLine = pflag.NewFlagSet(os.Args[0], pflag.ContinueOnError) })

// quiet lets nobody hear what client-go says of its own work.
var quiet = sync.OnceFunc(func() { klog.SetLogger(klog.Logger{}) })

// Main runs the command that args name and returns the exit code.
func Main(ctx context.Context, streams genericiooptions.IOStreams, deps cmd.Deps, args []string) int {
	own()
	app := cmd.NewApp(streams, deps)
	root := New(app)
	root.SetArgs(append([]string{}, inOrder(root, args)...)) // of nil cobra would take the process's own
	return cmd.Finish(streams.ErrOut, app.ErrStyle(), app.Prefix(), root.ExecuteContext(ctx))
}

// New is the tree of commands.
func New(app *cmd.App) *cobra.Command {
	here := &where{App: app}
	root := &cobra.Command{
		Use:   plugin.Program,
		Short: "Learn Kubernetes on a live cluster of your own",
		Long: strings.TrimSpace(`
Learn Kubernetes on a live cluster of your own.

Lessons have you deploy containers, scale them and kill them, and explain what
happened from the live objects. The practice cluster is made for you. Without
a command: where you are, and what comes next. In the practice shell that is
the step under way: its task, what to do, and what to type then.`),
		Example: cmd.Examples(
			"Where am I, and what comes next?", "",
			"Begin, or go on", "start",
			"What is there, and what is not well", "map\nwhy",
		),
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: plugin.Command},
		Args:          cmd.NoSuchCommand,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(c *cobra.Command, _ []string) error { return here.Run(c.Context()) },
	}
	root.SetUsageTemplate(strings.NewReplacer(
		".FlagUsages ", ".FlagUsagesWrapped 80 ", " for more information about a command.", " for more.",
	).Replace(root.UsageTemplate()))
	here.output.AddTo(root)
	root.PersistentFlags().BoolP("help", "h", false, "Show this help.")
	root.SetIn(app.In)
	root.SetOut(app.Out)
	root.SetErr(app.ErrOut)
	root.SetFlagErrorFunc(badFlag)
	root.PersistentFlags().StringVar(&app.Cluster, "name", app.Cluster, "Use this practice cluster.")
	root.PersistentFlags().StringVar(&app.Provider, "provider", app.Provider,
		"Have this make the practice cluster: "+strings.Join(append(app.ProviderNames(), cmd.Auto), ", ")+".")
	root.PersistentFlags().StringVar(&app.Own, "lessons", app.Own, "Use lessons of your own, from this folder, file or bundle.")
	_ = root.RegisterFlagCompletionFunc("name", app.CompleteClusters())
	_ = root.RegisterFlagCompletionFunc("provider", cobra.FixedCompletions(append(app.ProviderNames(), cmd.Auto), cobra.ShellCompDirectiveNoFileComp))
	addGroups(root, app)
	plainArgs(root)
	knownTopics(root)
	root.PersistentPreRun = func(c *cobra.Command, _ []string) { prepare(c, app) }
	return root
}

// plainArgs has commands say in plain words which arguments they take.
func plainArgs(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			err := check(c, args)
			if err == nil {
				return nil
			}
			usage := strings.TrimSuffix(c.UseLine(), " [flags]")
			switch said := err.Error(); {
			case strings.HasPrefix(said, "unknown command ") && !c.HasSubCommands():
				return fmt.Errorf("%s takes no arguments, and got %q", c.CommandPath(), args[0])
			case tooFew(said):
				return fmt.Errorf("something is missing: %s; more: %s --help", usage, c.CommandPath())
			case strings.HasPrefix(said, "accepts "):
				return fmt.Errorf("too many arguments: %s; more: %s --help", usage, c.CommandPath())
			}
			return err
		}
	}
	for _, child := range c.Commands() {
		plainArgs(child)
	}
}

// knownTopics has help refuse what is no command. By itself it shows the help of the root then.
func knownTopics(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	childOf(root, "help").Args = func(_ *cobra.Command, args []string) error {
		if o := sortOut(root, args); o.at.HasSubCommands() {
			return cmd.NoSuchCommand(o.at, o.rest)
		}
		return nil
	}
}

// tooFew reads what cobra says of the number of arguments.
func tooFew(said string) bool {
	var want, got int
	n, _ := fmt.Sscanf(said, "accepts %d arg(s), received %d", &want, &got)
	return n == 2 && got < want || strings.HasPrefix(said, "requires ")
}

// prepare settles what holds for all commands. Those that make a cluster, or end one, mean exactly the
// name that they were given.
func prepare(c *cobra.Command, app *cmd.App) {
	app.Named = app.Named || c.Flags().Changed("name")
	if !slices.Contains([]string{"create", "adopt", "delete", "forget"}, c.Name()) {
		app.TakeTheOnlyCluster()
	}
	if c.Name() != "kubectl" { // which has flags for that
		quiet()
	}
}

func addGroups(root *cobra.Command, app *cmd.App) {
	for _, group := range []struct {
		id, title string
		commands  []*cobra.Command
	}{
		{"lessons", "Lessons:", []*cobra.Command{
			list.New(app), start.New(app), check.New(app), next.New(app), hint.New(app), strike.New(app),
			skip.New(app), reset.New(app), quit.New(app), progress.New(app),
		}},
		{"explain", "Explaining what is there:", []*cobra.Command{draw.New(app), object.New(app), why.New(app), trace.New(app), heal.New(app)}},
		{"cluster", "The practice cluster:", []*cobra.Command{cluster.New(app), shell.New(app), kubectl.New(app)}},
		{"robot", "Demonstrating and writing lessons:", []*cobra.Command{run.New(app), author.New(app)}},
	} {
		root.AddGroup(&cobra.Group{ID: group.id, Title: group.title})
		for _, c := range group.commands {
			c.GroupID = group.id
			root.AddCommand(c)
		}
	}
	root.AddCommand(version.New(app), completion.New(app))
}

// kubectls are flags of kubectl that lead to other clusters.
var kubectls = map[string]bool{"context": true, "kubeconfig": true, "cluster": true, "server": true, "user": true, "namespace": true}

// shorthands are those of kubectl that it has everywhere.
var shorthands = map[string]string{"n": "namespace", "s": "server"}

// badFlag proposes the flag that was meant.
func badFlag(c *cobra.Command, err error) error {
	flag, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	if short, ok := strings.CutPrefix(err.Error(), "unknown shorthand flag: '"); ok {
		flag, unknown = shorthands[short[:1]]
	}
	if !unknown {
		return fmt.Errorf("%w; for all flags: %s --help", err, c.CommandPath())
	}
	if kubectls[flag] && !strings.HasPrefix(c.CommandPath(), plugin.Command+" cluster") {
		return fmt.Errorf("%s has no --%s: it is about the practice cluster, which --name chooses. map, explain, why and trace look at any cluster; "+
			"for lessons on one of your own: %s cluster adopt --context NAME", c.CommandPath(), flag, plugin.Command)
	}
	if near := nearestFlag(c, flag); near != "" {
		return fmt.Errorf("unknown flag --%s; did you mean --%s?", flag, near)
	}
	return errors.New("unknown flag --" + flag + "; for all of them: " + c.CommandPath() + " --help")
}
