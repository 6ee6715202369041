package cmd

import (
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// Examples is the Example of a command: by turns what it is for, and what is typed after the plugin's
// name. Of several lines, those that begin with "$ " are other programs' and stay as they are.
func Examples(pairs ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		if i > 0 {
			b.WriteString("\n\n")
		}
		b.WriteString("  # " + pairs[i])
		for line := range strings.SplitSeq(pairs[i+1], "\n") {
			if other, ok := strings.CutPrefix(line, "$ "); ok {
				b.WriteString("\n  " + other)
			} else {
				b.WriteString("\n  " + strings.TrimSuffix(plugin.Command+" "+line, " "))
			}
		}
	}
	return b.String()
}
