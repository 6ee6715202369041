package render_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/render"
)

func TestOutput(t *testing.T) {
	type item struct {
		Name  string `json:"name"`
		Count int64  `json:"count"`
	}
	list := []item{{"a<b", 3}, {"c", 1 << 40}}
	for _, c := range []struct {
		flag  string
		value any
		want  string
	}{
		{"json", list[0], "{\n  \"name\": \"a<b\",\n  \"count\": 3\n}\n"},
		{"yaml", list[1], "count: 1099511627776\nname: c\n"},
		{"yaml", list, "items:\n- count: 3\n  name: a<b\n- count: 1099511627776\n  name: c\n"},
		{"json", []item(nil), "{\n  \"items\": []\n}\n"},
		{"jsonpath={.items[*].name}", list, "a<b c"},
		{"jsonpath=.count", list[0], "3"},
		{"go-template={{range .items}}{{.name}};{{end}}", list, "a<b;c;"},
		{"name", list, "lesson/a\nlesson/c\n"},
	} {
		o, err := render.ParseOutput(c.flag)
		if err != nil {
			t.Fatalf("%s: %v", c.flag, err)
		}
		var b bytes.Buffer
		if err := o.Print(&b, c.value, "lesson/a", "lesson/c"); err != nil {
			t.Fatalf("%s: %v", c.flag, err)
		}
		if b.String() != c.want {
			t.Errorf("-o %s: %q, want %q", c.flag, b.String(), c.want)
		}
		if o.Human() {
			t.Errorf("-o %s is not for people", c.flag)
		}
	}
	for _, flag := range []string{"xml", "jsonpath", "jsonpath=", "jsonpath={.a", "go-template", "go-template={{.a", "json=x"} {
		if _, err := render.ParseOutput(flag); err == nil {
			t.Errorf("-o %s gave no error", flag)
		}
	}
	for _, flag := range []string{"", "wide"} {
		if o, err := render.ParseOutput(flag, render.Wide); err != nil || !o.Human() || o.Wide() != (flag == "wide") {
			t.Errorf("-o %q: %+v, %v", flag, o, err)
		}
	}
	if _, err := render.ParseOutput("wide", "svg"); err == nil || !strings.Contains(err.Error(), "no such output") || strings.HasSuffix(err.Error(), "wide") {
		t.Errorf("-o wide of a command that has no more columns: %v", err)
	}
}

// A command may have formats of its own; no other command knows them.
func TestOutputOfACommandsOwn(t *testing.T) {
	if o, err := render.ParseOutput("svg", "mermaid", "svg"); err != nil || o.Human() {
		t.Errorf("%+v, %v", o, err)
	}
	_, err := render.ParseOutput("svgg", "mermaid", "svg")
	if err == nil || !strings.HasSuffix(err.Error(), "go-template=TEMPLATE, mermaid, svg") {
		t.Errorf("%v", err)
	}
	if _, err := render.ParseOutput("svg"); err == nil {
		t.Error("-o svg is known to a command that has none")
	}
}
