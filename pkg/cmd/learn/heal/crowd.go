package heal

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/load"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
)

// rate is how many requests a second are sent to a Service while something heals.
const rate = 20

// crowd is the requests that are sent to a Service meanwhile; without a service none are.
type crowd struct {
	service string
	port    int32
	get     func(ctx context.Context) error

	cancel context.CancelFunc
	over   chan struct{}

	mu                   sync.Mutex
	sent, lost, answered int
	tally                load.Tally
	err                  error
}

// newCrowd finds the Service that sends to what is struck, and tries whether it answers.
func (r *runner) newCrowd(ctx context.Context, s explain.Struck) *crowd {
	if r.NoRequests {
		return &crowd{}
	}
	service, port, found := explain.Reaching(s, r.last)
	if why := r.last.Errors["services"]; !found && why != "" {
		_ = render.Paragraph(r.ErrOut, "No requests are sent, since the Services could not be read: "+why, r.ErrStyle())
	}
	if !found {
		return &crowd{}
	}
	c := &crowd{service: service, port: port}
	c.get = func(ctx context.Context) error {
		answer, err := r.sight.Client.GetService(ctx, s.Namespace, service, strconv.Itoa(int(port)), "/")
		if err == nil && answer.Status >= 500 { // the API server's own answer where no Pod gives one
			err = fmt.Errorf("HTTP status %d", answer.Status)
		}
		return err
	}
	trial, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if err := c.get(trial); err != nil {
		_ = render.Paragraph(r.ErrOut, fmt.Sprintf("Service %s does not answer HTTP on port %d, so that no requests are sent: %v", service, port, err), r.ErrStyle())
		return &crowd{}
	}
	return c
}

// begin sends until stop.
func (c *crowd) begin(ctx context.Context) {
	if c.get == nil {
		return
	}
	ctx, c.cancel = context.WithCancel(ctx)
	c.over = make(chan struct{})
	ask := func(ctx context.Context) error {
		c.mu.Lock()
		c.sent++
		c.mu.Unlock()
		err := c.get(ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		switch {
		case err == nil:
			c.answered++
		case ctx.Err() == nil:
			c.lost++
		}
		return err
	}
	go func() {
		defer close(c.over)
		c.tally, c.err = load.Plan{Rate: rate, For: 24 * time.Hour}.Run(ctx, ask, nil)
	}()
}

// stop sends no more.
func (c *crowd) stop() {
	if c.cancel != nil {
		c.cancel()
	}
}

// end stops, and is what became of all; nil where none were sent. What was still under way when it was over is not counted.
func (c *crowd) end() (*load.Tally, error) {
	if c.get == nil {
		return nil, nil
	}
	c.stop()
	<-c.over
	if c.err != nil {
		return nil, fmt.Errorf("send requests to Service %s: %w", c.service, c.err)
	}
	c.tally.Sent -= c.tally.Open
	c.tally.Open, c.tally.Stopped = 0, false
	return &c.tally, nil
}

// counts is how things stand, to be shown behind something else.
func (c *crowd) counts() string {
	if c.get == nil {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	text := fmt.Sprintf("  %d requests to %s, %d lost", c.sent, c.service, c.lost)
	if open := c.sent - c.answered - c.lost; open > 1 {
		text += fmt.Sprintf(", %d unanswered", open)
	}
	return text
}
