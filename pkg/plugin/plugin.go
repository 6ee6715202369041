// Package plugin has the one place where the plugin's name stands. Messages, help, the practice
// shell, the release and the krew manifest take it from here. The names by which objects and files are
// known (labels, field managers, folders, contexts) are other constants: a plugin that is renamed still
// finds what it made.
package plugin

import (
	"path/filepath"
	"runtime"
	"strings"
)

const (
	// Name is what stands after kubectl, and the name of the krew manifest.
	Name = "learn"
	// Command is what people type.
	Command = "kubectl " + Name
	// Program is the file that kubectl looks for on PATH, without the .exe of Windows.
	Program = "kubectl-" + Name
	// Completer is the file that kubectl runs to complete what follows Command: this program under
	// another name. See k8s.io/kubectl/pkg/cmd/plugin.
	Completer = "kubectl_complete-" + Name
)

// version is set by the linker in a release: -X …/pkg/plugin.version=v1.2.3.
var version string

// Version is that of a release, else what the go command noted of the source, which is given.
func Version(noted string) string {
	switch {
	case version != "":
		return version
	case noted != "":
		return noted
	}
	return "(devel)"
}

// Args are the arguments of the process args, the program's name first: those of cobra's completion
// where it was called as Completer.
func Args(args []string) []string {
	if len(args) == 0 {
		return nil
	}
	called := filepath.Base(args[0])
	if runtime.GOOS == "windows" {
		called = strings.TrimSuffix(strings.ToLower(called), ".exe")
	}
	if called == Completer {
		return append([]string{"__complete"}, args[1:]...)
	}
	return args[1:]
}
