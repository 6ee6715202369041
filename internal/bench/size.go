package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// measureSize prints what the file of a program is made of: its machine code and data by module, before it is
// packed. It links the program once more with its symbols, which that file leaves out.
func measureSize(ctx context.Context, file string, out, told io.Writer) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "learn-size-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "kubectl-learn")
	fmt.Fprintln(told, "size: linking the program with its symbols")
	if said, err := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/kubectl-learn").CombinedOutput(); err != nil {
		return fmt.Errorf("build the program: %w\n%s", err, said)
	}
	symbols, err := exec.CommandContext(ctx, "go", "tool", "nm", "-size", program).Output()
	if err != nil {
		return fmt.Errorf("read the program's symbols: %w", err)
	}
	sizes, named, err := byModule(symbols)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "| what | MB | part |\n|---|---|---|\n")
	total := info.Size()
	rest := named
	for _, s := range sizes {
		if s.bytes*100 < total { // less than one in a hundred
			break
		}
		rest -= s.bytes
		fmt.Fprintf(out, "| %s | %.1f | %.0f %% |\n", s.name, float64(s.bytes)/1e6, 100*float64(s.bytes)/float64(total))
	}
	fmt.Fprintf(out, "| all others | %.1f | %.0f %% |\n", float64(rest)/1e6, 100*float64(rest)/float64(total))
	tables := total - named
	fmt.Fprintf(out, "| what has no name: tables of functions, lines and types for the Go runtime | %.1f | %.0f %% |\n", float64(tables)/1e6, 100*float64(tables)/float64(total))
	fmt.Fprintf(out, "| the file | %.1f | |\n", float64(total)/1e6)
	return nil
}

// share is how large something is, in bytes.
type share struct {
	name  string
	bytes int64
}

// empty is the symbol at which the memory begins that is empty at the start, and takes no room in the file.
const empty = "runtime.bss"

// byModule adds up what `go tool nm -size` prints, the largest first: address, size, type and name a line. What
// takes no room in the file and what is listed twice is left out.
func byModule(symbols []byte) (sizes []share, total int64, err error) {
	type symbol struct {
		at    uint64
		bytes int64
		name  string
	}
	var all []symbol
	end := uint64(math.MaxUint64)
	for line := range strings.Lines(string(symbols)) {
		f := strings.Fields(line)
		if len(f) < 4 {
			continue // what is not defined has no address
		}
		at, err := strconv.ParseUint(f[0], 16, 64)
		if err != nil {
			return nil, 0, fmt.Errorf("read symbols: %q: %w", line, err)
		}
		bytes, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			return nil, 0, fmt.Errorf("read symbols: %q: %w", line, err)
		}
		name := strings.Join(f[3:], " ")
		if name == empty {
			end = at
		}
		all = append(all, symbol{at, bytes, name})
	}
	sum := map[string]int64{}
	seen := map[uint64]bool{}
	for _, s := range all {
		if s.at >= end || s.bytes == 0 || seen[s.at] {
			continue
		}
		seen[s.at] = true
		sum[moduleOf(s.name)] += s.bytes
		total += s.bytes
	}
	for name, bytes := range sum {
		sizes = append(sizes, share{name, bytes})
	}
	slices.SortFunc(sizes, func(a, b share) int { return cmp.Or(cmp.Compare(b.bytes, a.bytes), cmp.Compare(a.name, b.name)) })
	return sizes, total, nil
}

// moduleOf is the module, or the group of modules, that a symbol comes from.
func moduleOf(symbol string) string {
	symbol = strings.TrimPrefix(symbol, "local.")
	for _, prefix := range []string{"type:.eq.", "type:.hash.", "type:", "go:itab.", "go:struct { ", "*", "[]", "struct { "} {
		symbol = strings.TrimPrefix(symbol, prefix)
	}
	symbol = strings.TrimLeft(symbol, "*[]0123456789")
	path, _, _ := strings.Cut(symbol, "(")
	if slash := strings.LastIndex(path, "/"); slash >= 0 {
		if dot := strings.Index(path[slash:], "."); dot >= 0 {
			path = path[:slash+dot]
		}
	} else {
		path, _, _ = strings.Cut(path, ".")
	}
	parts := strings.Split(path, "/")
	host, _, _ := strings.Cut(parts[0], "%")
	switch {
	case strings.HasPrefix(symbol, "go:func"):
		return "closures and tables of the Go runtime"
	case host == "k8s.io" && len(parts) > 1, host == "sigs.k8s.io" && len(parts) > 1, host == "go.etcd.io" && len(parts) > 1:
		return host + "/" + parts[1]
	case host == "github.com" && len(parts) > 2:
		return strings.Join(parts[:3], "/")
	case strings.Contains(host, ".") && len(parts) > 1:
		return host + "/" + parts[1]
	case strings.Contains(host, "."):
		return host
	}
	return "Go's standard library"
}
