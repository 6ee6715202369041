// Package shell runs the practice shell: the learner's own shell as a child of this program, with
// the practice cluster's kubeconfig, a short name for our commands, and a prompt that lets this
// program say what became of the last command. It changes none of the learner's files, and knows
// nothing of lessons: what there is to say comes from whoever runs it.
package shell

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Kind is a shell that we know how to live in.
type Kind string

const (
	Bash       Kind = "bash"
	Zsh        Kind = "zsh"
	Fish       Kind = "fish"
	PowerShell Kind = "powershell"
)

// Kinds lists the shells that we know.
func Kinds() []Kind { return []Kind{Bash, Zsh, Fish, PowerShell} }

// ErrUnknown says that a shell is none that we know.
var ErrUnknown = errors.New("unknown shell")

// Shell is a shell on this machine.
type Shell struct {
	Kind Kind
	// Path is the program.
	Path string
}

// KindOf tells a shell by its program's name.
func KindOf(program string) (Kind, error) {
	name := strings.TrimSuffix(strings.ToLower(filepath.Base(filepath.ToSlash(program))), ".exe")
	name = strings.TrimPrefix(name, "-") // a login shell
	if name == "pwsh" {
		name = string(PowerShell)
	}
	if k := Kind(name); slices.Contains(Kinds(), k) {
		return k, nil
	}
	return "", fmt.Errorf("%w %q; there are bash, zsh, fish and powershell", ErrUnknown, program)
}

// Find finds the shell to live in: the one that was asked for (a name or a path), else the
// learner's own, else the first that there is. look is exec.LookPath, getenv os.Getenv.
func Find(asked string, windows bool, getenv func(string) string, look func(string) (string, error)) (Shell, error) {
	if asked != "" {
		return resolve(asked, look)
	}
	if own := getenv("SHELL"); own != "" && !windows {
		if s, err := resolve(own, look); err == nil {
			return s, nil
		}
	}
	candidates := []string{"bash", "zsh", "fish", "pwsh"}
	if windows {
		candidates = []string{"pwsh", "powershell"}
	}
	for _, c := range candidates {
		if s, err := resolve(c, look); err == nil {
			return s, nil
		}
	}
	return Shell{}, fmt.Errorf("find a shell: none of %s is installed", strings.Join(candidates, ", "))
}

func resolve(program string, look func(string) (string, error)) (Shell, error) {
	kind, err := KindOf(program)
	if err != nil {
		return Shell{}, err
	}
	path, err := look(program)
	if err != nil && kind == PowerShell && program != "pwsh" {
		path, err = look("pwsh")
	}
	if err != nil {
		return Shell{}, fmt.Errorf("find shell %s: %w", program, err)
	}
	return Shell{Kind: kind, Path: path}, nil
}
