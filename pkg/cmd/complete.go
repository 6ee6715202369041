package cmd

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
)

// Completion proposes the rest of an argument.
type Completion = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// completeWithin is how long a proposal may take: somebody waits for it with the Tab key down.
const completeWithin = 2 * time.Second

// propose makes a Completion of what a function knows; it proposes no files, and nothing twice.
func propose(most int, candidates func(ctx context.Context, args []string) []string) Completion {
	return func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if most > 0 && len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		parent := c.Context()
		if parent == nil {
			parent = context.Background()
		}
		ctx, cancel := context.WithTimeout(parent, completeWithin)
		defer cancel()
		given := map[string]bool{}
		for _, a := range args {
			given[a] = true
		}
		var found []string
		for _, candidate := range candidates(ctx, args) {
			name, _, _ := strings.Cut(candidate, "\t")
			if strings.HasPrefix(name, begun) && !given[name] {
				found = append(found, candidate)
			}
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// CompleteLessons proposes lessons; most is how many the command takes, 0 for any number.
func (a *App) CompleteLessons(most int) Completion {
	return propose(most, func(context.Context, []string) []string {
		c, err := a.Catalog()
		if err != nil {
			return nil
		}
		var ids []string
		for _, h := range c.Order() {
			ids = append(ids, h.ID+"\t"+h.Title)
		}
		return ids
	})
}

// CompleteSteps proposes the steps of the lesson that was named, or of the one under way.
func (a *App) CompleteSteps() Completion {
	return func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		return propose(0, func(context.Context, []string) []string {
			var ids []string
			for _, s := range a.stepsOf(args) {
				ids = append(ids, s.ID+"\t"+s.Title)
			}
			return ids
		})(c, nil, begun)
	}
}

func (a *App) stepsOf(args []string) []lesson.StepHeader {
	c, err := a.Catalog()
	if err != nil {
		return nil
	}
	id := ""
	if len(args) > 0 {
		id = args[0]
	} else if state, err := a.Log().State(); err == nil && state.Current[a.Cluster] != nil {
		id = state.Current[a.Cluster].Lesson
	}
	h, err := c.Lookup(id)
	if err != nil {
		return nil
	}
	return h.Steps
}

// CompleteClusters proposes clusters.
func (a *App) CompleteClusters() Completion {
	return propose(0, func(ctx context.Context, _ []string) []string {
		all, err := a.Clusters(ctx)
		if err != nil {
			return nil
		}
		var names []string
		for _, c := range all {
			names = append(names, c.Name+"\t"+c.Provider+", "+string(c.State))
		}
		return names
	})
}

// CompleteNodes proposes the nodes of the cluster that is meant.
func (a *App) CompleteNodes() Completion {
	return propose(1, func(ctx context.Context, _ []string) []string {
		all, err := a.Clusters(ctx)
		if err != nil {
			return nil
		}
		for _, c := range all {
			if c.Name == a.Cluster {
				return c.Nodes
			}
		}
		return nil
	})
}

// CompleteContexts proposes the contexts of the kubeconfig file that was named, or of the user's.
func CompleteContexts(kubeconfig func() string) Completion {
	return propose(0, func(context.Context, []string) []string { return kube.Contexts(kubeconfig()) })
}
