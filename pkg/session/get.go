package session

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/check"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

func (s *Session) asksOverHTTP(p *Position) bool { return len(lesson.All[*lesson.Get](p.Step)) > 0 }

// gets asks what the step asks over HTTP, and answers each as a check.
func (s *Session) gets(ctx context.Context, p *Position, now *snapshot.Snapshot) []check.Result {
	var results []check.Result
	for _, g := range lesson.All[*lesson.Get](p.Step) {
		results = append(results, s.get(ctx, p, g, now))
	}
	return results
}

func (s *Session) get(ctx context.Context, p *Position, g *lesson.Get, now *snapshot.Snapshot) check.Result {
	r := check.Result{
		That: g.That, Expected: g.Expected, On: g.On.String(), Otherwise: -1, Within: g.Within,
		Look: "kubectl get " + g.On.Resource + " -o wide",
	}
	found, err := now.Select(g.On)
	switch {
	case err != nil:
		r.Verdict, r.Why = check.CantTell, err.Error()
		return r
	case s.Web == nil:
		r.Verdict, r.Why = check.CantTell, "this cluster can't be asked over HTTP"
		return r
	case len(found) == 0:
		r.Verdict, r.Actual, r.Why = check.NotYet, "there is no "+g.On.String(), "nothing is there to ask"
		return r
	}
	return s.ask(ctx, s.Namespace(p.Lesson.ID), g, found[0].GetName(), r)
}

// ask makes the requests. What does not answer yet may do so soon.
func (s *Session) ask(ctx context.Context, namespace string, g *lesson.Get, name string, r check.Result) check.Result {
	answers := map[string]bool{}
	for i := range max(1, g.Times) {
		status, body, err := s.Web.Get(ctx, namespace, g.On.Resource, name, g.Port, g.Path)
		if err != nil {
			r.Verdict, r.Why = check.CantTell, err.Error()
			return r
		}
		answers[body] = true
		if wrong := unlike(g, status, body); wrong != "" {
			r.Verdict, r.Actual = check.NotYet, wrong
			r.Why = answered(g, status, body)
			r.Evidence = []string{fmt.Sprintf("request %d of %d to %s/%s:%d%s", i+1, max(1, g.Times), g.On.Resource, name, g.Port, g.Path)}
			if status == http.StatusBadGateway || status == http.StatusServiceUnavailable {
				r.Verdict, r.Why = check.Converging, "no Pod answers yet"
			}
			return r
		}
	}
	if len(answers) < g.Spread {
		r.Verdict = check.NotYet
		r.Actual = fmt.Sprintf("%d different answers to %d requests", len(answers), g.Times)
		r.Why = "fewer Pods answered than should"
		return r
	}
	r.Verdict, r.Look = check.Pass, ""
	return r
}

// unlike says what is wrong with an answer; empty when nothing is.
func unlike(g *lesson.Get, status int, body string) string {
	if status != wanted(g) {
		return fmt.Sprintf("HTTP status %d instead of %d", status, wanted(g))
	}
	for _, part := range g.Expect.Contains {
		if !strings.Contains(body, part) {
			return fmt.Sprintf("the answer does not contain %q", part)
		}
	}
	return ""
}

// wanted is the status that an answer must have.
func wanted(g *lesson.Get) int {
	if g.Expect.Status == 0 {
		return http.StatusOK
	}
	return g.Expect.Status
}

// mostQuoted is how much of an answer is quoted, in characters.
const mostQuoted = 60

// answered says what a wrong answer tells of whoever gave it.
func answered(g *lesson.Get, status int, body string) string {
	switch {
	case status == wanted(g):
		tags := regexp.MustCompile(`(?s)<style.*?</style>|<title.*?</title>|<[^>]*>`)
		text := []rune(strings.Join(strings.Fields(tags.ReplaceAllString(body, " ")), " "))
		if len(text) > mostQuoted {
			text = append(text[:mostQuoted], '…')
		}
		if len(text) == 0 {
			return "it answers, and says nothing"
		}
		return fmt.Sprintf("it answers, and says %q", string(text))
	case status == http.StatusNotFound:
		return "it answers, and has nothing at " + g.Path
	case status >= http.StatusInternalServerError:
		return "it answers, and failed to do what was asked"
	}
	return "it answers, and not with what was asked for"
}
