package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

func printJSON(w io.Writer, r *verdicts) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// printText prints what differs and why, session by session, and then a table of all.
func printText(w io.Writer, r *verdicts) error {
	for _, v := range r.Sessions {
		if len(v.Differences) > 0 {
			printDifferences(w, v)
		}
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "SESSION\tRESULT\t%s\t%s\tTITLE\n", strings.ToUpper(r.A), strings.ToUpper(r.B))
	count := map[string]int{}
	for _, v := range r.Sessions {
		count[v.Result]++
		fmt.Fprintf(table, "%s\t%s\t%d s\t%d s\t%s\n", v.Name, v.Result, v.SecondsA, v.SecondsB, v.Title)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, e := range r.Stale {
		fmt.Fprintf(w, "\nNo longer seen, take it out: %s: /%s/ %s\n", e.Where, e.Pattern, e.Sentence)
	}
	_, err := fmt.Fprintf(w, "\n%d sessions in %d s: %d same, %d explained, %d different.\n", len(r.Sessions), r.Seconds, count[same], count[explained], count[different])
	return err
}

func printDifferences(w io.Writer, v verdict) {
	fmt.Fprintf(w, "=== %s: %s\n", v.Name, v.Result)
	for _, d := range v.Differences {
		fmt.Fprintf(w, "$ %s\n", firstLine(d.Command))
		for _, l := range d.Diff {
			fmt.Fprintf(w, "    %s\n", strings.ReplaceAll(l, "\n", "\n     "))
		}
		for _, why := range d.Why {
			fmt.Fprintf(w, "  because %s\n", why)
		}
		if d.Unexplained > 0 {
			fmt.Fprintf(w, "  not explained: %d lines\n", d.Unexplained)
		}
	}
	fmt.Fprintln(w)
}

// printTranscripts prints what the first cluster printed, as it is compared.
func printTranscripts(w io.Writer, sessions []*session, results []pair) {
	for i, s := range sessions {
		fmt.Fprintf(w, "=== %s: %s\n", s.Name, s.Title)
		for j, lines := range results[i].a.steps {
			st := s.steps[j]
			fmt.Fprintf(w, "%5.1f %c %s\n", results[i].a.took[j].Seconds(), st.kind, strings.ReplaceAll(st.command, "\n", "\n      "))
			for _, l := range lines {
				fmt.Fprintf(w, "    %s\n", l)
			}
		}
		fmt.Fprintln(w)
	}
}
