package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSessions reads every session that is embedded, and those that are in the folder and are not.
func TestSessions(t *testing.T) {
	sessions, global, err := load()
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir("sessions")
	if err != nil {
		t.Fatal(err)
	}
	if len(sessions) != len(files) || len(sessions) < 30 || len(global) == 0 {
		t.Errorf("%d sessions of %d files, %d differences that are known everywhere", len(sessions), len(files), len(global))
	}
	for _, s := range sessions {
		if !slices.ContainsFunc(s.steps, (*step).compared) {
			t.Errorf("session %s compares nothing", s.Name)
		}
		if ns := namespace(s); len(ns) > 63 || ns != strings.ToLower(ns) {
			t.Errorf("session %s: %s is no name of a namespace", s.Name, ns)
		}
	}
}

func TestReadSession(t *testing.T) {
	s, err := readSession("x", []byte("# A title\n! alone\n\n. apply\n# a comment\n$ show\n  more\n~ /^-a|b/ because\n~? /c/ perhaps\n% sort\n? wait\n-- pod.yaml --\nkind: Pod\n"))
	if err != nil {
		t.Fatal(err)
	}
	var kinds, commands []string
	for _, st := range s.steps {
		kinds, commands = append(kinds, string(st.kind)), append(commands, st.command)
	}
	if s.Title != "A title" || !s.alone || strings.Join(kinds, "") != ".$%?" || strings.Join(commands, ",") != "apply,show\n more,sort,wait" {
		t.Errorf("read %+v, %q %q", s, kinds, commands)
	}
	k := s.steps[1].known
	if len(k) != 2 || k[0].sentence != "because" || k[0].sometimes || !k[1].sometimes || !k[0].pattern.MatchString("-a") {
		t.Errorf("read explanations %+v", k)
	}
	if len(s.files) != 1 || s.files[0].Name != "pod.yaml" {
		t.Errorf("read files %+v", s.files)
	}
	for _, bad := range []string{"", "# t\n", "# t\nkubectl get pods\n", "# t\n~ /x/ y\n", "# t\n$ x\n~ x y\n", "# t\n$ x\n~ /(/ y\n", "# t\n! quickly\n$ x\n", "$ x\n"} {
		if _, err := readSession("x", []byte(bad)); err == nil {
			t.Errorf("%q is no error", bad)
		}
	}
}

func TestNormalise(t *testing.T) {
	n := newNormaliser("kind-control-plane", []string{"kind-worker", "kind-worker2"})
	for in, want := range map[string]string{
		"Successfully assigned a/b to kind-worker2":                        "Successfully assigned a/b to worker",
		"kind-control-plane kind-worker-3 mykind-worker":                   "control-plane kind-worker-3 mykind-worker",
		"web-6bfccf9d6-x7k2q on 10.244.1.17:80, 10.96.0.10 and 10.96.12.1": "web-6bfccf9d6-XXXXX on POD-IP:80, 10.96.0.10 and CLUSTER-IP",
		"uid: 75deee7a-36a3-4cdf-bddf-3a8461834b12":                        "uid: UID",
		"2026-11-24T01:44:47.173Z 2026-11-24T01:44:47Z":                    "TIME.FRACTION TIME",
		"Start Time:       Tue, 24 Nov 2026 01:44:47 +0000":                "Start Time:  TIME",
		"web   1/1   Running   3 (4m2s ago)":                               "web  1/1  Running  3 (AGE ago)",
		"containerd://" + strings.Repeat("0a", 32):                         "containerd://ID",
		"80:31234/TCP":                                  "80:NODE-PORT/TCP",
		"Forwarding from 127.0.0.1:43211 -> 80":         "Forwarding from 127.0.0.1:PORT -> 80",
		"back-off 20s restarting, exit code 137, 1000m": "back-off 20s restarting, exit code 137, 1000m",
		`    resourceVersion: "771"`:                    `    resourceVersion: "N"`,
		`E1124 02:12:49.216391     254 portforward.go:549] "An error" remotePort=9`: `KLOG portforward.go:549] "An error" remotePort=9`,
	} {
		if got := n.lines(in + "\n"); len(got) != 1 || got[0] != want {
			t.Errorf("%q\nbecomes %q,\nwant    %q", in, got, want)
		}
	}
}

// TestAges takes ages from the columns that have them, and from nowhere else.
func TestAges(t *testing.T) {
	n := newNormaliser("control-plane", nil)
	for in, want := range map[string]string{
		"NAME   STATUS     AGE\nweb    5s         12s\n":                                                                "NAME  STATUS  AGE\nweb  5s  AGE\n",
		"NAME   COMPLETIONS   DURATION   AGE\na      1/1           3s         4m5s\nb      0/1                      1s": "NAME  COMPLETIONS  DURATION  AGE\na  1/1  AGE  AGE\nb  0/1  AGE\n",
		"LAST SEEN            TYPE     MESSAGE\n3s (x2 over 5s)      Normal   took 3s\n":                                "LAST SEEN  TYPE  MESSAGE\nAGE  Normal  took 3s\n",
		"Events:\n  Type    Age   From\n  ----    ----  ----\n  Normal  3s    kubelet\n":                                "Events:\n  Type  Age  From\n  ----  ----  ----\n  Normal  AGE  kubelet\n",
		"NAME   AGE\na      <unknown>\n\na      3s\n":                                                                   "NAME  AGE\na  <unknown>\n\na  3s\n",
	} {
		if got := strings.Join(n.lines(in), "\n") + "\n"; got != want {
			t.Errorf("%q\nbecomes %q,\nwant    %q", in, got, want)
		}
	}
}

func TestDiff(t *testing.T) {
	var got []string
	for _, c := range near(diff(strings.Fields("a b c d e f g"), strings.Fields("a b c x e f g h")), 1) {
		got = append(got, c.String())
	}
	if want := " ...| c|-d|+x| e| ...| g|+h"; strings.Join(got, "|") != want && strings.Join(got, "|") != strings.TrimPrefix(want, " ...|") {
		t.Errorf("diff = %q", got)
	}
}

// TestJudge tells the same from what is explained and what is not, and finds stale explanations.
func TestJudge(t *testing.T) {
	read := func(name, text string) *session {
		s, err := readSession(name, []byte("# t\n"+text))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	global, err := readKnown("# all\n~ /^[-+]id/ IDs differ\n~ /^[-+]never/ gone\n")
	if err != nil {
		t.Fatal(err)
	}
	sessions := []*session{
		read("same", "$ x\n~ /^[-+]id/ old\n~? /y/ comes and goes\n"), read("known", "$ x\n~ /^-one$/ one is there\n"),
		read("new", "$ x\n"), read("early", "$ x\n"),
	}
	play := func(failed string, lines ...string) *transcript {
		return &transcript{steps: [][]string{lines}, failed: failed, elapsed: 2 * time.Second}
	}
	r := judge(sessions, []pair{
		{play("", "a"), play("", "a")}, {play("", "a", "one", "id 1"), play("", "a", "id 2")},
		{play("", "a", "id 1"), play("", "b")}, {play(""), play(". y: exit status 1")},
	}, global, true)
	var results []string
	for _, v := range r.Sessions {
		results = append(results, v.Result)
	}
	if got := strings.Join(results, " "); got != "same explained different different" {
		t.Errorf("results are %s", got)
	}
	if got := r.Sessions[1].Differences[0]; strings.Join(got.Why, ",") != "one is there,IDs differ" || got.Unexplained != 0 {
		t.Errorf("the explained difference is %+v", got)
	}
	if len(r.Stale) != 2 || r.Stale[0].Where != "same" || r.Stale[1].Sentence != "gone" {
		t.Errorf("stale are %+v", r.Stale)
	}
	var out bytes.Buffer
	if err := report(r, false, &out); err == nil || !strings.Contains(err.Error(), "new, early") || !strings.Contains(out.String(), "4 sessions in 0 s: 1 same, 1 explained, 2 different.") {
		t.Errorf("reported %v and\n%s", err, &out)
	}
	out.Reset()
	var back verdicts
	if err := report(r, true, &out); err == nil || json.Unmarshal(out.Bytes(), &back) != nil || len(back.Sessions) != 4 {
		t.Errorf("as JSON: %v, %s", err, &out)
	}
}

// TestPlay runs a session with a kubectl that is a script.
func TestPlay(t *testing.T) {
	dir := t.TempDir()
	kubectl := filepath.Join(dir, "fake")
	script := "#!/bin/sh\nshift 2\ncase $* in\n'say '*) echo \"$*\" to kind-worker;;\n'fail '*) echo no; exit 3;;\n'second '*) test -e $2 || { touch $2; exit 1; };;\nesac\n"
	if err := os.WriteFile(kubectl, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tg := &target{name: "fake", kubectl: quote(kubectl), kubeconfig: config, control: "cp", workers: []string{"kind-worker", "w2"}, work: dir, normal: newNormaliser("cp", []string{"kind-worker", "w2"})}
	s, err := readSession("x", []byte("# t\n. test -e note\n? kubectl second file\n$ kubectl say hello\n$ kubectl fail now; exit 4\n% printf 'b\\na\\n'\n. kubectl fail again\n$ echo not reached\n-- note --\n"))
	if err != nil {
		t.Fatal(err)
	}
	tr, err := tg.play(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{nil, nil, {"say hello to worker"}, {"no", "[exit status 4]"}, {"a", "b"}}
	if !slices.EqualFunc(tr.steps, want, slices.Equal[[]string]) || !strings.HasPrefix(tr.failed, ". kubectl fail again: exit status 3") {
		t.Errorf("it printed %q and failed with %q", tr.steps, tr.failed)
	}
}
