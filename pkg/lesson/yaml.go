package lesson

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// documents reads the YAML documents of a fragment. What is wrong is told to p; nil is returned
// for a fragment that can't be read at all.
func (p *problems) documents(f *fragment) []*yaml.Node {
	docs, err := decodeDocuments(f.text())
	if err != nil {
		line := f.badLine(err)
		text := f.lines[min(max(line, 1), max(len(f.lines), 1))-1].text
		p.add(f.pos(line, len(text)-len(strings.TrimLeft(text, " "))+1), "this is not YAML: "+yamlMessage(err), yamlAdvice(text))
		return nil
	}
	var nodes []*yaml.Node
	for _, d := range docs {
		if len(d.Content) == 0 {
			continue
		}
		if alias := findAlias(d); alias != nil {
			p.add(f.pos(alias.Line, alias.Column), "anchors and aliases are not used in lessons", "write the value out")
			return nil
		}
		nodes = append(nodes, d.Content[0])
	}
	return nodes
}

// document reads the one document of a fragment.
func (p *problems) document(f *fragment, what string) *yaml.Node {
	if len(f.lines) == 0 {
		return nil
	}
	before := len(p.list)
	nodes := p.documents(f)
	switch {
	case len(p.list) > before:
		return nil
	case len(nodes) == 0:
		p.add(f.pos(1, 1), what+" is empty", "write its keys, or take it out")
		return nil
	case len(nodes) > 1:
		p.add(f.pos(nodes[1].Line, 1), what+" holds more than one YAML document", "take the --- out")
	}
	return nodes[0]
}

func decodeDocuments(text string) ([]*yaml.Node, error) {
	d := yaml.NewDecoder(strings.NewReader(text))
	var docs []*yaml.Node
	for {
		var n yaml.Node
		err := d.Decode(&n)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, err
		}
		docs = append(docs, &n)
	}
}

// badLine finds the line of a YAML error. The library often names the line where the surrounding
// mapping began; the first line with which the text no longer parses is nearer to the mistake.
func (f *fragment) badLine(err error) int {
	const mostLines, mostBytes = 400, 32 << 10 // it parses anew for each line
	if len(f.lines) <= mostLines && len(f.text()) <= mostBytes {
		for n := len(f.lines) - 1; n > 0; n-- {
			part := fragment{lines: f.lines[:n]}
			if _, err := decodeDocuments(part.text()); err == nil {
				return n + 1
			}
		}
		return 1
	}
	m := regexp.MustCompile(`line (\d+)`).FindStringSubmatch(err.Error())
	if m == nil {
		return 1
	}
	line, _ := strconv.Atoi(m[1])
	return line
}

func yamlMessage(err error) string {
	return regexp.MustCompile(`^yaml: (line \d+: )?`).ReplaceAllString(err.Error(), "")
}

func yamlAdvice(line string) string {
	if strings.Contains(line, "\t") {
		return "indent with spaces, not with tabs"
	}
	if strings.ContainsAny(line, "{[") && strings.Contains(line, "?") {
		return "inside { } a query goes into quotes: \"pods?app=web\""
	}
	return "a text with a colon, a # or a quote in it goes into quotes, and lists and keys line up"
}

func findAlias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return n
	}
	for _, c := range n.Content {
		if found := findAlias(c); found != nil {
			return found
		}
	}
	return nil
}

// object reads a YAML mapping key by key and complains about what nobody asked for.
type object struct {
	*problems
	*fragment
	node *yaml.Node
	shape
	keys map[string]*yaml.Node
	at   map[string]*yaml.Node // the keys themselves
}

// object opens a mapping of a shape. It returns nil when the node is no mapping.
func (p *problems) object(f *fragment, n *yaml.Node, s shape) *object {
	if n == nil {
		return nil
	}
	known := s.keyNames()
	if n.Kind != yaml.MappingNode {
		p.add(f.pos(n.Line, n.Column), fmt.Sprintf("%s is %s", s.what, describe(n)), "write keys and values, as in "+known[0]+": …")
		return nil
	}
	o := &object{problems: p, fragment: f, node: n, shape: s, keys: map[string]*yaml.Node{}, at: map[string]*yaml.Node{}}
	var unknown []int
	for i := 0; i+1 < len(n.Content); i += 2 {
		if !o.take(n.Content[i], n.Content[i+1], known) {
			unknown = append(unknown, i)
		}
	}
	for _, i := range unknown {
		o.guess(n.Content[i], n.Content[i+1], known)
	}
	return o
}

// guess complains about an unknown key, and reads its value as that of the key that was meant, of those that
// are not there if it can be: one slip is one problem.
func (o *object) guess(key, value *yaml.Node, known []string) {
	absent := slices.DeleteFunc(slices.Clone(known), o.has)
	instead := didYouMean(key.Value, known, "the keys are: ")
	if meant := snapshot.Nearest(key.Value, absent); meant != "" {
		instead = didYouMean(key.Value, absent, "")
		o.keys[meant], o.at[meant] = value, key
	}
	o.add(o.pos(key.Line, key.Column), fmt.Sprintf("unknown key %q in %s", key.Value, o.what), instead)
}

// take takes up a key; false where nobody knows it.
func (o *object) take(key, value *yaml.Node, known []string) bool {
	at := o.pos(key.Line, key.Column)
	if key.Kind != yaml.ScalarNode {
		o.add(at, "a key is "+describe(key), "write one of: "+strings.Join(known, ", "))
		return true
	}
	name := key.Value
	if _, twice := o.keys[name]; twice {
		o.add(at, fmt.Sprintf("%q stands twice in %s", name, o.what), "take one out")
		return true
	}
	if !slices.Contains(known, name) {
		return false
	}
	o.keys[name], o.at[name] = value, key
	return true
}

// didYouMean proposes the nearest word, or lists all after the given words.
func didYouMean(word string, list []string, otherwise string) string {
	if near := snapshot.Nearest(word, list); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return otherwise + strings.Join(list, ", ")
}

// describe names what a node is, for messages.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch n.ShortTag() {
	case "!!null":
		return "empty"
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "a truth value"
	case "!!timestamp":
		return "a date"
	case "!!str":
		return "a text"
	}
	return "tagged " + n.Tag
}

func (o *object) has(key string) bool { return o != nil && o.keys[key] != nil }

// where is the place of a key's value, or of the mapping when the key is absent.
func (o *object) where(key string) Pos {
	if n := o.keys[key]; n != nil {
		return o.pos(n.Line, n.Column)
	}
	return o.pos(o.node.Line, o.node.Column)
}

func (o *object) missing(key, instead string) {
	o.add(o.where(""), fmt.Sprintf("%s has no %q", o.what, key), instead)
}

func (o *object) wrong(key, instead string) {
	o.add(o.where(key), fmt.Sprintf("%q of %s is %s", key, o.what, describe(o.keys[key])), instead)
}

// text reads a text; empty when absent or wrong.
func (o *object) text(key string) string {
	n := o.keys[key]
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		instead := "write a text"
		if n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null" {
			instead = fmt.Sprintf("put it in quotes: %q", n.Value)
		}
		o.wrong(key, instead)
		return ""
	}
	if strings.TrimSpace(n.Value) == "" {
		o.add(o.where(key), fmt.Sprintf("%q of %s is empty", key, o.what), "write something, or take it out")
	}
	return strings.TrimSpace(n.Value)
}

// required reads a text that must be there.
func (o *object) required(key, example string) string {
	if !o.has(key) {
		o.missing(key, fmt.Sprintf("write %s: %s", key, example))
		return ""
	}
	return o.text(key)
}

// code reads an expression: any scalar, taken as it was written.
func (o *object) code(key string) (string, *yaml.Node) {
	n := o.keys[key]
	if n == nil {
		return "", nil
	}
	switch {
	case n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!"):
		o.add(o.where(key), "YAML reads a value that begins with ! as a tag", "put the expression in quotes")
		return "", nil
	case n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" || strings.TrimSpace(n.Value) == "":
		o.wrong(key, "write a CEL expression")
		return "", nil
	}
	return n.Value, n
}

func (o *object) boolean(key string) bool {
	n := o.keys[key]
	if n == nil {
		return false
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
		o.wrong(key, "write true or false")
		return false
	}
	return strings.EqualFold(n.Value, "true")
}

// integer reads a whole number of the key's range, or returns what stands for an absent one.
func (o *object) integer(key string, absent int) int {
	n := o.keys[key]
	if n == nil {
		return absent
	}
	least, most := o.form(key).least, o.form(key).most
	v, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil || v < least || v > most {
		o.add(o.where(key), fmt.Sprintf("%q of %s must be a whole number from %d to %d", key, o.what, least, most), "write "+key+": "+strconv.Itoa(max(least, absent)))
		return absent
	}
	return v
}

// duration reads a time such as 60s.
func (o *object) duration(key string, absent time.Duration) time.Duration {
	n := o.keys[key]
	if n == nil {
		return absent
	}
	d, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || d <= 0 || d > time.Hour {
		o.add(o.where(key), fmt.Sprintf("%q of %s must be a time of at most an hour", key, o.what), "write "+key+": 60s")
		return absent
	}
	return d
}

// span reads a time of the range.
func (o *object) span(key string, least, most, absent time.Duration) time.Duration {
	n := o.keys[key]
	if n == nil {
		return absent
	}
	d, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || d < least || d > most {
		o.add(o.where(key), fmt.Sprintf("%q of %s must be a time from %s to %s", key, o.what, short(least), short(most)), "write "+key+": "+short(absent))
		return absent
	}
	return d
}

// short is a time as an author writes it: 5m, not 5m0s.
func short(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}

// list returns the elements of a list.
func (o *object) list(key string) []*yaml.Node {
	n := o.keys[key]
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		o.wrong(key, "write a list: a line with - for each")
		return nil
	}
	return n.Content
}

// texts reads a list of texts, with the place of each.
func (o *object) texts(key string) ([]string, []Pos) {
	var list []string
	var at []Pos
	for _, n := range o.list(key) {
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" || strings.TrimSpace(n.Value) == "" {
			o.add(o.pos(n.Line, n.Column), fmt.Sprintf("an element of %q is %s", key, describe(n)), "write a text")
			continue
		}
		list = append(list, strings.TrimSpace(n.Value))
		at = append(at, o.pos(n.Line, n.Column))
	}
	return list, at
}

// query reads a query; zero when absent or wrong.
func (o *object) query(key string) snapshot.Query {
	if !o.has(key) {
		return snapshot.Query{}
	}
	word := o.text(key)
	if word == "" {
		return snapshot.Query{}
	}
	q, err := snapshot.ParseQuery(word)
	if err != nil {
		o.add(o.where(key), fmt.Sprintf("%q: %v", key, err), "")
	}
	return q
}

// oneOf reads one of the key's words.
func (o *object) oneOf(key string) string {
	if !o.has(key) {
		return ""
	}
	word, words := o.text(key), o.form(key).words
	for _, w := range words {
		if w == word {
			return w
		}
	}
	if word != "" {
		o.add(o.where(key), fmt.Sprintf("unknown %s %q", key, word), didYouMean(word, words, "write one of: "))
	}
	return ""
}
