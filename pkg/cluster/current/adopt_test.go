package current

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
)

// Of many who say yes at once to the same name, one is heard.
func TestAdoptingAtOnce(t *testing.T) {
	s := newStand(t)
	survey, err := s.provider.Survey(s.ctx, s.options(""))
	s.ok(err)
	failures := make([]error, 8)
	var all sync.WaitGroup
	for i := range failures {
		all.Go(func() {
			o := s.options("")
			o.Learner = string(rune('a' + i))
			_, failures[i] = New(s.home, time.Now).Adopt(s.ctx, o, survey)
		})
	}
	all.Wait()
	winner := ""
	for i, err := range failures {
		switch {
		case err == nil && winner != "":
			t.Error("a second one was heard as well")
		case err == nil:
			winner = string(rune('a' + i))
		case !errors.Is(err, cluster.ErrExists):
			t.Error(err)
		}
	}
	if got := s.open().record.Learner; got != winner {
		t.Errorf("kept is the yes of %q, and %q was told so", got, winner)
	}
}

// Who fails leaves alone what another made.
func TestAdoptingWhereAnotherDid(t *testing.T) {
	s := newStand(t)
	survey, err := s.provider.Survey(s.ctx, s.options(""))
	s.ok(err)
	unlock, err := s.provider.alone(s.ctx, "mine", silent{})
	s.ok(err)
	late := make(chan error)
	go func() {
		_, err := New(s.home, time.Now).Adopt(s.ctx, s.options("nowhere"), survey) // it would fail
		late <- err
	}()
	time.Sleep(100 * time.Millisecond)
	f, _ := s.provider.folder("mine")
	r := &record{Name: "mine", Files: []string{s.kubeconfig}, Context: "mine", Identity: survey.Identity, Learner: "ann"}
	s.ok(f.write(r))
	unlock()
	if err := <-late; !errors.Is(err, cluster.ErrExists) {
		t.Errorf("the late one got %v", err)
	}
	s.open()
}

// Who fails leaves the receipts of what a lesson left, too.
func TestAdoptingOverReceipts(t *testing.T) {
	s := newStand(t)
	f, _ := s.provider.folder("mine")
	s.ok(os.MkdirAll(string(f), 0o700))
	s.ok(os.WriteFile(f.receipts(), []byte("{}\n"), 0o600))
	if _, err := s.try("nowhere"); err == nil {
		t.Error("it was adopted")
	}
	if _, err := os.Stat(f.receipts()); err != nil {
		t.Error(err)
	}
}

// Some servers take a connection and say nothing.
func TestAClusterThatDoesNotAnswer(t *testing.T) {
	s := newStand(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.ok(err)
	defer l.Close()
	s.point("http://"+l.Addr().String(), "secret")
	s.provider.within = 300 * time.Millisecond
	began := time.Now()
	_, err = s.provider.Survey(s.ctx, s.options(""))
	if err == nil || !strings.Contains(err.Error(), "did not answer") || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("it gave %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	if _, err := os.Stat(filepath.Join(s.home, "adopted")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it kept something: %v", err)
	}
}
