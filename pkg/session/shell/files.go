package shell

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

//go:embed rc/*
var rc embed.FS

// Place is where the practice shell's files are.
type Place struct {
	// Dir is a folder of its own for one run of the shell.
	Dir string
	// Kubeconfig is the file that the shell's kubectl reads.
	Kubeconfig string
	// Self is this program.
	Self string
	// Kubectl is the command line that is to be called kubectl; empty means that the shell finds one.
	Kubectl []string
	// Windows says how scripts are written.
	Windows bool
}

func (p Place) bin() string    { return filepath.Join(p.Dir, "bin") }
func (p Place) up() string     { return filepath.Join(p.Dir, "up") }
func (p Place) down() string   { return filepath.Join(p.Dir, "down") }
func (p Place) notice() string { return filepath.Join(p.Dir, "notice") }
func (p Place) answer() string { return filepath.Join(p.Dir, "answer") }

// write makes the files that a shell of that kind reads.
func (p Place) write(k Kind) error {
	if err := os.MkdirAll(p.bin(), 0o700); err != nil {
		return fmt.Errorf("make the practice shell's folder: %w", err)
	}
	files := map[string]string{}
	switch k {
	case Bash:
		files["rc"] = "rc/bash"
	case Zsh:
		files[".zshenv"], files[".zshrc"] = "rc/zshenv", "rc/zshrc"
	case Fish:
		files["rc.fish"] = "rc/fish"
	case PowerShell:
		files["rc.ps1"] = "rc/powershell"
	}
	for name, from := range files {
		data, err := fs.ReadFile(rc, from)
		if err == nil {
			err = os.WriteFile(filepath.Join(p.Dir, name), data, 0o600)
		}
		if err != nil {
			return fmt.Errorf("write the practice shell's files: %w", err)
		}
	}
	return p.commands()
}

// commands puts our commands on the shell's PATH.
func (p Place) commands() error {
	// kubectl asks the last of them to complete what follows "kubectl learn".
	commands := map[string][]string{plugin.Name: {p.Self}, plugin.Program: {p.Self}, plugin.Completer: {p.Self, "__complete"}}
	if len(p.Kubectl) > 0 {
		commands["kubectl"] = p.Kubectl
	}
	for name, command := range commands {
		more := strings.Join(append([]string{""}, command[1:]...), " ")
		script := fmt.Sprintf("#!/bin/sh\nexec '%s'%s \"$@\"\n", quoteSh(command[0]), more)
		if p.Windows {
			name, script = name+".cmd", fmt.Sprintf("@\"%s\"%s %%*\r\n", command[0], more)
		}
		if err := os.WriteFile(filepath.Join(p.bin(), name), []byte(script), 0o700); err != nil {
			return fmt.Errorf("write the practice shell's commands: %w", err)
		}
	}
	return nil
}

// quoteSh makes a text safe between single quotes.
func quoteSh(s string) string {
	var out []byte
	for i := range len(s) {
		if s[i] == '\'' {
			out = append(out, `'\'`...)
		}
		out = append(out, s[i])
	}
	return string(out)
}

// args are the arguments with which a shell of that kind reads our files.
func (p Place) args(k Kind) []string {
	switch k {
	case Bash:
		return []string{"--rcfile", filepath.Join(p.Dir, "rc"), "-i"}
	case Zsh:
		return []string{"-i"}
	case Fish:
		return []string{"-i", "-C", "source '" + quoteSh(filepath.Join(p.Dir, "rc.fish")) + "'"}
	}
	return []string{"-NoLogo", "-NoExit", "-ExecutionPolicy", "Bypass", "-File", filepath.Join(p.Dir, "rc.ps1")}
}

// env is what the shell's files read, on top of the environment that there is.
func (p Place) env(k Kind, old []string, getenv func(string) string) []string {
	env := append([]string{}, old...)
	env = append(env,
		"KUBECTL_LEARN_SHELL="+p.Dir,
		"KUBECTL_LEARN_BIN="+p.bin(),
		"KUBECTL_LEARN_KUBECONFIG="+p.Kubeconfig,
		"KUBECONFIG="+p.Kubeconfig,
	)
	if k == Zsh {
		env = append(env, "KUBECTL_LEARN_ZDOTDIR="+getenv("ZDOTDIR"), "ZDOTDIR="+p.Dir)
	}
	return env
}
