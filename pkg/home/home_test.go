package home

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestFind(t *testing.T) {
	abs := filepath.Join(t.TempDir(), "x")
	for name, tc := range map[string]struct {
		env     map[string]string
		want    string
		homeErr error
		fails   bool
	}{
		"named":        {env: map[string]string{Variable: abs, "XDG_DATA_HOME": "/data"}, want: abs},
		"xdg":          {env: map[string]string{"XDG_DATA_HOME": abs}, want: filepath.Join(abs, "kubectl-learn")},
		"xdg relative": {env: map[string]string{"XDG_DATA_HOME": "data"}, want: filepath.Join(abs, ".local", "share", "kubectl-learn")},
		"home":         {want: filepath.Join(abs, ".local", "share", "kubectl-learn")},
		"none":         {homeErr: errors.New("no home"), fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Find(func(k string) string { return tc.env[k] }, func() (string, error) { return abs, tc.homeErr })
			if (err != nil) != tc.fails {
				t.Fatalf("error = %v, want failure %v", err, tc.fails)
			}
			if string(got) != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestMakeIsForTheOwnerAlone(t *testing.T) {
	d := Dir(filepath.Join(t.TempDir(), "a", "b"))
	if err := d.Make(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(string(d))
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("mode %o lets others in", got)
	}
}
