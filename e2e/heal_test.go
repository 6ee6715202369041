package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// healing is what heal -o json prints, as far as the tests look at it.
type healing struct {
	Runs []struct {
		Struck  struct{ Pod, Node, Container string }
		Healing struct {
			Healed            bool
			HealedMS, FirstMS int64
			First, Healer     string
			Story             struct {
				Rows []struct{ Actor, What string }
			}
		}
		Requests *struct{ Sent, Answered, Lost int }
	}
	Stats  *struct{ MinMS, MedianMS, MaxMS int64 }
	Tuning []struct{ Field, Value string }
}

func (h healing) tunes(field string) bool {
	for _, u := range h.Tuning {
		if u.Field == field {
			return true
		}
	}
	return false
}

// TestHealPod kills Pods of a Deployment, and one that nobody owns.
func TestHealPod(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, web)
	s.apply(t, client)
	s.rollout(t, "web")
	s.serves(t, "web", 3)
	s.waitReady(t, "pod/client")
	h := decode[healing](t, s.printed(t, []int{0}, "heal", "-n", s.name, "deployment/web", "--kill", "pod", "--yes", "-o", "json"))
	if len(h.Runs) != 1 {
		t.Fatalf("%d runs", len(h.Runs))
	}
	run := h.Runs[0]
	if !run.Healing.Healed || run.Healing.HealedMS <= 0 || run.Healing.FirstMS > run.Healing.HealedMS || run.Healing.Story.Rows[0].Actor != "you" {
		t.Errorf("%+v", run.Healing)
	}
	if !strings.Contains(run.Healing.Healer, "ReplicaSet made another Pod") {
		t.Errorf("%s", run.Healing.Healer)
	}
	if run.Requests == nil || run.Requests.Sent == 0 || run.Requests.Answered == 0 {
		t.Errorf("no requests were sent: %+v", run.Requests)
	}
	if !h.tunes("readinessProbe.periodSeconds") || !h.tunes("replicas") {
		t.Errorf("what makes it faster is not told: %+v", h.Tuning)
	}
	if out, err := s.try("get", "pod", run.Struck.Pod, "-o", "jsonpath=deleted {.metadata.deletionTimestamp}"); err == nil && strings.TrimSpace(out) == "deleted" {
		t.Errorf("what was killed is there:\n%s", out)
	}

	raw := s.printed(t, []int{0}, "trace", "-n", s.name, "deployment/web", "--since", "5m", "-o", "json")
	tr := decode[traced](t, raw)
	if first := tr.Rows[0]; first.Actor != "you" || !strings.Contains(first.What, "made Deployment web") {
		t.Errorf("it begins before the Deployment was there:\n%s", raw)
	}
	if !slices.ContainsFunc(tr.Rows, func(r tracedRow) bool {
		return r.Actor == "you" && strings.Contains(r.What, "had kubectl learn heal kill Pod "+run.Struck.Pod)
	}) {
		t.Errorf("what heal killed is traced as\n%s", raw)
	}
	screen := s.run(t, "heal", "-n", s.name, "deployment/web", "--kill", "pod", "--yes")
	if _, report, _ := strings.Cut(screen, "\n\n"); strings.Count(report, "\n") > 23 {
		t.Errorf("the report does not fit a screen:\n%s", screen)
	}

	// A Pod by its name, twice: the second is the one that took its place. It would wait for the first until the time is up.
	pods := strings.Fields(s.kubectl(t, "get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].metadata.name}"))
	h = decode[healing](t, s.printed(t, []int{0}, "heal", "-n", s.name, "pod/"+pods[0], "--kill", "pod", "--times", "2", "--timeout", "1h", "--yes", "-o", "json"))
	if len(h.Runs) != 2 || h.Runs[0].Struck.Pod != pods[0] || h.Runs[1].Struck.Pod == pods[0] || !h.Runs[1].Healing.Healed {
		t.Errorf("of %v it killed: %+v", pods, h)
	}

	out := s.fails(t, 1, "heal", "-n", s.name, "pod/client", "--kill", "pod", "--yes")
	if !strings.Contains(out, "nobody owns Pod client") {
		t.Errorf("what nobody owns:\n%s", out)
	}
}

// TestHealContainer kills a container several times.
func TestHealContainer(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, web)
	s.rollout(t, "web")
	s.serves(t, "web", 3)
	h := decode[healing](t, s.printed(t, []int{0}, "heal", "-n", s.name, "deployment/web", "--kill", "container", "--times", "2", "--yes", "-o", "json"))
	if len(h.Runs) != 2 || h.Stats == nil || h.Stats.MinMS > h.Stats.MedianMS || h.Stats.MedianMS > h.Stats.MaxMS {
		t.Fatalf("%+v", h)
	}
	for _, run := range h.Runs {
		restarted := slices.ContainsFunc(run.Healing.Story.Rows, func(r struct{ Actor, What string }) bool {
			return r.Actor == "kubelet" && strings.Contains(r.What, "again (restart ")
		})
		if !run.Healing.Healed || run.Healing.First != "kubelet" || !restarted || run.Struck.Container != "nginx" {
			t.Errorf("%+v", run)
		}
	}
	if !h.tunes("restartCount") || !h.tunes("restartPolicy") {
		t.Errorf("what makes it faster is not told: %+v", h.Tuning)
	}
}

// TestHealRefuses has nothing killed where that was not asked for, or is not for us to do.
func TestHealRefuses(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, client)
	s.waitReady(t, "pod/client")
	uid := s.kubectl(t, "get", "pod", "client", "-o", "jsonpath={.metadata.uid}")
	for line, want := range map[string]string{
		"pod/client --kill pod":                           "no terminal to ask on",
		"pod/client --yes":                                "say what to kill",
		"pod/client --kill pod --context mine --yes":      "practice cluster alone",
		"pod/nope --kill pod --yes":                       "Nothing was killed",
		"service/web --kill pod --yes":                    "heal knows Deployments",
		"pod/client --kill container --container x --yes": "its containers are [busybox]",
		"pod/client --kill pod --times 0 --yes":           "from 1 to",
		"pod/client --kill pod --as nobody --yes":         "nobody may not list pods, watch pods, delete pods. Nothing was killed",
		"pod/client --kill node --as nobody --yes":        "--as goes with --kill pod",
		"pod/client --kill pod -o wide --yes":             "no such output",
	} {
		args := append([]string{"heal", "-n", s.name}, strings.Fields(line)...)
		if out := s.fails(t, 2, args...); !strings.Contains(out, want) {
			t.Errorf("%s: %q is not in\n%s", line, want, out)
		}
	}
	if now := s.kubectl(t, "get", "pod", "client", "-o", "jsonpath={.metadata.uid} {.status.containerStatuses[0].restartCount}"); now != uid+" 0" {
		t.Errorf("it was %s and is %s", uid, now)
	}
}

// TestSlowHealNode stops the node under a Deployment's Pods. It is there again afterwards.
func TestSlowHealNode(t *testing.T) {
	slow(t)
	t.Parallel()
	l := newLearn(t)
	l.run(t, "cluster", "create", "--provider", provider())
	s := l.space(t)
	s.apply(t, web)
	s.rollout(t, "web")
	s.serves(t, "web", 3)
	raw := s.printed(t, []int{0}, "heal", "-n", s.name, "deployment/web", "--kill", "node", "--yes", "-o", "json")
	h := decode[healing](t, raw)
	run := h.Runs[0]
	if !run.Healing.Healed || run.Healing.First != "node controller" || !h.tunes("node-monitor-grace-period") {
		t.Errorf("%s", raw)
	}
	s.kubectl(t, "wait", "--for=condition=Ready", "node/"+run.Struck.Node, "--timeout=30s")
	within(t, 30*time.Second, "no Pod on a node that was away", func() bool {
		out, _ := s.try("get", "pods", "-l", "app=web", "-o", "go-template={{range .items}}{{if not .metadata.deletionTimestamp}}x{{end}}{{end}}")
		return out == "xxx"
	})
}
