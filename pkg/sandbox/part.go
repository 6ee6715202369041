package sandbox

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// IsPart says whether a process is a part of the cluster that runs, the control plane or a node.
func IsPart(l Layout, pid int) bool {
	files, err := os.ReadDir(filepath.Dir(l.Alive(ControlPlane)))
	if err != nil {
		return false
	}
	for _, f := range files {
		b, err := os.ReadFile(l.Alive(f.Name()))
		if err != nil || strings.TrimSpace(string(b)) != strconv.Itoa(pid) {
			continue
		}
		if alive, ok := Alive(l, f.Name()); ok && alive == pid {
			return true
		}
	}
	return false
}
