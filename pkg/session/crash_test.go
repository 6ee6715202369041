package session

import (
	"errors"
	"testing"
)

// life is a learner's way through the lesson, with things going wrong in between. Each call is a
// process of its own. It does what is left to do, whatever was done before.
func life(t *testing.T, h *house) {
	t.Helper()
	state, err := h.log().State()
	if err != nil {
		t.Fatal(err)
	}
	if l := state.Lessons["boxes"]; l != nil && !l.Finished.IsZero() && state.Current["learn"] == nil {
		if _, err := h.session().Current(ctx(t)); !errors.Is(err, ErrNoLesson) {
			t.Fatalf("after the end: %v", err)
		}
		return
	}
	p, err := h.session().Begin(ctx(t), "boxes", "")
	for range 6 {
		if err != nil {
			t.Fatal(err)
		}
		if p == nil {
			return
		}
		if !h.types2(p) {
			continue
		}
		if p, err = h.session().Next(ctx(t)); errors.As(err, new(*NotPassed)) {
			p, err = h.session().Reset(ctx(t))
		}
	}
	t.Fatal("the lesson never ends")
}

// types2 does the step's command, if it is still to be done.
func (h *house) types2(p *Position) bool {
	h.world.mu.Lock()
	_, one := h.world.objects["learn-boxes/one"]
	_, zero := h.world.objects["learn-boxes/zero"]
	h.world.mu.Unlock()
	switch {
	case p.Step.ID == "make-one" && !one:
		h.types("boxes", "create", "configmap", "one", "--from-literal=n=1")
	case p.Step.ID == "power-cut" && zero:
		h.types("boxes", "delete", "configmap", "zero")
	}
	return true
}

// survives runs f and says whether it was killed on the way.
func survives(f func()) (alive bool) {
	defer func() {
		if v := recover(); v != nil {
			if _, ok := v.(killed); !ok {
				panic(v)
			}
			alive = false
		}
	}()
	f()
	return true
}

// Killed at any moment, the learner's next command goes on, and in the end nothing is left behind.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]func(t *testing.T, h *house){
		"walking":   life,
		"skipping":  skipping,
		"resetting": resetting,
		"quitting":  quitting,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 1
			for ; ; n++ {
				h := newHouse(t, fenced(boxes), fenced(other))
				h.world.fuse = n
				alive := survives(func() { way(t, h) })
				h.world.fuse = 0
				life(t, h)
				h.clean()
				if t.Failed() {
					t.Fatalf("killed at moment %d", n)
				}
				if alive {
					break
				}
			}
			if n < 20 {
				t.Errorf("it was killed at %d moments only", n)
			}
		})
	}
}

func skipping(t *testing.T, h *house) {
	if _, err := h.session().Begin(ctx(t), "boxes", ""); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := h.session().Skip(ctx(t)); err != nil {
			t.Fatal(err)
		}
	}
}

func resetting(t *testing.T, h *house) {
	if _, err := h.session().Begin(ctx(t), "boxes", "power-cut"); err != nil {
		t.Fatal(err)
	}
	if err := h.session().Strike(ctx(t), silent); err != nil {
		t.Fatal(err)
	}
	if _, err := h.session().Reset(ctx(t)); err != nil {
		t.Fatal(err)
	}
}

func quitting(t *testing.T, h *house) {
	if _, err := h.session().Begin(ctx(t), "other", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := h.session().Begin(ctx(t), "boxes", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := h.session().Quit(ctx(t)); err != nil {
		t.Fatal(err)
	}
}
