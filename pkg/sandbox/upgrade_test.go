package sandbox

import (
	"strings"
	"testing"
)

func TestUpgrade(t *testing.T) {
	for _, tc := range []struct{ from, to, complaint string }{
		{"v1.37.2", "v1.37.2", ""},
		{"v1.37.0", "v1.37.2", ""},
		{"v1.36.9", "v1.37.2", ""},
		{"v1.35.9", "v1.37.2", "one minor version at a time"},
		{"v1.37.3", "v1.37.2", "brings the older v1.37.2"},
		{"v1.38.0", "v1.37.2", "brings the older v1.37.2"},
		{"v1.37.2", "v2.0.0", "one minor version at a time"},
		{"", "v1.37.2", "read the version of cluster learn"},
	} {
		err := Upgrade("learn", tc.from, tc.to)
		switch {
		case tc.complaint == "" && err != nil:
			t.Errorf("from %s to %s: %v", tc.from, tc.to, err)
		case tc.complaint != "" && (err == nil || !strings.Contains(err.Error(), tc.complaint)):
			t.Errorf("from %s to %s: %v, want %q", tc.from, tc.to, err, tc.complaint)
		}
	}
}
