package author

import (
	"context"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kubectl-learn/kubectl-learn/pkg/catalog"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
)

const tested = "---\nid: x\ntitle: T\nsummary: S.\nminutes: 5\n---\n" +
	"## One\n```yaml check\n- that: A & B\n  on: pods\n  expect: objects.size() == 1\n  expected: one\n```\n" +
	"## Two\n```yaml get\nthat: It answers\non: service/web\nexpected: an answer\n```\n"

func aTrial(t *testing.T) *trial {
	t.Helper()
	s := source{Source: catalog.Source{FS: fstest.MapFS{"x/lesson.md": {Data: []byte(tested)}}, Options: lesson.Options{Within: "pack/", From: "/pack"}}, file: "x/lesson.md"}
	l, err := s.parse(false)
	if err != nil {
		t.Fatal(err)
	}
	return &trial{source: s, lesson: l}
}

// written writes trials and reads what was written, as a CI server does.
func written(t *testing.T, ended error, trials ...*trial) suites {
	t.Helper()
	o := &TestOptions{JUnit: filepath.Join(t.TempDir(), "results.xml")}
	if err := o.report(trials, ended); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(o.JUnit)
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		XMLName  xml.Name `xml:"testsuites"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Errors   int      `xml:"errors,attr"`
		Skipped  int      `xml:"skipped,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			File  string `xml:"file,attr"`
			Cases []struct {
				Name    string   `xml:"name,attr"`
				Line    int      `xml:"line,attr"`
				Time    string   `xml:"time,attr"`
				Failure *outcome `xml:"failure"`
				Error   *outcome `xml:"error"`
				Skipped *outcome `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(data, &read); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	all := suites{Tests: read.Tests, Failures: read.Failures, Errors: read.Errors, Skipped: read.Skipped}
	for _, s := range read.Suites {
		one := suite{Name: s.Name, File: s.File}
		for _, c := range s.Cases {
			if !strings.Contains(c.Time, ".") {
				t.Errorf("%s took %q, which are no seconds", c.Name, c.Time)
			}
			one.Cases = append(one.Cases, testcase{Name: c.Name, Line: c.Line, Failure: c.Failure, Error: c.Error, Skipped: c.Skipped})
		}
		all.Suites = append(all.Suites, one)
	}
	return all
}

// told is what became of each testcase, a line each.
func told(s suite) string {
	var lines []string
	for _, c := range s.Cases {
		line := c.Name
		for sign, o := range map[string]*outcome{" FAILED ": c.Failure, " ERROR ": c.Error, " SKIPPED ": c.Skipped} {
			if o != nil {
				line += sign + o.Message
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	reached := []session.Trial{{Step: "one", Millis: 1500}, {Step: "one", Check: "A & B", Millis: 20}}
	both := append(reached, session.Trial{Step: "two", Millis: 5}, session.Trial{Step: "two", Check: "It answers", Millis: 4})
	for name, tc := range map[string]struct {
		proof      *session.Proof
		err, ended error
		want       string
	}{
		"all is well": {
			proof: &session.Proof{Tried: both, Millis: 1510},
			want:  "one\none: A & B\ntwo\ntwo: It answers\nthe lesson as a whole",
		},
		"a check, a step and the lesson fail": {
			proof: &session.Proof{Tried: both, Findings: []session.Finding{
				{Where: "x:8:3", What: "no", Step: "one", Check: "A & B"}, {Where: "x:7:1", What: "nor this", Step: "one"}, {Where: "x:1:1", What: "it leaves a mess"},
			}},
			ended: cmd.NotMet(),
			want:  "one FAILED x:7:1: nor this\none: A & B FAILED x:8:3: no\ntwo\ntwo: It answers\nthe lesson as a whole FAILED x:1:1: it leaves a mess",
		},
		"a step can't be done": {
			proof: &session.Proof{Tried: reached[:1], Findings: []session.Finding{{Where: "x:7:1", What: "the step can't be done", Step: "one"}}},
			want:  "one FAILED x:7:1: the step can't be done\none: A & B SKIPPED not reached\ntwo SKIPPED not reached\ntwo: It answers SKIPPED not reached\nthe lesson as a whole",
		},
		"it is broken off": {
			proof: &session.Proof{Tried: reached[:1], BrokenOff: "one"}, err: context.Canceled, ended: context.Canceled,
			want: "one ERROR interrupted\none: A & B SKIPPED not reached\ntwo SKIPPED not reached\ntwo: It answers SKIPPED not reached\nthe lesson as a whole",
		},
		"it is broken off before it begins": {
			proof: &session.Proof{}, err: errors.New("no room"), ended: errors.New("no room"),
			want: "one SKIPPED not reached\none: A & B SKIPPED not reached\ntwo SKIPPED not reached\ntwo: It answers SKIPPED not reached\nthe lesson as a whole ERROR no room",
		},
		"there is no cluster": {
			ended: errors.New("no cluster\nat all"),
			want:  "one SKIPPED not reached\none: A & B SKIPPED not reached\ntwo SKIPPED not reached\ntwo: It answers SKIPPED not reached\nthe lesson as a whole SKIPPED not tried: no cluster",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one := aTrial(t)
			one.proof, one.err = tc.proof, tc.err
			all := written(t, tc.ended, one)
			if got := told(all.Suites[0]); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
			if all.Failures != strings.Count(tc.want, " FAILED ") || all.Errors != strings.Count(tc.want, " ERROR ") ||
				all.Skipped != strings.Count(tc.want, " SKIPPED ") || all.Tests != 5 || all.Suites[0].File != "pack/x/lesson.md" || all.Suites[0].Cases[1].Line != 9 {
				t.Errorf("%+v", all)
			}
		})
	}
}

func TestJUnitOfALessonThatCantBeRead(t *testing.T) {
	t.Parallel()
	s := source{Source: catalog.Source{FS: fstest.MapFS{"bad/lesson.md": {Data: []byte("nothing")}}}, file: "bad/lesson.md"}
	_, err := s.parse(false)
	all := written(t, err, &trial{source: s, err: err}, aTrial(t))
	if got := told(all.Suites[0]); all.Suites[0].Name != "bad" || !strings.HasPrefix(got, "the lesson as a whole ERROR bad/lesson.md:1:1: ") {
		t.Errorf("%s: %s", all.Suites[0].Name, got)
	}
	if got := told(all.Suites[1]); !strings.Contains(got, "as a whole SKIPPED not tried: bad/lesson.md:1:1: ") {
		t.Error(got)
	}
}

func TestAnnotationsAreEscaped(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	annotate(&b, []problem{
		{place: place{File: "a:b,c%.md", Line: 3, Column: 4}, Severity: lesson.Defect, Rule: "look", Message: "100%: a,\nb\r"},
		{place: place{File: "d.md"}, Severity: lesson.Advice, Message: "::error::no"},
	})
	want := "::error file=a%3Ab%2Cc%25.md,line=3,col=4,title=kubectl learn author lint%3A look::100%25: a,%0Ab%0D\n" +
		"::warning file=d.md,title=kubectl learn author lint::::error::no\n"
	if b.String() != want {
		t.Errorf("got  %q\nwant %q", b.String(), want)
	}
}
