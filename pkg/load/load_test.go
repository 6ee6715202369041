package load_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/load"
)

// Times in these tests are those of synctest's clock, and exact.

func TestAllIsSentInItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var seen []load.Tally
		got, err := load.Plan{Rate: 20, For: 30 * time.Second}.Run(t.Context(), func(context.Context) error {
			time.Sleep(40 * time.Millisecond)
			return nil
		}, func(now load.Tally) { seen = append(seen, now) })
		if err != nil {
			t.Fatal(err)
		}
		want := load.Tally{Sent: 600, Answered: 600, MedianMillis: 40, SlowestMillis: 40, Millis: 30_000}
		if got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("it took %s", took)
		}
		if n := len(seen); n < 29 || seen[9].Sent < 200 || seen[9].Sent > 201 {
			t.Errorf("it was told %d times, after 10 s %+v", n, seen[min(9, n-1)])
		}
	})
}

// What does not answer has ever so many requests waiting, and no more; the last are waited for.
func TestNothingPilesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var waiting, most atomic.Int64
		began := time.Now()
		got, err := load.Plan{Rate: 50, For: 20 * time.Second}.Run(t.Context(), func(ctx context.Context) error {
			most.Store(max(most.Load(), waiting.Add(1)))
			defer waiting.Add(-1)
			<-ctx.Done()
			return ctx.Err()
		}, nil)
		if err != nil || got.Sent != 1000 || got.Lost != 1000 || got.Open != 0 || got.Stopped {
			t.Errorf("%v, %+v", err, got)
		}
		if most.Load() > 200 || most.Load() < 100 {
			t.Errorf("%d waited at once", most.Load())
		}
		if took := time.Since(began); took > 23*time.Second+time.Millisecond {
			t.Errorf("it took %s", took)
		}
	})
}

// An ask that is deaf to its time-out is held to four seconds' requests all the same.
func TestTheCrowdIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var waiting, most atomic.Int64
		got, err := load.Plan{Rate: 10, For: 30 * time.Second}.Run(t.Context(), func(context.Context) error {
			most.Store(max(most.Load(), waiting.Add(1)))
			defer waiting.Add(-1)
			time.Sleep(time.Minute)
			return errors.New("late")
		}, nil)
		if err != nil || most.Load() != 40 || got.Sent != 40 || got.Held != 260 {
			t.Errorf("%v, %d at once, %+v", err, most.Load(), got)
		}
	})
}

func TestItStopsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		began := time.Now()
		got, err := load.Plan{Rate: 2, For: time.Minute}.Run(ctx, func(ctx context.Context) error {
			if time.Since(began) < 2*time.Second {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}, nil)
		if err != nil || !got.Stopped || got.Millis != 2500 || got.Answered != 4 || got.Lost != 0 || got.Open == 0 {
			t.Errorf("%v, %+v", err, got)
		}
	})
}

func TestWhatMayNotBeSentEndsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("not your cluster")
		began := time.Now()
		got, err := load.Plan{Rate: 5, For: time.Minute}.Run(t.Context(), func(context.Context) error { return &load.Barred{Cause: cause} }, nil)
		if !errors.Is(err, cause) || got.Answered != 0 || time.Since(began) > time.Second {
			t.Errorf("%v, %+v after %s", err, got, time.Since(began))
		}
	})
}

// The same on a real server, every third of whose answers is an error.
func TestOnAServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if n.Add(1)%3 == 0 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})}
		wire := make(pipes)
		served := make(chan error)
		go func() { served <- server.Serve(wire) }()
		transport := &http.Transport{DialContext: wire.dial}
		got, err := load.Plan{Rate: 60, For: time.Second}.Run(t.Context(), func(ctx context.Context) error {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://server.test/", nil)
			if err != nil {
				return err
			}
			answer, err := (&http.Client{Transport: transport}).Do(request)
			if err != nil {
				return err
			}
			defer answer.Body.Close()
			if answer.StatusCode >= 400 {
				return errors.New(answer.Status)
			}
			return nil
		}, nil)
		if err != nil || got.Sent != 60 || n.Load() != 60 || got.Lost != 20 || got.Answered != 40 {
			t.Errorf("%v, %+v, the server had %d", err, got, n.Load())
		}
		transport.CloseIdleConnections()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("the server ended with %v", err)
		}
	})
}

// pipes is a listener whose connections are in memory: synctest's clock stands still while one of the system's is read.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p pipes) Close() error { close(p); return nil }

func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes"} }

func (p pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for want, tally := range map[string]load.Tally{
		"600 requests sent, 598 answered, 2 lost; the median answer took 4 ms, the slowest 120 ms": {Sent: 600, Answered: 598, Lost: 2, MedianMillis: 4, SlowestMillis: 120},
		"1 request sent, 0 answered, 0 lost, 1 without an answer yet":                              {Sent: 1, Open: 1},
		"4 requests sent, 0 answered, 4 lost, 9 not sent because too many waited":                  {Sent: 4, Lost: 4, Held: 9},
	} {
		if got := tally.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
