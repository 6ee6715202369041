package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/printers"
	"sigs.k8s.io/yaml"
)

// Output is what -o asks for.
type Output struct {
	format, template string
}

// Wide is the value of -o that asks for more columns, for commands that have more.
const Wide = "wide"

// Formats are the values of -o that each command has, for usage and completion.
func Formats() []string { return []string{"json", "yaml", "name", "jsonpath=", "go-template="} }

// ParseOutput reads the value of -o. Empty is the human form. Extra are formats that the caller has
// beside ours, and prints itself; Wide is one of them.
func ParseOutput(text string, extra ...string) (Output, error) {
	format, template, _ := strings.Cut(text, "=")
	o := Output{format: format, template: template}
	if slices.Contains(extra, text) {
		return o, nil
	}
	switch format {
	case "", "json", "yaml", "name":
		if template == "" {
			return o, nil
		}
	case "go-template":
		if template == "" {
			return o, fmt.Errorf("read -o %s: write what to show, for example -o go-template='{{.}}', which is all that there is", text)
		}
		if _, err := o.printer(); err != nil {
			return o, fmt.Errorf("read -o %s: %w", text, err)
		}
		return o, nil
	case "jsonpath":
		if template == "" {
			return o, fmt.Errorf("read -o %s: write what to take, for example -o jsonpath='{.items[*].name}'", text)
		}
		if !strings.Contains(template, "{") { // kubectl takes it without braces too
			o.template = "{" + template + "}"
		}
		if _, err := o.printer(); err != nil {
			return o, fmt.Errorf("read -o %s: %w", text, err)
		}
		return o, nil
	}
	there := append([]string{"json", "yaml", "name", "jsonpath=TEMPLATE", "go-template=TEMPLATE"}, extra...)
	return o, fmt.Errorf("read -o %s: no such output; write one of %s", text, strings.Join(there, ", "))
}

// Human says that a person reads the output.
func (o Output) Human() bool { return o.format == "" || o.format == Wide }

// Wide says that a person asked for more columns.
func (o Output) Wide() bool { return o.format == Wide }

// Print writes a value for a program to read: plain data with json tags. A list stands in "items".
// Names are what -o name prints, a line each, as kind/name.
func (o Output) Print(w io.Writer, value any, names ...string) error {
	if o.format == "name" {
		for _, n := range names {
			if _, err := fmt.Fprintln(w, n); err != nil {
				return err
			}
		}
		return nil
	}
	raw, err := plainJSON(value)
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	if string(raw) == "null" {
		raw = []byte("[]")
	}
	if raw[0] == '[' {
		raw = fmt.Appendf(nil, `{"items":%s}`, raw)
	}
	switch o.format {
	case "yaml":
		return printYAML(w, raw)
	case "jsonpath", "go-template":
		return o.fillIn(w, raw)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, raw, "", "  "); err != nil {
		return fmt.Errorf("print json: %w", err)
	}
	indented.WriteByte('\n')
	_, err = w.Write(indented.Bytes())
	return err
}

// plainJSON writes JSON without the escapes that only web pages need.
func plainJSON(value any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

func printYAML(w io.Writer, raw []byte) error {
	text, err := yaml.JSONToYAML(raw)
	if err != nil {
		return fmt.Errorf("print yaml: %w", err)
	}
	_, err = w.Write(text)
	return err
}

// printer is kubectl's own for the template.
func (o Output) printer() (printers.ResourcePrinter, error) {
	if o.format == "go-template" {
		return printers.NewGoTemplatePrinter([]byte(o.template))
	}
	return printers.NewJSONPathPrinter(o.template)
}

func (o Output) fillIn(w io.Writer, raw []byte) error {
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil {
		return fmt.Errorf("print %s: %w", o.format, err)
	}
	p, err := o.printer()
	if err != nil {
		return fmt.Errorf("print %s: %w", o.format, err)
	}
	var filled bytes.Buffer // of a template that fails half-way, nothing
	if err := p.PrintObj(&unstructured.Unstructured{Object: fields}, &filled); err != nil {
		return fmt.Errorf("print %s: %w", o.format, err)
	}
	_, err = w.Write(filled.Bytes())
	return err
}
