package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// marks are what the processes of a cluster are known by: a word in a file below /proc/PID.
type marks struct {
	file  string
	words []string
}

func (m marks) in(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, m.file))
	if err != nil { // it has ended meanwhile
		return false
	}
	return slices.ContainsFunc(m.words, func(w string) bool { return strings.Contains(string(text), w) })
}

// memory is the PSS of all processes of a cluster, in bytes: each page divided by the number of
// processes that share it. Linux alone tells it.
func memory(ours marks) (bytes int64, processes int, err error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil || len(dirs) == 0 {
		return 0, 0, fmt.Errorf("read /proc: nothing is there")
	}
	for _, dir := range dirs {
		if !ours.in(dir) || filepath.Base(dir) == strconv.Itoa(os.Getpid()) {
			continue
		}
		pss, err := pss(filepath.Join(dir, "smaps_rollup"))
		if err != nil {
			return 0, 0, err
		}
		bytes += pss
		processes++
	}
	if processes == 0 {
		return 0, 0, fmt.Errorf("find processes with %s in %s: there are none", ours.words, ours.file)
	}
	return bytes, processes, nil
}

func pss(file string) (int64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == "Pss:" && fields[2] == "kB" {
			kb, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				return 0, fmt.Errorf("read memory: %w", err)
			}
			return kb * 1024, nil
		}
	}
	return 0, fmt.Errorf("read memory: %s has no Pss line", file)
}
