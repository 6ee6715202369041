package archtest

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// namesIn finds the plugin's name in the texts of a file. It stands in package plugin alone, so that a
// plugin that must be called otherwise is renamed in one place. The node's operating system has a name
// that does not change with it.
func namesIn(s source) []string {
	if s.test() || s.pkg() == "pkg/plugin" || !strings.HasPrefix(s.path, "pkg/") && !strings.HasPrefix(s.path, "cmd/") {
		return nil
	}
	var found []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		text, ok := n.(*ast.BasicLit)
		if ok && text.Kind == token.STRING && strings.Contains(strings.ReplaceAll(text.Value, "kubectl learn sandbox", ""), "kubectl learn") {
			found = append(found, s.at(n)+": write plugin.Command for what people type")
		}
		return true
	})
	return found
}

func TestName(t *testing.T) {
	for _, s := range sources(t) {
		for _, line := range namesIn(s) {
			t.Error(line)
		}
	}
}

func TestNameCanFail(t *testing.T) {
	for text, fails := range map[string]bool{
		`"try kubectl learn start"`:          true,
		"`kubectl learn`":                    true,
		`"kubectl learn sandbox"`:            false,
		`"try " + plugin.Command + " start"`: false,
	} {
		if said := namesIn(planted(t, "pkg/cmd/practice.go", "var x = "+text)); len(said) > 0 != fails {
			t.Errorf("%s: %q", text, said)
		}
	}
}
