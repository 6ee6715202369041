package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"
)

// pair is what one session printed on both clusters.
type pair struct{ a, b *transcript }

// compare plays the sessions on both clusters: so many at the same time, and then one by one those
// that change nodes.
func compare(ctx context.Context, sessions []*session, a, b *target, parallel int, told io.Writer) ([]pair, error) {
	fmt.Fprintln(told, "Bringing the images to the nodes")
	if err := both(ctx, func(ctx context.Context) error { return a.warm(ctx) }, func(ctx context.Context) error { return b.warm(ctx) }); err != nil {
		return nil, err
	}
	results := make([]pair, len(sessions))
	var mu sync.Mutex
	done := 0
	play := func(ctx context.Context, i int) error {
		p := &results[i]
		err := both(ctx, func(ctx context.Context) (err error) {
			p.a, err = a.play(ctx, sessions[i])
			return err
		}, func(ctx context.Context) (err error) {
			p.b, err = b.play(ctx, sessions[i])
			return err
		})
		if err != nil {
			return fmt.Errorf("session %s: %w", sessions[i].Name, err)
		}
		mu.Lock()
		defer mu.Unlock()
		done++
		fmt.Fprintf(told, "%d of %d: %s, %d s and %d s\n", done, len(sessions), sessions[i].Name, round(p.a.elapsed), round(p.b.elapsed))
		return nil
	}
	group, together := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i, s := range sessions {
		if !s.alone {
			group.Go(func() error { return play(together, i) })
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i, s := range sessions {
		if s.alone {
			if err := play(ctx, i); err != nil {
				return nil, err
			}
		}
	}
	return results, nil
}

// both runs two things at the same time.
func both(ctx context.Context, fs ...func(context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, f := range fs {
		group.Go(func() error { return f(ctx) })
	}
	return group.Wait()
}
