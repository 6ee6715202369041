package main

import (
	"regexp"
	"strings"
)

// normaliser makes equal what no two clusters, and no two runs on one, have in common: names that
// end by chance, addresses, times, sizes of columns. What a learner could tell apart stays.
type normaliser struct{ rules []rule }

type rule struct {
	pattern *regexp.Regexp
	with    string
}

// newNormaliser takes the names of the nodes. The workers become one: the scheduler picks between
// two that are equally good by chance.
func newNormaliser(control string, workers []string) *normaliser {
	name := func(s, with string) rule {
		// A name that is part of a longer word is another name.
		return rule{regexp.MustCompile(`(^|[^\w-])` + regexp.QuoteMeta(s) + `($|[^\w-])`), "${1}" + with + "${2}"}
	}
	n := &normaliser{}
	for _, w := range workers {
		n.rules = append(n.rules, name(w, "worker"))
	}
	n.rules = append(n.rules, name(control, "control-plane"))
	n.rules = append(n.rules, always()...)
	return n
}

// always are the rules that hold for every cluster, in the order in which they are tried.
func always() []rule {
	var rules []rule
	for _, r := range [][2]string{
		{`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`, "UID"},
		{`\bsha256:[0-9a-f]{64}\b`, "sha256:DIGEST"},
		{`\b[0-9a-f]{64}\b`, "ID"},
		{`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d)`, "TIME.FRACTION"},
		{`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)`, "TIME"},
		{`\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}`, "TIME"},
		{`(resourceVersion\W{2,6})\d+`, "${1}N"},
		{`\(lasts (<invalid>|(\d+[smhd])+)\)`, "(lasts AGE)"},
		{`\b10\.244\.\d{1,3}\.0/24\b`, "POD-RANGE"},
		{`\b10\.244\.\d{1,3}\.\d{1,3}\b`, "POD-IP"},
		// The first Services of a cluster, kubernetes and kube-dns, have addresses that everyone knows.
		{`\b10\.96\.(0\.(1|10)\b)`, "10,96.$1"},
		{`\b10\.96\.\d{1,3}\.\d{1,3}\b`, "CLUSTER-IP"},
		{`\b10,96\.`, "10.96."},
		{`\b172\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`, "NODE-IP"},
		{`\b3[012]\d{3}\b`, "NODE-PORT"},
		{`(127\.0\.0\.1|\[::1\]):[1-6]\d{4}\b`, "$1:PORT"},
		{`(Handling connection for |localPort=)\d+`, "${1}PORT"},
		{`\((\d+[smhd])+ ago\)`, "(AGE ago)"},
		{`^(Duration: +)(\d+[smhd])+$`, "${1}AGE"},
		// The endings that the API server gives: no vowels, and no digits that look like letters.
		{`-[bcdfghjklmnpqrstvwxz2456789]{5}\b`, "-XXXXX"},
		// Jobs of a CronJob are named after the minute.
		{`-29\d{6}\b`, "-MINUTE"},
		{`\b[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ `, "KLOG "},
	} {
		rules = append(rules, rule{regexp.MustCompile(r[0]), r[1]})
	}
	return rules
}

// lines splits a command's output into lines that can be compared.
func (n *normaliser) lines(out string) []string {
	if out == "" {
		return nil
	}
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	ageless(lines)
	for i, l := range lines {
		for _, r := range n.rules {
			l = r.pattern.ReplaceAllString(l, r.with)
		}
		lines[i] = columns(l)
	}
	return lines
}

var (
	gap   = regexp.MustCompile(`(\S) {2,}`)
	rules = regexp.MustCompile(`-{4,}`)
)

// columns makes the space between columns equal, which depends on the longest name in them.
func columns(line string) string {
	return rules.ReplaceAllString(strings.TrimRight(gap.ReplaceAllString(line, "$1  "), " "), "----")
}

var (
	// heading is the title of a column, one word or several with a blank between them.
	heading = regexp.MustCompile(`\S+( \S+)*`)
	ago     = regexp.MustCompile(`^(\d+[smhd])+( \(x\d+ over (\d+[smhd])+\))?$`)
)

// tellsAge are the headings of columns that tell how long ago something was, or how long it took.
var tellsAge = map[string]bool{"AGE": true, "LAST SEEN": true, "LAST SCHEDULE": true, "DURATION": true, "Age": true}

// ageless takes the ages out of tables, in place. They stand below a heading, at the same place.
func ageless(lines []string) {
	var cuts [][2]int
	for i, l := range lines {
		if found := ageColumns(l); found != nil {
			cuts = found
			continue
		}
		if strings.TrimSpace(l) == "" {
			cuts = nil
		}
		for c := len(cuts) - 1; c >= 0; c-- {
			lines[i] = withoutAge(lines[i], cuts[c][0], cuts[c][1])
		}
	}
}

// ageColumns returns where the columns with ages begin and end, -1 for the end of the line; nil for
// a line that is no table's heading.
func ageColumns(line string) [][2]int {
	titles := heading.FindAllStringIndex(line, -1)
	var cuts [][2]int
	for i, t := range titles {
		switch {
		case !tellsAge[line[t[0]:t[1]]] || len(titles) == 1:
		case i+1 < len(titles):
			cuts = append(cuts, [2]int{t[0], titles[i+1][0]})
		default:
			cuts = append(cuts, [2]int{t[0], -1})
		}
	}
	return cuts
}

// withoutAge replaces the cell from one byte to another, -1 for the end of the line.
func withoutAge(line string, from, to int) string {
	if to < 0 || to > len(line) {
		to = len(line)
	}
	if from >= to {
		return line
	}
	cell := line[from:to]
	if !ago.MatchString(strings.TrimSpace(cell)) {
		return line
	}
	const with = "AGE" // how often it was seen depends on how long ago it began
	return line[:from] + with + strings.Repeat(" ", max(len(cell)-len(with), 2)) + line[to:]
}
