package lesson_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"go.yaml.in/yaml/v3"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	"k8s.io/kube-openapi/pkg/validation/validate"

	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
)

func TestSchemaIsCurrent(t *testing.T) {
	golden(t, "../../docs/lessons.schema.json", string(lesson.JSONSchema()))
}

// definitions are the schemas by role.
func definitions(t *testing.T) map[string]*spec.Schema {
	t.Helper()
	var root struct {
		Schema      string                     `json:"$schema"`
		AnyOf       []map[string]string        `json:"anyOf"`
		Definitions map[string]json.RawMessage `json:"definitions"`
	}
	if err := json.Unmarshal(lesson.JSONSchema(), &root); err != nil {
		t.Fatal(err)
	}
	found := map[string]*spec.Schema{}
	for name, raw := range root.Definitions {
		found[name] = &spec.Schema{}
		if err := json.Unmarshal(raw, found[name]); err != nil {
			t.Fatal(err)
		}
	}
	for _, one := range root.AnyOf {
		if name, ok := strings.CutPrefix(one["$ref"], "#/definitions/"); !ok || found[name] == nil {
			t.Errorf("it refers to %q, which is not in it", one["$ref"])
		}
	}
	if len(root.AnyOf) != len(found) || root.Schema == "" {
		t.Errorf("%d of %d definitions are referred to", len(root.AnyOf), len(found))
	}
	return found
}

// valid holds a value against a schema.
func valid(s *spec.Schema, value any) error {
	return validate.AgainstSchema(s, value, strfmt.Default)
}

// snippet is a block of a lesson, or its front matter.
type snippet struct {
	role, text string
	// file, from and to are where it stands, in lines from 0.
	file     string
	from, to int
}

func (s snippet) String() string { return fmt.Sprintf("%s:%d (%s)", s.file, s.from+1, s.role) }

func (s snippet) value(t *testing.T) any {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(s.text), &value); err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	var plain any // as a program has it that holds it against the schema
	if err := json.Unmarshal(data, &plain); err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return plain
}

// snippets finds the front matter and the YAML blocks of a lesson.
func snippets(file, text string) []snippet {
	lines := strings.Split(text, "\n")
	var found []snippet
	for i := 0; i < len(lines); i++ {
		role, end := "", "```"
		if words := strings.Fields(lines[i]); len(words) == 2 && words[0] == "```yaml" {
			role = words[1]
		} else if i == 0 && lines[i] == "---" {
			role, end = "frontMatter", "---"
		}
		if role == "" {
			continue
		}
		to := i + 1 + slices.Index(lines[i+1:], end)
		found = append(found, snippet{role, strings.Join(lines[i+1:to], "\n") + "\n", file, i + 1, to})
		i = to
	}
	return found
}

// written are the snippets of all lessons that are there to be read, but for objects of Kubernetes.
func written(t *testing.T) []snippet {
	t.Helper()
	var found []snippet
	for _, root := range []string{"../../lessons", "../../docs/example-pack", "testdata/good", "../cmd/learn/author/scaffold.md"} {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(name) != ".md" {
				return err
			}
			data, err := os.ReadFile(name)
			found = append(found, snippets(name, strings.ReplaceAll(string(data), "\r\n", "\n"))...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	found = append(found, snippets("docs/lessons.md", wholeLesson(t))...)
	return slices.DeleteFunc(found, func(s snippet) bool { return s.role == "given" })
}

func TestSchemaAcceptsWhatIsWritten(t *testing.T) {
	schemas := definitions(t)
	seen := map[string]int{}
	for _, s := range written(t) {
		if schemas[s.role] == nil {
			t.Errorf("%s: there is no schema", s)
			continue
		}
		seen[s.role]++
		if err := valid(schemas[s.role], s.value(t)); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	for role := range schemas {
		if seen[role] == 0 {
			t.Errorf("no lesson has a block %s", role)
		}
	}
}

// mappings are all mappings in a value that a lesson's own keys stand in.
func mappings(value any) []map[string]any {
	var found []map[string]any
	switch v := value.(type) {
	case map[string]any:
		found = append(found, v)
		for key, inner := range v {
			if key != "example" {
				found = append(found, mappings(inner)...)
			}
		}
	case []any:
		for _, inner := range v {
			found = append(found, mappings(inner)...)
		}
	}
	return found
}

func TestSchemaRefusesUnknownKeys(t *testing.T) {
	schemas := definitions(t)
	tried := 0
	for _, s := range written(t) {
		value := s.value(t)
		for _, m := range mappings(value) {
			tried++
			m["nonsense"] = "x"
			if valid(schemas[s.role], value) == nil {
				t.Errorf("%s: a key nonsense beside %v is accepted", s, slices.Sorted(maps.Keys(m)))
			}
			delete(m, "nonsense")
		}
	}
	if tried < 100 {
		t.Errorf("only %d mappings were tried", tried)
	}
}

// replaced is a lesson with another snippet in the place of one. Of the rest no more is kept than it takes.
func replaced(t *testing.T, s snippet, value any) error {
	t.Helper()
	text, err := yaml.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	whole := front + "## A\nText.\n\n```yaml " + s.role + "\n" + string(text) + "```\n"
	if s.role == "frontMatter" {
		whole = "---\n" + string(text) + "---\n## A\nText.\n"
	}
	_, err = lesson.Parse(fstest.MapFS{"l.md": {Data: []byte(whole)}}, "l.md")
	return err
}

// The schema and the reader are of one mind about which keys must be there.
func TestSchemaKnowsWhatMustBeThere(t *testing.T) {
	schemas := definitions(t)
	refused := map[string]bool{}
	for _, s := range written(t) {
		if s.role == "wrong" { // whose checks stand in another block
			continue
		}
		value := s.value(t)
		if err := replaced(t, s, value); err != nil {
			t.Errorf("%s is refused by itself: %v", s, err)
			continue
		}
		for _, m := range mappings(value) {
			for _, key := range slices.Sorted(maps.Keys(m)) {
				was := m[key]
				delete(m, key)
				says, reads := valid(schemas[s.role], value), replaced(t, s, value)
				if says != nil {
					refused[s.role+" "+key] = true
				}
				// What one key asks of another one in words of CEL only the reader knows.
				if says != nil && reads == nil {
					t.Errorf("%s without %q: the reader takes it, the schema says %v", s, key, says)
				}
				if says == nil && reads != nil && strings.Contains(reads.Error(), fmt.Sprintf("has no %q", key)) {
					t.Errorf("%s without %q: the schema takes it, the reader says %v", s, key, reads)
				}
				m[key] = was
			}
		}
	}
	for _, want := range []string{"frontMatter id", "check that", "check say", "predict because", "predict belief", "ask answer", "get expected", "fault say"} {
		if !refused[want] {
			t.Errorf("no lesson shows that %q must be there", want)
		}
	}
}

func TestSchemaRefusesWrongValues(t *testing.T) {
	schemas := definitions(t)
	const option = "{say: a, right: true}, {say: b, belief: c, answer: d}"
	for text, role := range map[string]string{
		"{id: Not An Id, title: t, summary: s, minutes: 5}":               "frontMatter",
		"{id: x, title: t, summary: s, minutes: 500}":                     "frontMatter",
		"{id: x, title: t, summary: s, minutes: 5, needs: {nodes: many}}": "frontMatter",
		"{id: x, title: t, summary: s, minutes: 5, after: deploy}":        "frontMatter",
		"{support: much}":        "step",
		"{timeline: a, tree: b}": "explain",
		"{}":                     "explain",
		"{kill-container: pods, stop-node: node/n, say: s}":                           "fault",
		"{load: service/web, rate: 1000, say: s}":                                     "fault",
		"{ask: a, because: b, options: [{say: a, right: true}]}":                      "predict",
		"{ask: a, because: b, options: [{say: a, right: true, belief: c}, {say: b}]}": "predict",
		"{ask: '', because: b, options: [" + option + "]}":                            "predict",
		"[]": "check",
		"[{that: a, on: pods, expect: e, expected: w, within: soon}]": "check",
		"[{that: a, on: pods, expect: e, expected: w, look: ls}]":     "check",
		"{that: a, on: service/web, expected: e, path: index.html}":   "get",
		"{that: a, on: service/web, expected: e, port: 0}":            "get",
		"[{do: kubectl get pods, fails: a}]":                          "wrong",
		"[{do: [], fails: a, says: b}]":                               "wrong",
		"{ask: a, on: pods}":                                          "ask",
	} {
		s := snippet{role: role, text: text}
		if err := valid(schemas[role], s.value(t)); err == nil {
			t.Errorf("%s: the schema accepts %s", role, text)
		}
		if err := replaced(t, s, s.value(t)); err == nil {
			t.Errorf("%s: the reader accepts %s", role, text)
		}
	}
}
