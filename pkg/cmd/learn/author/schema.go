package author

import (
	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
)

func newSchema(app *cmd.App) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of a lesson's YAML",
		Long: `Print the JSON Schema (draft 7) of what a lesson says in YAML: the front matter,
and each block by its role. For editors, and for programs that write lessons.`,
		Example: cmd.Examples(
			"For an editor that knows JSON Schema", "author schema > lessons.schema.json",
		),
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := app.Out.Write(lesson.JSONSchema())
			return err
		},
	}
}
