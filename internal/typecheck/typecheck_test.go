package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// module writes a module with the given files into a new folder.
func module(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files["go.mod"] = "module example.test/m\n\ngo 1.26\n"
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRun(t *testing.T) {
	sound := map[string]string{
		"main.go":         "package main\n\nimport \"os/signal\"\n\nfunc main() { signal.Reset(stop()) }\n",
		"stop_unix.go":    "//go:build unix\n\npackage main\n\nimport \"syscall\"\n\nfunc stop() syscall.Signal { return syscall.SIGTSTP }\n",
		"stop_windows.go": "package main\n\nimport \"os\"\n\nfunc stop() os.Signal { return os.Interrupt }\n",
	}
	for _, tt := range []struct {
		name    string
		file    string // replaces or adds a file
		text    string
		targets []string
		code    int
		out     []string // each is part of what is printed
	}{
		{
			name: "sound everywhere", targets: []string{"linux/amd64", "darwin/arm64", "windows/amd64"}, code: 0,
			out: []string{"linux/amd64", "darwin/arm64", "windows/amd64", "errors 0,"},
		},
		{
			name: "a signal that Windows has not", file: "stop_windows.go",
			text:    "package main\n\nimport \"syscall\"\n\nfunc stop() syscall.Signal { return syscall.SIGTSTP }\n",
			targets: []string{"windows/amd64"}, code: 1,
			out: []string{"windows/amd64: stop_windows.go:5:45: undefined: syscall.SIGTSTP", "errors 1,"},
		},
		{
			name: "the same file does not count elsewhere", file: "stop_windows.go", text: "package main\n\nvar x = y\n",
			targets: []string{"darwin/amd64"}, code: 0, out: []string{"errors 0,"},
		},
		{
			name: "a system without its part", file: "stop_unix.go", text: "//go:build linux\n\npackage main\n\nimport \"syscall\"\n\nfunc stop() syscall.Signal { return syscall.SIGTSTP }\n",
			targets: []string{"darwin/amd64"}, code: 1, out: []string{"main.go:5:28: undefined: stop"},
		},
		{
			name: "tests are checked", file: "stop_test.go", text: "package main\n\nvar _ int = stop()\n",
			targets: []string{"darwin/amd64"}, code: 1, out: []string{"stop_test.go:3:13: cannot use stop()"},
		},
		{
			name: "a package that is not there", file: "sub/sub.go", text: "package sub\n\nimport _ \"example.test/m/nowhere\"\n",
			targets: []string{"linux/arm64"}, code: 1, out: []string{"sub/sub.go:3:8:"},
		},
		{
			name: "a file that is not Go", file: "sub/sub.go", text: "package sub\n\nfunc {\n",
			targets: []string{"linux/arm64"}, code: 1, out: []string{"sub/sub.go:3:6:"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{}
			for name, text := range sound {
				files[name] = text
			}
			if tt.file != "" {
				files[tt.file] = tt.text
			}
			var out, errOut bytes.Buffer
			args := append([]string{"-C", module(t, files)}, tt.targets...)
			if code := run(t.Context(), args, &out, &errOut); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			for _, want := range tt.out {
				if !strings.Contains(filepath.ToSlash(out.String()), want) {
					t.Errorf("%q is not in the output", want)
				}
			}
			if t.Failed() {
				t.Logf("stdout:\n%s\nstderr:\n%s", &out, &errOut)
			}
		})
	}
}

func TestRunRefuses(t *testing.T) {
	for _, args := range [][]string{nil, {"windows"}, {"linux/"}, {"-C", t.TempDir(), "linux/amd64"}, {"linux/abacus"}} {
		var out, errOut bytes.Buffer
		if code := run(t.Context(), args, &out, &errOut); code != 2 || errOut.Len() == 0 {
			t.Errorf("run(%q) = %d and said %q, want 2 and a reason", args, code, &errOut)
		}
	}
}
