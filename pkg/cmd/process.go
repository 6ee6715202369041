package cmd

import (
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/home"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// FromProcess is what the running process says of itself: its environment, its folder, its program
// and its version. Providers, lessons and kubectl are left to main.
func FromProcess(now func() time.Time) (Deps, error) {
	dir, err := home.Find(os.Getenv, os.UserHomeDir)
	if err != nil {
		return Deps{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return Deps{}, fmt.Errorf("find this program: %w", err)
	}
	noted := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		noted = info.Main.Version
	}
	return Deps{Home: dir, Self: self, Environ: os.Environ(), Now: now, Version: plugin.Version(noted)}, nil
}
