package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/realness"
)

// pageFile is the report for people.
const pageFile = "docs/conformance.md"

// tally counts the specs of a SIG.
type tally struct{ specs, passed, emulated, failed int }

func (t *tally) add(r result, ownMounts bool) {
	t.specs++
	_, emulated := realness.Emulated(r.Spec, ownMounts)
	switch {
	case r.Verdict != passed:
		t.failed++
	case emulated:
		t.emulated++
	default:
		t.passed++
	}
}

// page is the report of a whole run, in Markdown.
func page(r record) string {
	if len(r.Results) == 0 {
		return "# Conformance of the sandbox\n\nNo whole run is recorded yet. `make conformance` makes one, and writes this page.\n"
	}
	var b strings.Builder
	all, sigs := count(r.Results, r.OwnMounts)
	fmt.Fprintf(&b, `# Conformance of the sandbox

Kubernetes has tests that every cluster should pass: those of its own e2e suite that are marked %[1]s, %[2]d in %[3]s.
%[4]s builds that suite and runs all of them on fresh sandboxes, as a user without root; this page is made by it. **%[5]d passed, %[6]d passed but only because
something is emulated, %[7]d failed.** No spec is skipped, and none is tried again. It took %[8]s on %[9]d CPUs.

| SIG | specs | passed | passed but emulated | failed |
|---|---|---|---|---|
`, "`"+conformance+"`", all.specs, r.Version, "`make conformance`", all.passed, all.emulated, all.failed, minutes(r.Took), r.CPUs)
	for _, sig := range names(sigs) {
		row(&b, sig, *sigs[sig])
	}
	row(&b, "**all**", all)
	b.WriteString(`
"Conformant" is what a certified product is called, and the sandbox is none: what it emulates, it does not have. [sandbox.md](sandbox.md)
says what is real.
`)
	otherWay(&b, r)
	halfTrue(&b, r)
	emulated(&b, r)
	failures(&b, r.Results)
	return b.String()
}

func row(b *strings.Builder, name string, t tally) {
	fmt.Fprintf(b, "| %s | %d | %d | %d | %d |\n", name, t.specs, t.passed, t.emulated, t.failed)
}

func count(results []result, ownMounts bool) (all tally, sigs map[string]*tally) {
	sigs = map[string]*tally{}
	for _, r := range results {
		sig := spec{Name: r.Spec}.sig()
		if sigs[sig] == nil {
			sigs[sig] = &tally{}
		}
		sigs[sig].add(r, ownMounts)
		all.add(r, ownMounts)
	}
	return all, sigs
}

func names(sigs map[string]*tally) []string {
	var all []string
	for sig := range sigs {
		all = append(all, sig)
	}
	slices.Sort(all)
	return all
}

// otherWay has the figures for machines that differ from that of the run in whether users may mount.
func otherWay(b *strings.Builder, r record) {
	all, _ := count(r.Results, !r.OwnMounts)
	here, there := "let a user mount (in a user namespace), so that volumes in memory were a tmpfs. Where it does not", "let no user mount, so that volumes in memory were folders. Where one may (on Linux, in a user namespace)"
	if !r.OwnMounts {
		here = there
	}
	fmt.Fprintf(b, "\nThe machine %s, it is %d passed, %d emulated.\n", here, all.passed, all.emulated)
}

// halfTrue says of which passed specs one half is the programs' word.
func halfTrue(b *strings.Builder, last record) {
	n := 0
	for _, r := range last.Results {
		if _, emulated := realness.Emulated(r.Spec, last.OwnMounts); emulated || r.Verdict != passed {
			continue
		}
		if strings.Contains(r.Spec, "[sig-storage]") && strings.Contains(r.Spec, "non-root") {
			n++
		}
	}
	fmt.Fprintf(b, "\nOf those that passed, %d read and write volumes as a user who is not root. Modes of files are the file system's there, and no process is root; that\n"+
		"the user is another than who owns the files is the programs' word.\n", n)
}

// emulated lists the specs that pass because of an emulation, by emulation.
func emulated(b *strings.Builder, last record) {
	b.WriteString("\n## Passed, but emulated\n\nThese pass because the sandbox shows what they look for. What they are about is not there.\n")
	for _, p := range realness.Parts() {
		for _, e := range p.Emulations {
			var specs []string
			for _, r := range last.Results {
				if found, ok := realness.Emulated(r.Spec, last.OwnMounts); ok && found.What == e.What && r.Verdict == passed {
					specs = append(specs, escaped(r.Spec))
				}
			}
			if len(specs) > 0 {
				fmt.Fprintf(b, "\n**%s.** %s\n\n", capital(e.What), e.Seen)
				bullets(b, specs)
			}
		}
	}
}

// failures lists the specs that fail, with the reason where it is known.
func failures(b *strings.Builder, results []result) {
	b.WriteString("\n## Failed\n\n")
	var lines []string
	for _, r := range results {
		if r.Verdict == passed {
			continue
		}
		reason := excused(r.Spec)
		if reason == "" {
			reason = "`" + strings.ReplaceAll(r.Reason, "`", "'") + "`"
		}
		lines = append(lines, escaped(r.Spec)+" — "+reason)
	}
	if len(lines) == 0 {
		b.WriteString("None.\n")
	}
	bullets(b, lines)
}

func bullets(b *strings.Builder, lines []string) {
	slices.Sort(lines)
	for _, l := range lines {
		b.WriteString("- " + l + "\n")
	}
}

// escaped is a spec's name as text of Markdown.
func escaped(name string) string {
	return strings.NewReplacer("[", `\[`, "]", `\]`, "*", `\*`, "<", `\<`, "_", `\_`).Replace(name)
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func minutes(d time.Duration) string { return fmt.Sprintf("%.0f minutes", d.Minutes()) }
