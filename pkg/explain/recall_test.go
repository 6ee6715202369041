package explain_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// scenario is a state of a cluster with what why is to say of it; internal/scenarios brings about and records it.
type scenario struct {
	name    string
	That    string `json:"that"`
	Target  string `json:"target"`
	Healthy bool   `json:"healthy"`
	Want    struct {
		Code explain.Code `json:"code"`
		// Subject is a pattern for kind/name.
		Subject string `json:"subject"`
		// Says are texts that must be somewhere in what is said of the first cause.
		Says []string `json:"says"`
		// Symptoms are the beginnings of what must be folded under it.
		Symptoms []string `json:"symptoms"`
		// Next and Back are in the first command to try, and in that to go back.
		Next string `json:"next"`
		Back string `json:"back"`
		// Unread are resources of which must be said that they could not be read.
		Unread []string `json:"unread"`
	} `json:"want"`
	now *snapshot.Snapshot
}

// verdict is what why said of a scenario.
type verdict struct {
	scenario
	d *explain.Diagnosis
	// wrong says what is not as wanted; empty when all is.
	wrong []string
}

// scenarios are read once for all tests.
func scenarios(t *testing.T) []scenario {
	t.Helper()
	reading.Do(func() { allScenarios = readScenarios(t) })
	if len(allScenarios) == 0 {
		t.Fatal("the scenarios could not be read")
	}
	return allScenarios
}

var (
	reading      sync.Once
	allScenarios []scenario
)

func readScenarios(t *testing.T) []scenario {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "why", "*", "scenario.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var all []scenario
	for _, file := range files {
		s := scenario{name: filepath.Base(filepath.Dir(file))}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal([]byte(strings.ReplaceAll(string(text), "$NS", "why-"+s.name)), &s); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if s.now = recorded(t, filepath.Join(filepath.Dir(file), "snapshot.json.gz")); s.now == nil {
			t.Errorf("%s was never recorded: make scenarios SCENARIOS_FLAGS='-run %s'", s.name, s.name)
			continue
		}
		all = append(all, s)
	}
	return all
}

func recorded(t *testing.T, file string) *snapshot.Snapshot {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	s := &snapshot.Snapshot{}
	if err := json.NewDecoder(z).Decode(s); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return s
}

func (s scenario) judge(t *testing.T) verdict {
	t.Helper()
	d, err := explain.Why(s.asked(t), s.now)
	if err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	v := verdict{scenario: s, d: d}
	causes := d.Causes()
	wrong := func(format string, args ...any) { v.wrong = append(v.wrong, fmt.Sprintf(format, args...)) }
	if s.Healthy {
		for _, c := range causes {
			wrong("false alarm: %s of %s/%s: %s", c.Code, c.Subject.Kind, c.Subject.Name, c.Message)
		}
		return v
	}
	if len(causes) == 0 {
		wrong("no cause was found; %s", d.Headline)
		return v
	}
	first, p := causes[0], d.Problems[0]
	if first.Code != s.Want.Code {
		wrong("the first cause is %s (%s), wanted %s", first.Code, first.Message, s.Want.Code)
	}
	subject := strings.ToLower(first.Subject.Kind) + "/" + first.Subject.Name
	if ok, err := path.Match(strings.Replace(s.Want.Subject, "/", "|", 1), strings.Replace(subject, "/", "|", 1)); !ok || err != nil {
		wrong("its subject is %s, wanted %s", subject, s.Want.Subject)
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	flat := strings.NewReplacer(`\"`, `"`, `\u003e`, ">", `\u003c`, "<", `\u0026`, "&").Replace(string(text))
	for _, says := range s.Want.Says {
		if !strings.Contains(flat, says) {
			wrong("it does not say %q", says)
		}
	}
	for _, symptom := range s.Want.Symptoms {
		if !slices.ContainsFunc(p.Symptoms, func(seen string) bool { return strings.HasPrefix(seen, symptom) }) {
			wrong("%s is not folded under it, but %q", symptom, p.Symptoms)
		}
	}
	if !strings.Contains(first.Next, s.Want.Next) || first.Next == "" {
		wrong("the next command is %q, wanted %q", first.Next, s.Want.Next)
	}
	if s.Want.Back != "" && !strings.Contains(strings.Join(p.Back, "\n"), s.Want.Back) {
		wrong("to go back it says %q, wanted %q", p.Back, s.Want.Back)
	}
	for _, r := range s.Want.Unread {
		if s.now.Errors[r] == "" {
			wrong("that %s could not be read is not known", r)
		}
	}
	return v
}

// asked is what a scenario asks about, custom kinds included: PLURAL.GROUP/NAME.
func (s scenario) asked(t *testing.T) snapshot.Query {
	t.Helper()
	word, name, _ := strings.Cut(s.Target, "/")
	plural, group, custom := strings.Cut(word, ".")
	if !custom {
		return query(t, s.Target)
	}
	for _, o := range s.now.Objects {
		if gvk := o.GroupVersionKind(); gvk.Group == group && o.GetName() == name {
			q, err := snapshot.ParseQueryOf(snapshot.Kind{
				Kind: gvk.Kind, Resource: plural, Singular: strings.ToLower(gvk.Kind), Group: group, Version: gvk.Version, Namespaced: o.GetNamespace() != "",
			}, s.Target)
			if err != nil {
				t.Fatal(err)
			}
			return q
		}
	}
	t.Fatalf("%s: what is asked about was not recorded", s.name)
	return snapshot.Query{}
}

// TestRecall holds why against all scenarios: the right cause first in at least 95 of 100, and no false alarm.
func TestRecall(t *testing.T) {
	right, broken, healthy := 0, 0, 0
	var verdicts []verdict
	for _, s := range scenarios(t) {
		v := s.judge(t)
		verdicts = append(verdicts, v)
		switch {
		case s.Healthy && len(v.wrong) > 0:
			t.Errorf("%s: %s", s.name, strings.Join(v.wrong, "; "))
			healthy++
		case s.Healthy:
			healthy++
		case len(v.wrong) > 0:
			t.Logf("%s: %s", s.name, strings.Join(v.wrong, "; "))
			broken++
		default:
			right++
			broken++
		}
	}
	t.Logf("%d of %d right, %d healthy", right, broken, healthy)
	if broken < 60 || healthy < 20 {
		t.Errorf("%d broken and %d healthy scenarios; there were more", broken, healthy)
	}
	if 100*right < 95*broken {
		t.Errorf("the right cause came first in %d of %d scenarios", right, broken)
	}
	document(t, verdicts)
}

// Each piece of evidence says where it was read, each cause what to do next, and each code is one of the table.
func TestEveryCauseHasEvidence(t *testing.T) {
	known := map[explain.Code]bool{}
	for _, c := range explain.Codes() {
		known[c.Code] = true
	}
	for _, s := range scenarios(t) {
		for _, c := range s.judge(t).d.Causes() {
			if !known[c.Code] {
				t.Errorf("%s: code %s is not in the table", s.name, c.Code)
			}
			if len(c.Evidence) == 0 || c.Next == "" || c.Subject.Name == "" {
				t.Errorf("%s: %s has evidence %v, next %q, subject %v", s.name, c.Code, c.Evidence, c.Next, c.Subject)
			}
			for _, e := range c.Evidence {
				if e.From == "" || e.Value == "" {
					t.Errorf("%s: %s: evidence %q from %q", s.name, c.Code, e.Value, e.From)
				}
			}
		}
	}
}

// What may be asked about in a scenario can be asked about by its name alone, with the same answer.
func TestWhyOfTheSubjectAlone(t *testing.T) {
	for _, s := range scenarios(t) {
		if s.Healthy || s.Target != "" {
			continue
		}
		causes := s.judge(t).d.Causes()
		if len(causes) == 0 {
			continue
		}
		c := causes[0]
		q, err := snapshot.ParseQuery(strings.ToLower(c.Subject.Kind) + "/" + c.Subject.Name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := explain.Why(q, s.now)
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		if own := d.Causes(); len(own) == 0 || own[0].Code != c.Code {
			t.Errorf("%s: why %s says %v, and in the whole namespace %s", s.name, q, own, c.Code)
		}
	}
}

// Without events, and without anything but Pods, what Pods themselves say is still known, and nothing is made up.
func TestWhyWithFewRights(t *testing.T) {
	for _, s := range scenarios(t) {
		if !s.Healthy {
			continue
		}
		few := *s.now
		few.Objects = nil
		few.Errors = map[string]string{}
		for _, o := range s.now.Objects {
			if o.GetKind() == "Pod" {
				few.Objects = append(few.Objects, o)
			}
		}
		for _, q := range explain.Needs(explain.KindWhy, snapshot.Query{}) {
			if q.Resource != "pods" {
				few.Errors[q.Resource] = q.Resource + " is forbidden"
			}
		}
		d, err := explain.Why(snapshot.Query{}, &few)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range d.Causes() {
			t.Errorf("%s: with Pods alone it says %s: %s", s.name, c.Code, c.Message)
		}
	}
}

// What ended well, and is to run on, is a cause at once: not first when its kubelet waits.
func TestWhyOfTheFirstEnd(t *testing.T) {
	s := *readScenario(t, "crash-exit-0")
	for _, o := range s.now.Objects {
		if o.GetKind() != "Pod" {
			continue
		}
		statuses, _, _ := unstructured.NestedSlice(o.Object, "status", "containerStatuses")
		status := statuses[0].(map[string]any)
		status["state"], status["lastState"], status["restartCount"] = status["lastState"], map[string]any{}, int64(0)
		if err := unstructured.SetNestedSlice(o.Object, statuses, "status", "containerStatuses"); err != nil {
			t.Fatal(err)
		}
	}
	v := s.judge(t)
	for _, wrong := range v.wrong {
		t.Error(wrong)
	}
	if len(v.d.Problems) == 0 || v.d.Problems[0].Title != "Container hello ended, and is started again" {
		t.Errorf("%+v", v.d.Problems)
	}
}

// readScenario reads one anew, to change it.
func readScenario(t *testing.T, name string) *scenario {
	t.Helper()
	all := readScenarios(t)
	i := slices.IndexFunc(all, func(s scenario) bool { return s.name == name })
	if i < 0 {
		t.Fatalf("there is no scenario %s", name)
	}
	return &all[i]
}
