package render_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/load"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
)

// healing is the one that package explain's own tests hold golden.
func healing(t *testing.T) (*explain.Healing, []explain.Tuning) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "explain", "testdata", "heal", "kill-pod.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var held struct {
		Healing *explain.Healing `json:"healing"`
		Tuning  []explain.Tuning `json:"tuning"`
	}
	if err := yaml.UnmarshalStrict(raw, &held); err != nil {
		t.Fatal(err)
	}
	return held.Healing, held.Tuning
}

func TestHealing(t *testing.T) {
	h, tuning := healing(t)
	requests := &load.Tally{Sent: 41, Answered: 40, Lost: 1, MedianMillis: 4, SlowestMillis: 31}
	for name, evidence := range map[string]bool{"heal": false, "heal-evidence": true} {
		golden(t, name, func(b *bytes.Buffer, s render.Style) error {
			if err := render.Healing(b, h, requests, "web", evidence, s); err != nil {
				return err
			}
			return render.Tunings(b, tuning, evidence, s)
		})
	}
	runs := []render.Run{{MS: 402, Healed: true, Note: "41 requests, 0 lost"}, {MS: 1611, Healed: true, Note: "80 requests, 2 lost"}, {Note: "9 requests, 9 lost"}}
	golden(t, "heal-times", func(b *bytes.Buffer, s render.Style) error {
		return render.Runs(b, runs, 402, 1006, 1611, "by the kubelet, after 310 ms (median)", "The kubelet of worker-1 had the container started again, in the same Pod: its restartPolicy is Always.", s)
	})
}

// A report is taken in at a glance, with room for the line that asked for it.
func TestAHealingFitsAScreen(t *testing.T) {
	h, tuning := healing(t)
	var b bytes.Buffer
	if err := errors.Join(render.Healing(&b, h, &load.Tally{Sent: 41}, "web", false, render.Style{Width: 80}), render.Tunings(&b, tuning, false, render.Style{Width: 80})); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(b.Bytes(), []byte("\n")); n > 22 {
		t.Errorf("it takes %d lines:\n%s", n, b.String())
	}
	if n := strings.Count(b.String(), "deployment/web"); n != 1 || !strings.Contains(b.String(), "--evidence") {
		t.Errorf("what is left out is not said:\n%s", b.String())
	}
}

// What was broken off did not fail to heal in time.
func TestABrokenOffHealing(t *testing.T) {
	h, _ := healing(t)
	h.Healed, h.HealedMS = false, 0
	h.Story.Series.Ready = h.Story.Series.Ready[:2]
	h.BreakOff(1200)
	var b bytes.Buffer
	if err := render.Healing(&b, h, nil, "", false, render.Style{Width: 80}); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); !strings.Contains(text, "Unhealed  It was broken off after 1.2 s: 4 of 5 Pods were ready then.") || !strings.Contains(text, "Not healed: 4 of 5 Pods ready.") {
		t.Errorf("it says\n%s", text)
	}
}

func TestAHealingUnderWay(t *testing.T) {
	h, _ := healing(t)
	early := *h.Story
	early.Rows = early.Rows[:1]
	s := render.Style{Width: 80}
	if text := render.Underway(&early, 250, "  5 requests to web, 0 lost", s); !strings.Contains(text, "not noticed yet") || !strings.Contains(text, "250 ms") {
		t.Error(text)
	}
	text := render.Underway(h.Story, 2500, "  5 requests to web, 0 lost", s)
	if !strings.Contains(text, "●●●●●  5 of 5 ready") || strings.Contains(text, "noticed") {
		t.Error(text)
	}
	for _, l := range strings.Split(text, "\n") {
		if render.Width(l) > 80 {
			t.Errorf("too wide: %s", l)
		}
	}
}
