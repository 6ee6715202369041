package lesson_test

import (
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
)

const (
	goodPredict = "```yaml predict\nask: x\nbecause: y\noptions:\n- {say: A, right: true}\n- {say: B, belief: b, answer: c}\n```\n"
	goodCheck   = "```yaml check\n- that: A\n  on: pods\n  expect: objects.size() == 3\n  expected: three\n  look: kubectl get pods\n  otherwise: [{when: objects.size() < 3, say: few}]\n```\n"
	goodHint    = "```text hint\nLook.\n```\n"
	twoWrong    = "```yaml wrong\n- {do: kubectl get pods, fails: A, says: few}\n- {do: kubectl get services, fails: A, says: few}\n```\n"
	whole       = goodPredict + "```sh do\nkubectl delete pod x\n```\n" + goodCheck + goodHint + twoWrong
)

func TestLint(t *testing.T) {
	for name, tc := range map[string]struct {
		body  string
		rules string // in order, one a problem
	}{
		"nothing to say":                   {"## A\n" + whole, ""},
		"a kill without a prediction":      {"## A\n```sh do\nkubectl delete pod x\nkubectl scale deployment web --replicas=2\n```\n" + goodCheck + goodHint + twoWrong, "predict"},
		"a prediction that comes too late": {"## A\n```sh do\nkubectl rollout restart deployment web\n```\n" + whole, "predict"},
		"a look needs no prediction":       {"## A\n```sh do\nkubectl rollout status deployment web\nkubectl get pods\n```\n" + whole, ""},
		"a fault without a prediction":     {"## B\n```yaml fault\nstop-node: node/worker-1\nsay: x\n```\n## A\n" + whole, "predict"},
		"a node that comes back":           {"## B\n```yaml fault\nstart-node: stopped\nsay: x\n```\n## A\n" + whole, ""},
		"nothing checks":                   {"## A\n" + whole + "## B\n" + goodPredict + "```sh do\nkubectl label pod x app-\n```\n", "proof"},
		"hints out of order":               {"## A\n" + strings.Replace(whole, "Look.", "principle: a\nlocate: b\naction: c", 1), "hint-order"},
		"a rung twice":                     {"## A\n" + strings.Replace(whole, "Look.", "orient: a\norient: b", 1), "hint-order"},
		"nodes that are looked at":         {"## A\n```sh do\nkubectl get nodes -o wide\nkubectl describe node/worker-1\n```\n" + whole, "nodes nodes"},
		"nodes that are changed":           {"## A\n" + goodPredict + "```sh do\nkubectl drain worker-1\nkubectl label node worker-1 a=b\n```\n" + goodCheck + goodHint + "```yaml wrong\n- {do: kubectl cordon worker-1, fails: A, says: few}\n- {do: kubectl get pods, fails: A, says: few}\n```\n", "nodes nodes nodes"},
		"nodes that were asked for":        {"## A\n" + goodPredict + "```sh do\nkubectl get pods,nodes\nkubectl taint nodes worker-1 a:NoSchedule\n```\n" + goodCheck + goodHint + twoWrong, ""},
		"what only sounds like nodes":      {"## A\n```sh do\nkubectl get pods --show-labels nodes\nkubectl exec x -- get nodes\n```\n" + whole, ""},
		"no hint":                          {"## A\n" + strings.Replace(whole, goodHint, "", 1), "hints"},
		"a worked step needs no hint":      {"## A\n```yaml step\nsupport: worked\n```\n" + strings.Replace(whole, goodHint, "", 1), ""},
		"one wrong turn":                   {"## A\n" + strings.Replace(whole, "- {do: kubectl get services, fails: A, says: few}\n", "", 1), "wrong-turns"},
		"no look and no otherwise":         {"## A\n" + strings.Replace(strings.Replace(whole, "  look: kubectl get pods\n", "", 1), "  otherwise: [{when: objects.size() < 3, say: few}]\n", "", 1), "look otherwise"},
		"three concepts at once":           {"## A\nA Pod has a label and a Node.\n" + whole, "one-concept"},
		"a concept a step":                 {"## A\nA Pod.\n" + whole + "## B\nA label of a Pod.\n## C\nA node.\n", ""},
		"too long for a screen":            {"## A\n" + strings.Repeat("word ", 16*18) + "\n" + whole, "length"},
		"an example that fits":             {"## A\n" + strings.Replace(whole, "say: few", "say: few, example: [{metadata: {name: a}}]", 1), ""},
		"an example with which it passes":  {"## A\n" + strings.Replace(whole, "say: few", "say: few, example: [{metadata: {name: a}}, {metadata: {name: b}}, {metadata: {name: c}}]", 1), "example"},
		"an example for another":           {"## A\n" + strings.Replace(whole, "say: few}", "say: few}, {when: objects.size() < 2, say: x, example: []}", 1), "example"},
		"an example that can't be said":    {"## A\n" + strings.Replace(whole, "say: few", "say: '{{ (index .objects 0).metadata.name }}', example: []", 1), "example"},
	} {
		t.Run(name, func(t *testing.T) {
			teaches := ""
			if strings.Contains(name, "concept") {
				teaches = "teaches: [Pod, label, node]\n"
			}
			if strings.HasSuffix(name, "asked for") {
				teaches = "needs: {cordonNodes: true}\n"
			}
			l := parse(t, strings.Replace(front, "minutes: 5\n", "minutes: 5\n"+teaches, 1)+tc.body)
			var rules []string
			for _, p := range lesson.Lint(l) {
				rules = append(rules, p.Rule)
				if p.Pos.Line < 1 || p.Pos.File == "" || p.Message == "" || (p.Severity != lesson.Defect && p.Severity != lesson.Advice) {
					t.Errorf("an incomplete problem: %+v", p)
				}
			}
			if got := strings.Join(rules, " "); got != tc.rules {
				t.Errorf("rules %q, want %q: %v", got, tc.rules, lesson.Lint(l))
			}
		})
	}
}

func TestLintMissesNoPromise(t *testing.T) {
	l := parse(t, strings.Replace(front, "minutes: 5\n", "minutes: 5\nteaches: [quota]\n", 1)+"## A\n"+whole)
	problems := lesson.Lint(l)
	if len(problems) != 1 || problems[0].Rule != "teaches" || problems[0].Pos.Line != 6 || problems[0].Pos.Col != 11 || !strings.Contains(problems[0].String(), `"quota"`) {
		t.Errorf("%v", problems)
	}
}
