package author

import (
	"fmt"
	"strings"
	"testing"
)

func TestWindow(t *testing.T) {
	lines := func(from, to int) string {
		var b strings.Builder
		for i := from; i <= to; i++ {
			fmt.Fprintf(&b, "line %d\n", i)
		}
		return b.String()
	}
	was := lines(1, 30)
	for name, tt := range map[string]struct {
		is   string
		rows int
		want string
	}{
		"all fits":               {lines(1, 9) + "new\n", 20, lines(1, 9) + "new\n"},
		"in the middle":          {lines(1, 9) + "new\n" + lines(11, 30), 10, lines(8, 9) + "new\n" + lines(11, 17)},
		"at the top":             {"new\n" + lines(2, 30), 10, "new\n" + lines(2, 10)},
		"at the end":             {lines(1, 29) + "new\n", 10, lines(21, 29) + "new\n"},
		"no height to speak of":  {lines(1, 29) + "new\n", 2, lines(1, 29) + "new\n"},
		"only something is gone": {lines(1, 12) + lines(14, 30), 10, lines(1, 10)},
	} {
		if got := window(was, tt.is, tt.rows); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// What was changed in one step shows that step, and a lesson with another number of steps all of it.
func TestChanged(t *testing.T) {
	for name, tt := range map[string]struct {
		was, is      []string
		shown, which string
	}{
		"first":        {nil, []string{"head", "one", "two"}, "headonetwo", "what you changed is"},
		"a step":       {[]string{"head", "one", "two"}, []string{"head", "one", "TWO"}, "TWO", "what you changed is"},
		"a new step":   {[]string{"head", "one"}, []string{"head", "one", "two"}, "headonetwo", "what you changed is"},
		"it is broken": {[]string{"head", "one"}, []string{"wrong"}, "wrong", "it is"},
	} {
		if shown, which := changed(tt.was, tt.is); shown != tt.shown || which != tt.which {
			t.Errorf("%s: %q, %q", name, shown, which)
		}
	}
}
