package applet

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// usedBy is what a tree takes up, without what is mounted into it.
func usedBy(t *task.Task, p string, each func(p string, fi fs.FileInfo, total int64)) int64 {
	fi, err := t.FS.Lstat(p)
	if err != nil || p == "/proc" || p == "/dev" {
		return 0
	}
	total := size(fi)
	if fi.IsDir() {
		entries, _ := t.FS.ReadDir(p)
		for _, e := range entries {
			total += usedBy(t, path.Join(p, e.Name()), each)
		}
	}
	if each != nil {
		each(p, fi, total)
	}
	return total
}

func du(t *task.Task) int {
	o, names, ok := options(t, "shkamcd:x", "summarize=s", "human-readable=h", "all=a", "max-depth=d")
	if !ok {
		return 1
	}
	if len(names) == 0 {
		names = []string{"."}
	}
	depth, err := strconv.Atoi(o.value('d', "1000"))
	if err != nil {
		t.Errorf("invalid number '%s'", o.value('d', ""))
		return 1
	}
	if o.has('s') {
		depth = 0
	}
	show := func(n int64, name string) {
		text := fmt.Sprint(n / 1024)
		switch {
		case o.has('h'):
			text = human(n)
		case o.has('m'):
			text = fmt.Sprint((n + 1<<20 - 1) >> 20)
		}
		t.Printf("%s\t%s\n", text, name)
	}
	code := 0
	for _, n := range names {
		root := path.Clean(t.Path(n))
		if _, err := t.FS.Lstat(root); err != nil {
			code = failure(t, n, err)
			continue
		}
		usedBy(t, root, func(p string, fi fs.FileInfo, total int64) {
			rel := strings.TrimPrefix(strings.TrimPrefix(p, root), "/")
			level := 0
			if rel != "" {
				level = strings.Count(rel, "/") + 1
			}
			if level > depth || !fi.IsDir() && !o.has('a') && level > 0 {
				return
			}
			name := n
			if rel != "" {
				name = strings.TrimSuffix(n, "/") + "/" + rel
			}
			show(total, name)
		})
	}
	return code
}

// df lists the mounts, or those that hold the files named.
func df(t *task.Task) int {
	o, names, ok := options(t, "hkmTaPi", "human-readable=h")
	if !ok {
		return 1
	}
	points, code := t.FS.Points(), 0
	if len(names) > 0 {
		points, code = pointsOf(t, names)
	}
	if len(points) == 0 && gnu(t) {
		return code
	}
	head, unit := "1K-blocks", func(n int64) string { return fmt.Sprint(n / 1024) }
	if o.has('h') {
		head, unit = "Size", human
	} else if o.has('m') {
		head, unit = "1M-blocks", func(n int64) string { return fmt.Sprint(n >> 20) }
	}
	t.Printf("%-20s %10s %9s %9s %s %s\n", "Filesystem", head, "Used", "Available", "Use%", "Mounted on")
	row := func(p fsys.Point) {
		name, total, used := sizeOf(t, p)
		t.Printf("%-20s %10s %9s %9s %3d%% %s\n", name, unit(total), unit(used), unit(max(0, total-used)), (used*100+total-1)/max(1, total), p.Path)
	}
	for _, p := range points {
		row(p)
		if len(names) == 0 && p.Path == "/" {
			row(fsys.Point{Path: "/dev"})
		}
	}
	return code
}

// pointsOf are the mounts that hold files, one for each.
func pointsOf(t *task.Task, names []string) (points []fsys.Point, code int) {
	for _, n := range names {
		p, err := t.FS.PointOf(t.Path(n))
		switch {
		case err == nil:
			points = append(points, p)
		case gnu(t):
			code = failure(t, n, err)
		default:
			t.Errorf("%s: can't find mount point", n)
			code = 1
		}
	}
	return points, code
}

// sizeOf is what a file system calls itself, its size and what of it is used, in bytes.
func sizeOf(t *task.Task, p fsys.Point) (name string, total, used int64) {
	switch {
	case p.Path == "/proc":
		return "proc", 0, 0
	case p.Path == "/dev":
		return "tmpfs", 64 << 20, 0
	case p.Path == "/":
		return "overlay", task.NodeDisk, usedBy(t, "/", nil)
	case p.Type == "":
		return "/dev/vda1", task.NodeDisk, usedBy(t, "/", nil)
	case p.Size == 0: // the kernel's: half of the memory
		p.Size = task.NodeMemory / 2
	}
	return p.Type, p.Size, usedBy(t, p.Path, nil)
}

func dd(t *task.Task) int {
	args := map[string]string{}
	for _, a := range t.Args[1:] {
		k, v, ok := strings.Cut(a, "=")
		switch k {
		case "if", "of", "bs", "count", "skip", "seek", "conv", "status", "ibs", "obs", "iflag", "oflag":
		default:
			ok = false
		}
		if !ok {
			t.Errorf("unrecognized operand '%s'", a)
			return 1
		}
		args[k] = v
	}
	number := func(k string, otherwise int) (int, bool) {
		if args[k] == "" {
			return otherwise, true
		}
		n, err := count(args[k])
		if err != nil || n < 0 {
			t.Errorf("invalid number '%s'", args[k])
		}
		return n, err == nil && n >= 0
	}
	bs, ok1 := number("bs", 512)
	blocks, ok2 := number("count", -1)
	skip, ok3 := number("skip", 0)
	seek, ok4 := number("seek", 0)
	if !ok1 || !ok2 || !ok3 || !ok4 || bs == 0 || bs > 1<<28 {
		return 1
	}
	in, out := t.In, t.Out
	if f := args["if"]; f != "" {
		h, err := t.Open(f)
		if err != nil {
			return cannotOpen(t, f, err)
		}
		defer h.Close()
		in = h
	}
	if f := args["of"]; f != "" {
		flag := os.O_WRONLY | os.O_CREATE
		if !strings.Contains(args["conv"], "notrunc") && seek == 0 {
			flag |= os.O_TRUNC
		}
		h, err := t.OpenFile(f, flag, 0o644)
		if err != nil {
			return cannotOpen(t, f, err)
		}
		defer h.Close()
		if seek > 0 {
			if _, err := h.Seek(int64(seek)*int64(bs), io.SeekStart); err != nil {
				return failure(t, f, err)
			}
		}
		out = h
	}
	return copyBlocks(t, in, out, bs, blocks, skip, args["status"] == "none")
}

func copyBlocks(t *task.Task, in io.Reader, out io.Writer, bs, blocks, skip int, silent bool) int {
	start := time.Now()
	buf := make([]byte, bs)
	full, partial, total, code := 0, 0, 0, 0
	for range skip {
		if _, err := io.ReadFull(in, buf); err != nil {
			break
		}
	}
	for blocks < 0 || full+partial < blocks {
		n, err := io.ReadFull(in, buf)
		if n > 0 {
			if _, werr := out.Write(buf[:n]); werr != nil {
				t.Errorf("error writing: %s", fsys.Text(werr))
				code = 1
				break
			}
			total += n
			if n == bs {
				full++
			} else {
				partial++
			}
		}
		if err != nil {
			break
		}
	}
	if silent {
		return code
	}
	s := max(time.Since(start).Seconds(), 1e-6)
	fmt.Fprintf(t.Err, "%d+%d records in\n%d+%d records out\n%d bytes (%sB) copied, %.6f seconds, %sB/s\n", full, partial, full, partial, total, human(int64(total)), s, human(int64(float64(total)/s)))
	return code
}

func truncate(t *task.Task) int {
	o, names, ok := options(t, "cs:", "size=s")
	if !ok {
		return 1
	}
	n, err := count(o.value('s', ""))
	if err != nil || n < 0 {
		t.Errorf("invalid number '%s'", o.value('s', ""))
		return 1
	}
	code := 0
	for _, name := range names {
		f, err := t.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o644)
		if err == nil {
			if tr, ok := f.(interface{ Truncate(int64) error }); ok {
				err = tr.Truncate(int64(n))
			}
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			code = failure(t, name, err)
		}
	}
	return code
}
