package render_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
)

// trace reads one of the traces that package explain's own tests hold golden.
func trace(t *testing.T, name string) *explain.Trace {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "explain", "testdata", "trace", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var tr explain.Trace
	if err := yaml.UnmarshalStrict(raw, &tr); err != nil {
		t.Fatal(err)
	}
	return &tr
}

func TestTraces(t *testing.T) {
	for _, name := range []string{"scale", "kill-pod", "rollout", "node-down", "watched"} {
		tr := trace(t, name)
		golden(t, "trace-"+name, func(b *bytes.Buffer, s render.Style) error { return render.Trace(b, tr, false, s) })
	}
	tr := trace(t, "scale")
	golden(t, "trace-scale-evidence", func(b *bytes.Buffer, s render.Style) error { return render.Trace(b, tr, true, s) })
}

// picture holds what was drawn against a golden file.
func picture(t *testing.T, file, got string) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("%s differs from its golden file (run with -update to accept):\n%s", file, got)
	}
}

func TestSequenceDiagrams(t *testing.T) {
	for _, name := range []string{"scale", "node-down"} {
		tr := trace(t, name)
		var m, s bytes.Buffer
		if err := errors.Join(render.Mermaid(&m, tr), render.SequenceSVG(&s, tr)); err != nil {
			t.Fatal(err)
		}
		picture(t, "trace-"+name+".mmd", m.String())
		picture(t, "trace-"+name+".svg", s.String())
	}
}

// What somebody does anew is set apart from what came of the command before.
func TestADiagramOfTwoCommands(t *testing.T) {
	tr := trace(t, "scale")
	n, end := len(tr.Rows), tr.Rows[len(tr.Rows)-1].OffsetMS
	for _, r := range tr.Rows[:n] {
		if r.OffsetMS += end + 500; r.Cause != explain.NoCause {
			r.Cause += n
		}
		tr.Rows = append(tr.Rows, r)
	}
	var m, s bytes.Buffer
	if err := errors.Join(render.Mermaid(&m, tr), render.SequenceSVG(&s, tr)); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{m.String(), s.String()} {
		// In the picture it is written twice: once as the paper around it.
		if n := strings.Count(text, "the next beginning, at "); n != 1+strings.Count(text, "<svg") {
			t.Errorf("it is set apart %d times:\n%s", n, text)
		}
	}
}

// What stands in a cluster must not end a diagram's line, or draw in it.
func TestDiagramsHoldWhatTheyAreGiven(t *testing.T) {
	for _, name := range []string{"scale", "kill-pod", "rollout", "kill-container", "node-down", "quota", "watched", "stateful"} {
		tr := trace(t, name)
		tr.Command = `kubectl annotate pod x a="<b>&;#%%"`
		for i := range tr.Rows {
			tr.Rows[i].What += "\n; end <script>&#x26; %%"
		}
		var m, s bytes.Buffer
		if err := errors.Join(render.Mermaid(&m, tr), render.SequenceSVG(&s, tr)); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(m.String(), "\n"), "\n")
		for _, l := range lines[1:] {
			rest := strings.NewReplacer("#35;", "", "#59;", "", "#60;", "", "#62;", "", "#37;", "").Replace(l)
			if !strings.HasPrefix(l, "    ") || strings.ContainsAny(rest, ";#<%") {
				t.Errorf("%s: %s", name, l)
			}
		}
		d := xml.NewDecoder(&s)
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s is no XML: %v", name, err)
			}
			if e, ok := token.(xml.StartElement); ok && e.Name.Local == "script" {
				t.Errorf("%s: text became an element", name)
			}
		}
	}
}

// A row that stands for all that came of one thing is its own actor's: neither the nodes nor the news of the others are.
func TestADiagramOfFoldedRows(t *testing.T) {
	tr := trace(t, "rollout")
	folded := 0
	for _, r := range tr.Rows {
		folded += r.Folded
	}
	var m bytes.Buffer
	if err := render.Mermaid(&m, tr); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(m.String()) {
		if folded == 0 || strings.Contains(line, "participant") && strings.Contains(line, "controller<br/>") || regexp.MustCompile(`ADDED \d+ (deployment|replicaset)s`).MatchString(line) {
			t.Errorf("%d rows are folded: %s", folded, line)
		}
	}
}
