package learn

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
)

// picky is a provider that does not work everywhere.
type picky struct {
	fake
	err error
}

func (p *picky) Name() string { return "picky" }

func (p *picky) Usable(context.Context) (string, error) { return "engine 1.2 answers", p.err }

func newPicky(err error) *picky { return &picky{fake{clusters: map[string]*handle{}}, err} }

func TestAutoTakesTheFirstProviderThatWorks(t *testing.T) {
	for name, tt := range map[string]struct {
		err     error
		environ string
		args    []string
		taken   bool // by the picky one
		says    string
	}{
		"works":          {taken: true, says: "Taking picky: engine 1.2 answers. The sandbox needs no engine: --provider sandbox."},
		"does not":       {err: errors.New("no engine is installed"), says: "Taking the sandbox: no engine is installed."},
		"asked for":      {args: []string{"--provider", "fake"}},
		"preferred":      {environ: "KUBECTL_LEARN_PROVIDER=fake"},
		"asked for more": {environ: "KUBECTL_LEARN_PROVIDER=fake", args: []string{"--provider", "picky"}, taken: true},
	} {
		s := newStand(t)
		p := newPicky(tt.err)
		p.dir = s.provider.dir
		s.first = p
		s.environ = append(s.environ, tt.environ)
		_, said, code := s.run(append([]string{"cluster", "create"}, tt.args...)...)
		if code != 0 || p.clusters["learn"] != nil != tt.taken || s.provider.clusters["learn"] != nil == tt.taken {
			t.Errorf("%s: exit code %d, made by the picky one: %v\n%s", name, code, p.clusters["learn"] != nil, said)
		}
		if flat := strings.Join(strings.Fields(said), " "); !strings.Contains(flat, tt.says) {
			t.Errorf("%s: it does not say %q:\n%s", name, tt.says, said)
		}
	}
}

// TestANameBelongsToOneProvider: what one has begun another does not begin beside it.
func TestANameBelongsToOneProvider(t *testing.T) {
	s := newStand(t)
	p := newPicky(nil)
	p.dir = s.provider.dir
	s.first = p
	s.provider.clusters["learn"] = &handle{info: cluster.Info{Name: "learn", Provider: "fake", State: cluster.Creating}}
	for _, args := range [][]string{{"cluster", "create"}, {"cluster", "create", "--provider", "picky"}} {
		if _, said, code := s.run(args...); code != 2 || !strings.Contains(said, "already exists") {
			t.Errorf("%v: exit code %d: %s", args, code, said)
		}
		if p.clusters["learn"] != nil {
			t.Errorf("%v: there are two clusters of one name", args)
		}
	}
}

// TestABadProviderOfTheEnvironmentIsRefused: with a cluster there, too, which then needs none to make it.
func TestABadProviderOfTheEnvironmentIsRefused(t *testing.T) {
	s := newStand(t)
	s.ok("cluster", "create")
	s.environ = append(s.environ, "KUBECTL_LEARN_PROVIDER=docker")
	want := `learn: KUBECTL_LEARN_PROVIDER: unknown provider "docker"; there are fake, auto`
	for _, args := range [][]string{{"start"}, {"cluster", "status"}, {"cluster", "create", "--name", "second"}} {
		if _, said, code := s.run(args...); code != 2 || !strings.Contains(said, want) {
			t.Errorf("%v: exit code %d: %s", args, code, said)
		}
	}
	s.ok("cluster", "status", "--provider", "fake") // a flag takes its place
}
