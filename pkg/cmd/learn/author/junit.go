package author

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// suites is the root of JUnit XML, as Jenkins, GitLab and others read it.
type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Time     seconds  `xml:"time,attr"`
	Suites   []suite  `xml:"testsuite"`
}

// suite is one lesson.
type suite struct {
	Name     string     `xml:"name,attr"`
	File     string     `xml:"file,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Skipped  int        `xml:"skipped,attr"`
	Time     seconds    `xml:"time,attr"`
	Cases    []testcase `xml:"testcase"`
}

// testcase is a step, a check of one, or the lesson as a whole.
type testcase struct {
	Name    string   `xml:"name,attr"`
	Class   string   `xml:"classname,attr"`
	File    string   `xml:"file,attr"`
	Line    int      `xml:"line,attr,omitempty"`
	Time    seconds  `xml:"time,attr"`
	Failure *outcome `xml:"failure"`
	Error   *outcome `xml:"error"`
	Skipped *outcome `xml:"skipped"`
}

// outcome is why a testcase did not succeed.
type outcome struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// seconds are a time, kept in milliseconds.
type seconds int64

// MarshalText implements encoding.TextMarshaler.
func (s seconds) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%d.%03d", s/1000, s%1000), nil
}

// report writes what was found out until now, if that was asked for. Ended is the error with which all ended, or nil.
func (o *TestOptions) report(trials []*trial, ended error) error {
	if o.JUnit == "" {
		return nil
	}
	if _, unmet := errors.AsType[*cmd.Exit](ended); unmet {
		ended = nil // which the findings tell
	}
	all := suites{Name: plugin.Command + " author test"}
	for _, t := range trials {
		s := t.suite(ended)
		all.Suites = append(all.Suites, s)
		all.Tests, all.Failures, all.Errors = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors
		all.Skipped, all.Time = all.Skipped+s.Skipped, all.Time+s.Time
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return fmt.Errorf("write --junit %s: %w", o.JUnit, err)
	}
	b.WriteByte('\n')
	if err := os.WriteFile(o.JUnit, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write --junit: %w", err)
	}
	return nil
}

func (t *trial) suite(ended error) suite {
	file := t.source.shown()
	s := suite{Name: t.id(), File: file}
	add := func(c testcase) {
		c.Class, c.File = s.Name, file
		s.Cases = append(s.Cases, c)
		s.Tests++
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	if t.proof != nil {
		s.Time = seconds(t.proof.Millis)
	}
	for _, c := range t.steps() {
		add(c)
	}
	whole := testcase{Name: "the lesson as a whole", Line: 1, Failure: t.found("", "")}
	switch {
	case t.err != nil && (t.proof == nil || t.proof.BrokenOff == ""):
		whole.Failure, whole.Error = nil, t.broken()
	case ended != nil && t.proof == nil:
		whole.Skipped = &outcome{Message: "not tried: " + firstLine(ended)}
	case t.proof == nil:
		whole.Skipped = &outcome{Message: "not tried yet"}
	}
	add(whole)
	return s
}

// id is the lesson's, or that of its folder where it can't be read.
func (t *trial) id() string {
	if t.lesson != nil {
		return t.lesson.ID
	}
	if h, _ := t.source.header(); h.ID != "" {
		return h.ID
	}
	return path.Base(path.Dir(t.source.shown()))
}

// steps are a case for each step, and after it one for each of its checks.
func (t *trial) steps() []testcase {
	if t.lesson == nil {
		return nil
	}
	var cases []testcase
	for _, step := range t.lesson.Steps {
		cases = append(cases, t.testcase(step.ID, "", step.Line))
		for _, c := range step.Claims() {
			cases = append(cases, t.testcase(step.ID, c.That, c.Pos.Line))
		}
	}
	return cases
}

func (t *trial) testcase(step, check string, line int) testcase {
	c := testcase{Name: step, Line: line, Failure: t.found(step, check)}
	if check != "" {
		c.Name += ": " + check
	}
	reached := false
	if t.proof != nil {
		for _, one := range t.proof.Tried {
			if one.Step == step && one.Check == check {
				reached, c.Time = true, seconds(one.Millis)
			}
		}
	}
	switch {
	case t.err != nil && t.proof != nil && check == "" && t.proof.BrokenOff == step:
		c.Failure, c.Error = nil, t.broken()
	case !reached && c.Failure == nil:
		c.Skipped = &outcome{Message: "not reached"}
	}
	return c
}

// found is all that is wrong with a step, with one of its checks, or with the lesson as a whole; nil where nothing is.
func (t *trial) found(step, check string) *outcome {
	if t.proof == nil {
		return nil
	}
	var lines []string
	for _, f := range t.proof.Findings {
		if f.Step == step && f.Check == check {
			lines = append(lines, f.String())
		}
	}
	if lines == nil {
		return nil
	}
	return &outcome{Message: lines[0], Text: strings.Join(lines, "\n")}
}

// broken is what kept the lesson from being read or from being tried.
func (t *trial) broken() *outcome {
	if errors.Is(t.err, context.Canceled) {
		return &outcome{Message: "interrupted", Text: "interrupted"}
	}
	return &outcome{Message: firstLine(t.err), Text: t.err.Error()}
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
