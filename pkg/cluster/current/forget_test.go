package current

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
)

// notes are what was said.
type notes struct {
	silent
	mu  sync.Mutex
	all []string
}

func (n *notes) Note(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, fmt.Sprintf(format, args...))
}

func (n *notes) text() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.all, "\n")
}

// Who forgets and leaves behind hears what the token that they lent is still good for.
func TestLeavingBehindATokenThatIsGood(t *testing.T) {
	for _, namespace := range []string{"", "ann"} {
		for _, elsewhere := range []bool{false, true} {
			t.Run(fmt.Sprintf("%q, elsewhere %v", namespace, elsewhere), func(t *testing.T) {
				s := furnished(t)
				h := s.adopt(namespace)
				s.ok(h.MakeNamespace(s.ctx, "deploy", silent{}))
				where := h.Namespace("deploy")
				until := time.Now().Add(time.Hour)
				claims := fmt.Sprintf(`{"iat":%d,"exp":%d}`, time.Now().Unix(), until.Unix())
				_, err := h.withToken(where, "x."+base64.RawURLEncoding.EncodeToString([]byte(claims))+".x")
				s.ok(err)
				if elsewhere {
					s.server.Remove("namespaces", "", "kube-system")
					s.server.Put("{apiVersion: v1, kind: Namespace, metadata: {name: kube-system}}")
				}
				mark := len(s.server.Requests())
				said := &notes{}
				s.ok(s.provider.Forget(s.ctx, "mine", cluster.ForgetOptions{LeaveBehind: true}, said))
				there := s.server.Get("serviceaccounts", where, "learner") != nil
				want := "is deleted"
				if elsewhere {
					want = "stays good until " + until.Local().Format("2006-01-02 15:04")
				}
				if there != elsewhere || !strings.Contains(said.text(), want) {
					t.Errorf("the account is there: %v; it said\n%s", there, said.text())
				}
				wrote := slices.DeleteFunc(s.wrote(mark), func(r string) bool { return strings.Contains(r, "/serviceaccounts/learner") })
				if len(wrote) > 0 || s.server.Get("namespaces", "", where) == nil {
					t.Errorf("it wrote %v", wrote)
				}
			})
		}
	}
}

// What says nothing of who made it stays, and is named.
func TestWhatNobodyIsKnownToHaveMade(t *testing.T) {
	for _, then := range []string{"quit", "forget"} {
		t.Run(then, func(t *testing.T) {
			s := furnished(t)
			s.ok(s.adopt("ann").MakeNamespace(s.ctx, "deploy", silent{}))
			s.server.Put("{apiVersion: v1, kind: ConfigMap, metadata: {name: bare, namespace: ann}}")
			s.server.Put("{apiVersion: v1, kind: Pod, metadata: {name: operators, namespace: ann, " + manager("operator") + "}}")
			said := &notes{}
			if then == "quit" {
				h, err := s.provider.Open(s.ctx, "mine", said)
				s.ok(err)
				s.ok(h.(*Handle).DeleteNamespace(s.ctx, "ann"))
			} else {
				s.ok(s.provider.Forget(s.ctx, "mine", cluster.ForgetOptions{}, said))
			}
			if s.server.Get("configmaps", "ann", "bare") == nil {
				t.Error("it was deleted on a guess")
			}
			if got := said.text(); !strings.Contains(got, "configmap/bare") || strings.Contains(got, "settings") || strings.Contains(got, "operators") {
				t.Errorf("it said %q", got)
			}
		})
	}
}
