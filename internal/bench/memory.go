package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// memory is the PSS of all processes that have marker in their command line, in bytes: each page
// divided by the number of processes that share it. Linux alone tells it.
func memory(marker string) (bytes int64, processes int, err error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil || len(dirs) == 0 {
		return 0, 0, fmt.Errorf("read /proc: nothing is there")
	}
	for _, dir := range dirs {
		line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil || !strings.Contains(string(line), marker) || filepath.Base(dir) == strconv.Itoa(os.Getpid()) {
			continue // it has ended meanwhile, or is not ours
		}
		pss, err := pss(filepath.Join(dir, "smaps_rollup"))
		if err != nil {
			return 0, 0, err
		}
		bytes += pss
		processes++
	}
	if processes == 0 {
		return 0, 0, fmt.Errorf("find processes of %s: there are none", marker)
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
