package main

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// account is who clusters and specs run as.
type account struct {
	id uint32
	// other is true when id is not who runs this program.
	other bool
}

// Accounts to choose from when this program is root: above those of people, below those of
// systemd's dynamic users.
const firstID, lastID = 60600, 60999

// unprivileged is this user, or for root one that nobody has: the sandbox has to work without root,
// and root would hide where it does not.
func unprivileged() (account, error) {
	if os.Geteuid() != 0 {
		return account{id: uint32(max(0, os.Geteuid()))}, nil // there is none on Windows
	}
	for id := firstID; id <= lastID; id++ {
		if _, err := user.LookupId(strconv.Itoa(id)); err == nil {
			continue
		}
		if a := (account{id: uint32(id), other: true}); len(a.processes("")) == 0 {
			return a, nil
		}
	}
	return account{}, fmt.Errorf("choose a user for the cluster: each from %d to %d exists or runs something", firstID, lastID)
}

// own gives a file to the account.
func (a account) own(path string) error {
	if !a.other {
		return nil
	}
	return os.Lchown(path, int(a.id), int(a.id))
}

// processes are those of the account, when it is ours alone, and those whose command line names the
// folder. They are found where the system has /proc; elsewhere there are none.
func (a account) processes(folder string) []string {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	var found []string
	for _, dir := range dirs {
		line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil || filepath.Base(dir) == strconv.Itoa(os.Getpid()) {
			continue
		}
		words := strings.ReplaceAll(string(line), "\x00", " ")
		if folder != "" && strings.Contains(words, folder) || a.other && a.runs(dir) {
			found = append(found, filepath.Base(dir)+" "+strings.TrimSpace(words))
		}
	}
	return found
}

// runs says that a process, by its folder in /proc, is the account's.
func (a account) runs(dir string) bool {
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil || strings.Contains(string(status), "\nState:\tZ") {
		return false
	}
	for line := range strings.Lines(string(status)) {
		if ids, ok := strings.CutPrefix(line, "Uid:"); ok {
			return slices.Contains(strings.Fields(ids), strconv.Itoa(int(a.id)))
		}
	}
	return false
}
