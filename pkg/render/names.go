package render

import (
	"regexp"
	"sort"
	"strings"
)

// generated matches the name of a Pod that a ReplicaSet made for a Deployment: its name, the hash of
// the template, five letters of its own. The letters are those of k8s.io/apimachinery/pkg/util/rand.
var generated = regexp.MustCompile(`^(.+)-[bcdfghjklmnpqrstvwxz2456789]{6,10}-([bcdfghjklmnpqrstvwxz2456789]{5})$`)

// short leaves out of a name what all its siblings have in common.
func (s Style) short(name string) string {
	if s.Width >= 120 {
		return name
	}
	m := generated.FindStringSubmatch(name)
	if m == nil {
		return name
	}
	return s.Plain(m[1] + "-…-" + m[2])
}

// shorten puts short names into text for the names given. In a list the letters of its own are
// enough to tell a Pod from its siblings.
func (s Style) shorten(text string, names []string, list bool) string {
	names = append([]string(nil), names...)
	sort.Slice(names, func(i, j int) bool { return len(names[i]) > len(names[j]) })
	for _, n := range names {
		short := s.short(n)
		if m := generated.FindStringSubmatch(n); list && m != nil && short != n {
			short = m[2]
		}
		text = strings.ReplaceAll(text, n, short)
	}
	return text
}
