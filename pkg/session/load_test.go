package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/load"
)

// shop is a lesson with a load of a minute, which no test waits for to end by itself.
const shop = "---\nid: shop\ntitle: Shop\nsummary: A crowd comes.\nminutes: 3\n---\nA shop.\n\n" + `
## Open

~~~yaml given
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
~~~

~~~yaml predict
ask: Who is served?
options:
  - say: All
    right: true
  - say: None
    belief: none
    answer: Look.
because: It is open.
~~~

~~~yaml fault
load: service/web
port: 8080
path: /till
rate: 50
for: 60s
say: A crowd comes to the shop.
~~~

~~~sh do
kubectl create configmap sale
~~~

~~~yaml check
- that: There is a sale
  on: configmap/sale
  expect: objects.size() == 1
  expected: a ConfigMap sale
  within: 20s
~~~

## Close

Text.
`

// till is a Web that counts.
type till struct {
	asked, waiting atomic.Int64
	answer         func(ctx context.Context, target string) (int, error)
}

func (w *till) Get(ctx context.Context, namespace, resource, name string, port int, path string) (int, string, error) {
	w.asked.Add(1)
	w.waiting.Add(1)
	defer w.waiting.Add(-1)
	status, err := w.answer(ctx, fmt.Sprintf("%s/%s/%s:%d%s", namespace, resource, name, port, path))
	return status, "", err
}

func served(_ context.Context, target string) (int, error) {
	if target != "learn-shop/services/web:8080/till" {
		return 404, nil
	}
	return 200, nil
}

// some waits until a few more requests came.
func (w *till) some(t *testing.T) {
	t.Helper()
	from := w.asked.Load()
	for begun := time.Now(); w.asked.Load() < from+5; time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > 20*time.Second {
			t.Fatalf("only %d requests came", w.asked.Load()-from)
		}
	}
}

// quiet fails if anything is still being asked.
func (w *till) quiet(t *testing.T) {
	t.Helper()
	if n := w.waiting.Load(); n > 0 {
		t.Errorf("%d requests are still under way", n)
	}
}

func newShop(t *testing.T) (*house, *till) {
	t.Helper()
	h, w := newHouse(t, fenced(shop)), &till{answer: served}
	h.web = w
	return h, w
}

func over(t *testing.T, events []Event) Event {
	t.Helper()
	for _, e := range events {
		if e.Kind == LoadOver {
			return e
		}
	}
	t.Fatalf("the end of the load was never told: %s", kinds(events))
	return Event{}
}

// The robot goes on while the load is under way, and stops it when the checks pass.
func TestTheRobotSendsALoadWhileItGoesOn(t *testing.T) {
	t.Parallel()
	h, w := newShop(t)
	h.world.beforeRun = func() { w.some(t) } // the command comes in the middle of it
	var seen []Event
	begun := time.Now()
	if err := h.session().Play(ctx(t), "shop", PlayOptions{See: func(e Event) { seen = append(seen, e) }}); err != nil {
		t.Fatal(err)
	}
	w.quiet(t)
	if time.Since(begun) > 25*time.Second {
		t.Error("it waited for the load to end")
	}
	if got := kinds(seen); !strings.Contains(got, "fault-done command load-over report answer passed") {
		t.Errorf("saw %s", got)
	}
	e := over(t, seen)
	if e.Load == nil || e.Load.Answered < 5 || e.Load.Lost != 0 || !e.Load.Stopped || !strings.Contains(e.Text, "The load on service/web was stopped after") {
		t.Errorf("it ended with %q, %+v", e.Text, e.Load)
	}
	h.clean()
}

func TestProveALessonWithALoad(t *testing.T) {
	t.Parallel()
	h, w := newShop(t)
	h.world.beforeRun = func() { w.some(t) }
	p, err := h.session().Prove(ctx(t), "shop", silent)
	if err != nil {
		t.Fatal(err)
	}
	w.quiet(t)
	for _, f := range p.Findings {
		if !strings.Contains(f.What, "wrong turns") { // it has none
			t.Errorf("found %s", f)
		}
	}
	h.clean()
}

// strike strikes as a process of its own would, and gives what it ends with.
func strike(ctx context.Context, h *house) (events chan Event, ended chan error) {
	events, ended = make(chan Event, 1000), make(chan error, 1)
	go func() { ended <- h.session().Strike(ctx, func(e Event) { events <- e }) }()
	return events, ended
}

func drain(events chan Event) (all []Event) {
	for len(events) > 0 {
		all = append(all, <-events)
	}
	return all
}

// Where no practice shell is, the strike itself sends the load; whatever ends the step ends it.
func TestAStrikeSendsItsLoadUntilTheStepEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(h *house) error{
		"next": func(h *house) error {
			h.types("shop", "create", "configmap", "sale")
			_, err := h.session().Next(context.Background())
			return err
		},
		"reset": func(h *house) error { _, err := h.session().Reset(context.Background()); return err },
		"skip":  func(h *house) error { _, err := h.session().Skip(context.Background()); return err },
		"quit":  func(h *house) error { _, err := h.session().Quit(context.Background()); return err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, w := newShop(t)
			must[*Position](t)(h.session().Begin(ctx(t), "shop", ""))
			events, ended := strike(ctx(t), h)
			w.some(t)
			if p := must[*Position](t)(h.session().Current(ctx(t))); !p.Struck() {
				t.Error("it is not recorded")
			}
			if err := h.session().Strike(ctx(t), silent); !errors.Is(err, ErrLoaded) {
				t.Errorf("a second one beside it: %v", err)
			}
			if err := end(h); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; err != nil {
				t.Errorf("it ended with %v", err)
			}
			w.quiet(t)
			all := drain(events)
			if e := over(t, all); all[0].Kind != FaultDone || !e.Load.Stopped {
				t.Errorf("it told %s", kinds(all))
			}
		})
	}
}

func TestAStrikeCanBeInterrupted(t *testing.T) {
	t.Parallel()
	h, w := newShop(t)
	must[*Position](t)(h.session().Begin(ctx(t), "shop", ""))
	c, cancel := context.WithCancel(ctx(t))
	events, ended := strike(c, h)
	w.some(t)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	w.quiet(t)
	if e := over(t, drain(events)); !e.Load.Stopped {
		t.Errorf("it ended with %+v", e)
	}
}

// Beside a practice shell a strike returns at once; the shell sends the load, and tells of its end.
func TestThePracticeShellSendsTheLoad(t *testing.T) {
	t.Parallel()
	h, w := newShop(t)
	must[*Position](t)(h.session().Begin(ctx(t), "shop", ""))
	f, ears := follow(t, h)
	f.ready(t)
	if got := kinds(struck(t, h)); got != "fault-done note" {
		t.Errorf("the strike told %q", got)
	}
	w.some(t)
	if err := h.session().Strike(ctx(t), silent); !errors.Is(err, ErrLoaded) {
		t.Errorf("a second one beside it: %v", err)
	}
	must[*Position](t)(h.session().Reset(ctx(t)))
	if e := over(t, ears.until(t, LoadOver)); !e.Load.Stopped || e.Load.Answered < 5 {
		t.Errorf("it ended with %q", e.Text)
	}
	w.quiet(t)
	for begun := time.Now(); h.session().held("load"); time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > 20*time.Second {
			t.Fatal("who sent it holds its lock for ever")
		}
	}
	// The step can be struck again, and the follower does not send the old load anew.
	struck(t, h)
	w.some(t)
}

// A shell that is opened later does not take up what an earlier one, or a strike, began.
func TestALoadIsNotResumed(t *testing.T) {
	t.Parallel()
	h, w := newShop(t)
	must[*Position](t)(h.session().Begin(ctx(t), "shop", ""))
	c, cancel := context.WithCancel(ctx(t))
	_, ended := strike(c, h)
	w.some(t)
	cancel()
	<-ended
	before := w.asked.Load()
	f, _ := follow(t, h)
	f.ready(t)
	f.AfterCommand(ctx(t))
	if n := w.asked.Load() - before; n > 0 {
		t.Errorf("%d requests were sent anew", n)
	}
}

func TestWhatIsLostIsCounted(t *testing.T) {
	t.Parallel()
	h, w := newShop(t)
	var n atomic.Int64
	w.answer = func(context.Context, string) (int, error) {
		switch n.Add(1) % 3 {
		case 0:
			return 503, nil
		case 1:
			return 0, errors.New("connection reset")
		}
		return 200, nil
	}
	must[*Position](t)(h.session().Begin(ctx(t), "shop", ""))
	c, cancel := context.WithCancel(ctx(t))
	events, ended := strike(c, h)
	// What is still under way when the load is stopped is neither answered nor lost.
	for late := time.After(20 * time.Second); ; {
		var e Event
		select {
		case e = <-events:
		case <-late:
			t.Fatal("it was never told that requests were lost")
		}
		if e.Kind == LoadSent && e.Load.Lost >= 3 && e.Load.Answered >= 1 {
			break
		}
	}
	cancel()
	<-ended
	if e := over(t, drain(events)); e.Load.Lost < 3 || e.Load.Answered < 1 || e.Load.Answered+e.Load.Lost+e.Load.Open != e.Load.Sent {
		t.Errorf("it counted %+v", e.Load)
	}
}

func TestALoadThatMayNotBeSent(t *testing.T) {
	t.Parallel()
	cause := errors.New("this cluster is not yours")
	barred := func(context.Context, string) (int, error) { return 0, &load.Barred{Cause: cause} }
	h, w := newShop(t)
	w.answer = barred
	must[*Position](t)(h.session().Begin(ctx(t), "shop", ""))
	if err := h.session().Strike(ctx(t), silent); !errors.Is(err, cause) {
		t.Errorf("a strike ended with %v", err)
	}
	h, w = newShop(t)
	w.answer = barred
	if err := h.session().Play(ctx(t), "shop", PlayOptions{See: silent}); !errors.Is(err, cause) {
		t.Errorf("the robot ended with %v", err)
	}
	h.clean()
}

// A load goes to Pods of its Service, and nowhere else.
func TestALoadStaysInTheCluster(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text, want string
		slice      *unstructured.Unstructured
	}{
		"without a selector": {strings.Replace(shop, "selector: {app: web}, ", "", 1), "has no selector", nil},
		"with a slice that somebody wrote": {shop, "EndpointSlice mine was not made by the cluster", &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
			"metadata": map[string]any{"name": "mine", "labels": map[string]any{"kubernetes.io/service-name": "web"}},
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, w := newHouse(t, fenced(tc.text)), &till{answer: served}
			h.web = w
			must[*Position](t)(h.session().Begin(ctx(t), "shop", ""))
			if tc.slice != nil {
				h.world.change(func() { h.world.put("learn-shop", tc.slice) })
			}
			if err := h.session().Strike(ctx(t), silent); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("it ended with %v", err)
			}
			if w.asked.Load() > 0 {
				t.Error("requests were sent")
			}
		})
	}
}
