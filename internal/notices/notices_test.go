package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a/LICENSE": "MIT", "b/LICENCE.md": "MIT\r\n", "b/NOTICE": "Made by B.", "b/license.go": "package b", "c/README.md": "hello",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n := notices{}
	for name, want := range map[string]bool{"a": true, "b": true, "c": false} {
		if some, err := n.add("example.test/"+name+" v1.0.0", filepath.Join(dir, name)); err != nil || some != want {
			t.Errorf("%s: %t, %v", name, some, err)
		}
	}
	var text strings.Builder
	n.write(&text)
	rule := strings.Repeat("=", 80)
	want := "\n" + rule + "\nexample.test/a v1.0.0\nexample.test/b v1.0.0\n\nMIT\n\n" + rule + "\nexample.test/b v1.0.0\n\nMade by B.\n"
	if _, got, _ := strings.Cut(text.String(), "terms.\n"); got != want {
		t.Errorf("got %s", text.String())
	}
}
