package applet

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

func findSystem(name string) task.Program {
	switch name {
	case "env", "printenv":
		return env
	case "hostname":
		return plain(hostname)
	case "id":
		return plain(id)
	case "whoami":
		return plain(func(t *task.Task) int { t.Printf("%s\n", user(t)); return 0 })
	case "uname":
		return plain(uname)
	case "date":
		return plain(date)
	case "sleep":
		return sleep
	case "usleep":
		return sleep
	case "true":
		return plain(func(*task.Task) int { return 0 })
	case "false":
		return plain(func(*task.Task) int { return 1 })
	case "ps":
		return plain(ps)
	case "pgrep", "pkill", "killall":
		return plain(pgrep)
	case "uptime":
		return plain(uptime)
	case "free":
		return plain(free)
	case "top":
		return top
	case "tty":
		return plain(tty)
	case "nproc":
		return plain(func(t *task.Task) int { t.Printf("%d\n", task.NodeCPUs); return 0 })
	case "clear":
		return plain(func(t *task.Task) int { t.Printf("\x1b[H\x1b[2J\x1b[3J"); return 0 })
	case "timeout":
		return timeout
	case "time":
		return timed
	case "watch":
		return watch
	case "which":
		return plain(which)
	case "xargs":
		return xargs
	case "basename":
		return plain(basename)
	case "dirname":
		return plain(dirname)
	}
	return nil
}

func env(ctx context.Context, t *task.Task) int {
	if t.Name() == "printenv" && len(t.Args) > 1 {
		code := 1
		for _, name := range t.Args[1:] {
			for _, kv := range t.Env {
				if k, v, _ := strings.Cut(kv, "="); k == name {
					t.Printf("%s\n", v)
					code = 0
				}
			}
		}
		return code
	}
	o, args, ok := leading(t, "iu:0", "ignore-environment=i", "unset=u")
	if !ok {
		return 125
	}
	c := *t
	c.Env = slices.Clone(t.Env)
	if o.has('i') {
		c.Env = nil
	}
	drop := func(name string) {
		c.Env = slices.DeleteFunc(c.Env, func(kv string) bool { return strings.HasPrefix(kv, name+"=") })
	}
	if u := o.value('u', ""); u != "" {
		drop(u)
	}
	for len(args) > 0 && strings.Contains(args[0], "=") {
		name, _, _ := strings.Cut(args[0], "=")
		drop(name)
		c.Env = append(c.Env, args[0])
		args = args[1:]
	}
	if len(args) > 0 {
		return runProgram(ctx, &c, args)
	}
	for _, kv := range c.Env {
		t.Printf("%s\n", kv)
	}
	return 0
}

func hostname(t *task.Task) int {
	o, args, ok := options(t, "ifsdI", "ip-address=i", "all-ip-addresses=I", "short=s", "fqdn=f", "long=f")
	switch {
	case !ok:
		return 1
	case len(args) > 0:
		t.Errorf("sethostname: Operation not permitted")
		return 1
	case o.has('i') || o.has('I'):
		t.Printf("%s\n", t.Spec.PodIP)
	case o.has('s'):
		short, _, _ := strings.Cut(t.Spec.Hostname, ".")
		t.Printf("%s\n", short)
	case o.has('d'):
	default:
		t.Printf("%s\n", t.Spec.Hostname)
	}
	return 0
}

// user is who programs are told that they are.
func user(t *task.Task) string {
	b, err := t.FS.ReadFile("/etc/passwd")
	if err == nil && strings.Contains(string(b), "\ncurl_user:") {
		return "curl_user"
	}
	return "root"
}

func id(t *task.Task) int {
	o, _, ok := options(t, "ugGnr", "user=u", "group=g", "name=n", "groups=G")
	if !ok {
		return 1
	}
	uid, gid, name, group := "0", "0", "root", "root"
	if user(t) != "root" {
		uid, gid, name, group = "100", "101", "curl_user", "curl_group"
	}
	pick := func(number, name string) {
		if o.has('n') {
			number = name
		}
		t.Printf("%s\n", number)
	}
	switch {
	case o.has('u'):
		pick(uid, name)
	case o.has('g'), o.has('G'):
		pick(gid, group)
	default:
		t.Printf("uid=%s(%s) gid=%s(%s) groups=%s(%s)\n", uid, name, gid, group, gid, group)
	}
	return 0
}

func uname(t *task.Task) int {
	o, _, ok := options(t, "asnrvmpio", "all=a", "kernel-release=r", "machine=m")
	if !ok {
		return 1
	}
	machine := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	parts := []struct {
		c    rune
		text string
	}{{'s', "Linux"}, {'n', t.Spec.Hostname}, {'r', task.KernelRelease}, {'v', "#1 SMP practice node"}, {'m', machine}, {'o', "Linux"}}
	var out []string
	for _, p := range parts {
		if o.has(p.c) || o.has('a') || len(o.set) == 0 && p.c == 's' {
			out = append(out, p.text)
		}
	}
	t.Printf("%s\n", strings.Join(out, " "))
	return 0
}

func date(t *task.Task) int {
	o, args, ok := options(t, "uRd:s:r:I::D:", "utc=u", "date=d", "reference=r", "rfc-2822=R", "iso-8601=I")
	// -I takes its precision attached only, which the parser above cannot know.
	iso := ""
	var rest []string
	for _, a := range t.Args[1:] {
		if strings.HasPrefix(a, "-I") || strings.HasPrefix(a, "--iso-8601") {
			_, v, _ := strings.Cut(strings.TrimPrefix(a, "-I"), "=")
			if v == "" {
				v = strings.TrimPrefix(strings.TrimPrefix(a, "-I"), "-iso-8601")
			}
			iso = v
			if iso == "" {
				iso = "date"
			}
			continue
		}
		rest = append(rest, a)
	}
	if iso != "" {
		c := *t
		c.Args = append([]string{t.Args[0]}, rest...)
		o, args, ok = options(&c, "uRd:s:r:D:", "utc=u", "date=d")
	}
	if !ok {
		return 1
	}
	at := t.Now()
	if tz := t.Getenv("TZ"); tz == "" || o.has('u') {
		at = at.UTC()
	} else if loc, err := time.LoadLocation(tz); err == nil {
		at = at.In(loc)
	} else {
		at = at.UTC()
	}
	if d := o.value('d', ""); d != "" {
		parsed, err := parseDate(d)
		if err != nil {
			t.Errorf("invalid date '%s'", d)
			return 1
		}
		at = parsed
	}
	if o.has('s') {
		t.Errorf("can't set date: Operation not permitted")
		return 1
	}
	switch {
	case len(args) > 0 && strings.HasPrefix(args[0], "+"):
		t.Printf("%s\n", strftime(args[0][1:], at))
	case len(args) > 0:
		t.Errorf("invalid date '%s'", args[0])
		return 1
	case iso != "":
		f, ok := map[string]string{"date": "%Y-%m-%d", "seconds": "%Y-%m-%dT%H:%M:%S%:z", "minutes": "%Y-%m-%dT%H:%M%:z", "hours": "%Y-%m-%dT%H%:z", "ns": "%Y-%m-%dT%H:%M:%S,%N%:z"}[iso]
		if !ok {
			t.Errorf("invalid argument '%s' for '--iso-8601'", iso)
			return 1
		}
		t.Printf("%s\n", strftime(f, at))
	case o.has('R'):
		t.Printf("%s\n", at.Format(time.RFC1123Z))
	default:
		t.Printf("%s\n", strftime("%a %b %e %H:%M:%S %Z %Y", at))
	}
	return 0
}

func parseDate(s string) (time.Time, error) {
	if sec, ok := strings.CutPrefix(s, "@"); ok {
		n, err := strconv.ParseInt(sec, 10, 64)
		return time.Unix(n, 0).UTC(), err
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", "2006-01-02T15:04:05"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("invalid date %q", s)
}

func strftime(format string, at time.Time) string {
	var out strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			out.WriteByte(format[i])
			continue
		}
		i++
		if strings.HasPrefix(format[i:], ":z") {
			out.WriteString(at.Format("-07:00"))
			i++
			continue
		}
		digits := 9
		if format[i] >= '1' && format[i] <= '9' && i+1 < len(format) && format[i+1] == 'N' {
			digits = int(format[i] - '0')
			i++
		}
		switch c := format[i]; c {
		case 's':
			out.WriteString(strconv.FormatInt(at.Unix(), 10))
		case 'N':
			out.WriteString(fmt.Sprintf("%09d", at.Nanosecond())[:digits])
		case 'n':
			out.WriteByte('\n')
		case 't':
			out.WriteByte('\t')
		case 'j':
			fmt.Fprintf(&out, "%03d", at.YearDay())
		case 'u':
			out.WriteString(strconv.Itoa((int(at.Weekday())+6)%7 + 1))
		case 'w':
			out.WriteString(strconv.Itoa(int(at.Weekday())))
		case '%':
			out.WriteByte('%')
		default:
			if layout, ok := layouts()[c]; ok {
				out.WriteString(at.Format(layout))
			} else {
				out.WriteByte('%')
				out.WriteByte(c)
			}
		}
	}
	return out.String()
}

func layouts() map[byte]string {
	return map[byte]string{'Y': "2006", 'm': "01", 'd': "02", 'e': "_2", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM", 'a': "Mon", 'A': "Monday",
		'b': "Jan", 'B': "January", 'h': "Jan", 'y': "06", 'Z': "MST", 'z': "-0700", 'T': "15:04:05", 'F': "2006-01-02", 'D': "01/02/06", 'R': "15:04",
		'c': "Mon Jan _2 15:04:05 2006", 'x': "01/02/06", 'X': "15:04:05", 'l': "_3", 'k': "15"}
}

func sleep(ctx context.Context, t *task.Task) int {
	if len(t.Args) < 2 {
		return usage(t, "[N]...")
	}
	var total time.Duration
	for _, a := range t.Args[1:] {
		d, err := sleepTime(a)
		if err != nil {
			if gnu(t) {
				t.Errorf("invalid time interval '%s'", a)
				fmt.Fprintf(t.Err, "Try 'sleep --help' for more information.\n")
			} else {
				t.Errorf("invalid number '%s'", a)
			}
			return 1
		}
		total += min(d, forever-total)
	}
	if t.Name() == "usleep" {
		total /= 1e6
	}
	timer := time.NewTimer(total)
	defer timer.Stop()
	select {
	case <-timer.C:
		return 0
	case <-ctx.Done():
		return task.CodeOf(ctx)
	}
}

// forever is as long as a time.Duration can be, nearly.
const forever = 250 * 365 * 24 * time.Hour

func sleepTime(s string) (time.Duration, error) {
	if s == "infinity" || s == "inf" {
		return forever, nil
	}
	unit := time.Second
	if s != "" {
		switch s[len(s)-1] {
		case 's':
			s = s[:len(s)-1]
		case 'm':
			s, unit = s[:len(s)-1], time.Minute
		case 'h':
			s, unit = s[:len(s)-1], time.Hour
		case 'd':
			s, unit = s[:len(s)-1], 24*time.Hour
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 0 {
		return 0, fmt.Errorf("invalid number %q", s)
	}
	if f*float64(unit) > float64(forever) {
		return forever, nil
	}
	return time.Duration(f * float64(unit)), nil
}

// psTime is minutes and seconds since the start: programs here cost no measurable time of their own.
func psTime() string { return "0:00" }

func ps(t *task.Task) int {
	for _, a := range t.Args[1:] {
		if strings.HasPrefix(a, "-o") {
			t.Errorf("unrecognized option: o")
			return 1
		}
	}
	t.Printf("PID   USER     TIME  COMMAND\n")
	width := 1 << 20
	if tty := t.OutTTY(); tty != nil {
		width, _ = tty.Size()
	}
	for _, e := range t.Table.List() {
		line := fmt.Sprintf("%5d %-8s %5s %s", e.PID, user(t), psTime(), strings.Join(e.Args, " "))
		t.Printf("%s\n", line[:min(len(line), width)])
	}
	return 0
}

// pgrep is pgrep, pkill and killall.
func pgrep(t *task.Task) int {
	args := t.Args[1:]
	sig, full, long := process.TERM, false, false
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		switch a := args[0]; a {
		case "-f":
			full = true
		case "-l", "-a":
			long = true
		case "-x", "-q":
		default:
			s, err := process.ParseSignal(a[1:])
			if err != nil {
				badOption(t, a[1:], false)
				return 1
			}
			sig = s
		}
		args = args[1:]
	}
	if len(args) == 0 {
		return usage(t, "[-fl] PATTERN")
	}
	found := false
	for _, e := range t.Table.List() {
		if t.Proc != nil && e.PID == t.Proc.PID {
			continue
		}
		text := path.Base(e.Args[0])
		if full {
			text = strings.Join(e.Args, " ")
		}
		hit := strings.Contains(text, args[0])
		if t.Name() == "killall" {
			hit = text == args[0]
		}
		if !hit {
			continue
		}
		found = true
		switch {
		case t.Name() != "pgrep":
			_ = t.Table.Signal(e.PID, sig)
		case long:
			t.Printf("%d %s\n", e.PID, strings.Join(e.Args, " "))
		default:
			t.Printf("%d\n", e.PID)
		}
	}
	if !found && t.Name() == "killall" {
		t.Errorf("%s: no process killed", args[0])
	}
	return 1 - boolInt(found)
}

// bootTime is when the container's first process began.
func bootTime(t *task.Task) time.Time {
	for _, e := range t.Table.List() {
		return e.Started
	}
	return t.Now()
}

func uptime(t *task.Task) int {
	t.Printf("%s\n", uptimeText(t))
	return 0
}

func uptimeText(t *task.Task) string {
	now := t.Now().UTC()
	up := now.Sub(bootTime(t))
	text := fmt.Sprintf("%d min", int(up.Minutes()))
	if h := int(up.Hours()); h > 0 {
		text = fmt.Sprintf("%2d:%02d", h%24, int(up.Minutes())%60)
		if d := h / 24; d > 0 {
			text = fmt.Sprintf("%d days, %s", d, text)
		}
	}
	return fmt.Sprintf(" %s up %s,  0 users,  load average: 0.00, 0.00, 0.00", now.Format("15:04:05"), text)
}

func free(t *task.Task) int {
	o, _, ok := options(t, "bkmgh", "human=h", "mega=m")
	if !ok {
		return 1
	}
	unit := func(n int64) string { return fmt.Sprint(n >> 10) }
	switch {
	case o.has('b'):
		unit = func(n int64) string { return fmt.Sprint(n) }
	case o.has('m'):
		unit = func(n int64) string { return fmt.Sprint(n >> 20) }
	case o.has('g'):
		unit = func(n int64) string { return fmt.Sprint(n >> 30) }
	case o.has('h'):
		unit = human
	}
	const total = int64(task.NodeMemory)
	t.Printf("%19s%12s%12s%12s%12s%12s\n", "total", "used", "free", "shared", "buff/cache", "available")
	t.Printf("Mem:   %12s%12s%12s%12s%12s%12s\n", unit(total), unit(total/8), unit(total*3/4), unit(0), unit(total/8), unit(total*7/8))
	t.Printf("Swap:  %12s%12s%12s\n", unit(0), unit(0), unit(0))
	return 0
}

// topEvery is how often top shows itself anew.
const topEvery = 5 * time.Second

func top(ctx context.Context, t *task.Task) int {
	o, _, ok := options(t, "bn:d:mH")
	if !ok {
		return 1
	}
	rounds, err := strconv.Atoi(o.value('n', "0"))
	if err != nil {
		t.Errorf("invalid number '%s'", o.value('n', ""))
		return 1
	}
	every := topEvery
	if d := o.value('d', ""); d != "" {
		if every, err = sleepTime(d); err != nil {
			t.Errorf("invalid number '%s'", d)
			return 1
		}
	}
	keys := make(chan byte, 1)
	if tty := t.TTY(); tty != nil && !o.has('b') {
		restore := tty.Raw()
		defer restore()
		go func() {
			b := make([]byte, 1)
			for {
				if _, err := tty.ReadRaw(ctx, b); err != nil {
					return
				}
				keys <- b[0]
				if b[0] == 'q' || b[0] == 3 {
					return
				}
			}
		}()
	}
	for i := 1; ; i++ {
		if !o.has('b') {
			t.Printf("\x1b[H\x1b[J")
		}
		topOnce(t)
		if i == rounds {
			return 0
		}
		timer := time.NewTimer(every)
		select {
		case <-ctx.Done():
			timer.Stop()
			return task.CodeOf(ctx)
		case k := <-keys:
			timer.Stop()
			if k == 'q' || k == 3 {
				t.Printf("\n")
				return 0
			}
		case <-timer.C:
		}
	}
}

func topOnce(t *task.Task) {
	const kb = int64(task.NodeMemory >> 10)
	list := t.Table.List()
	t.Printf("Mem: %dK used, %dK free, 0K shrd, 0K buff, %dK cached\nCPU:   0%% usr   0%% sys   0%% nic 100%% idle   0%% io   0%% irq   0%% sirq\nLoad average: 0.00 0.00 0.00 1/%d %d\n", kb/8, kb*3/4, kb/8, len(list), list[len(list)-1].PID)
	t.Printf("  PID  PPID USER     STAT   VSZ %%VSZ CPU %%CPU COMMAND\n")
	for _, e := range list {
		t.Printf("%5d %5d %-8s S     4400   0%%   0   0%% %s\n", e.PID, e.Parent, user(t), strings.Join(e.Args, " "))
	}
}

func tty(t *task.Task) int {
	if t.TTY() == nil {
		t.Printf("not a tty\n")
		return 1
	}
	t.Printf("/dev/pts/0\n")
	return 0
}

func timeout(ctx context.Context, t *task.Task) int {
	o, args, ok := leading(t, "s:k:t:", "signal=s", "kill-after=k")
	if !ok {
		return 125
	}
	limit := o.value('t', "")
	if limit == "" && len(args) > 0 {
		limit, args = args[0], args[1:]
	}
	d, err := sleepTime(limit)
	if err != nil || len(args) == 0 {
		return usage(t, "[-s SIG] SECS PROG ARGS")
	}
	sig, err := process.ParseSignal(o.value('s', "TERM"))
	if err != nil {
		t.Errorf("%v", err)
		return 125
	}
	run, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(d, func() { cancel(process.ErrKilled{Signal: sig}) })
	defer timer.Stop()
	code := runProgram(run, t, args)
	if run.Err() != nil && ctx.Err() == nil {
		if gnu(t) {
			return 124
		}
		return 128 + int(sig)
	}
	return code
}

func timed(ctx context.Context, t *task.Task) int {
	if len(t.Args) < 2 {
		return usage(t, "PROG ARGS")
	}
	start := time.Now()
	code := runProgram(ctx, t, t.Args[1:])
	d := time.Since(start)
	fmt.Fprintf(t.Err, "real\t%dm %.2fs\nuser\t0m 0.00s\nsys\t0m 0.00s\n", int(d.Minutes()), d.Seconds()-60*float64(int(d.Minutes())))
	return code
}

func watch(ctx context.Context, t *task.Task) int {
	o, args, ok := leading(t, "n:t", "interval=n")
	if !ok {
		return 1
	}
	every, err := sleepTime(o.value('n', "2"))
	if err != nil || len(args) == 0 {
		return usage(t, "[-n SEC] [-t] PROG ARGS")
	}
	for {
		t.Printf("\x1b[H\x1b[J")
		if !o.has('t') {
			t.Printf("Every %.1fs: %s%30s\n\n", every.Seconds(), strings.Join(args, " "), t.Now().UTC().Format("2006-01-02 15:04:05"))
		}
		runProgram(ctx, t, []string{"sh", "-c", strings.Join(args, " ")})
		timer := time.NewTimer(max(every, 100*time.Millisecond))
		select {
		case <-ctx.Done():
			timer.Stop()
			return task.CodeOf(ctx)
		case <-timer.C:
		}
	}
}

func which(t *task.Task) int {
	_, args, ok := options(t, "a")
	if !ok {
		return 1
	}
	code := 0
	for _, a := range args {
		p, err := task.LookPath(t.FS, t.Env, t.Dir, a)
		if err != nil {
			code = 1
			continue
		}
		t.Printf("%s\n", p)
	}
	return code
}

func xargs(ctx context.Context, t *task.Task) int {
	o, args, ok := leading(t, "n:I:0rtP:L:d:", "null=0", "max-args=n", "no-run-if-empty=r", "replace=I", "delimiter=d")
	if !ok {
		return 1
	}
	if len(args) == 0 {
		args = []string{"echo"}
	}
	items, err := xargsItems(t.In, o)
	if err != nil {
		t.Errorf("%s", fsys.Text(err))
		return 1
	}
	size := len(items)
	if n := o.value('n', o.value('L', "")); n != "" {
		if size, err = strconv.Atoi(n); err != nil || size < 1 {
			t.Errorf("invalid number '%s'", n)
			return 1
		}
	}
	if o.has('I') {
		size = 1
	}
	if len(items) == 0 && o.has('r') {
		return 0
	}
	code := 0
	for first := true; (first && !o.has('I')) || len(items) > 0; first = false {
		if len(items) == 0 && !first || ctx.Err() != nil {
			break
		}
		n := min(max(size, 0), len(items))
		argv := append(slices.Clone(args), items[:n]...)
		if mark := o.value('I', ""); mark != "" {
			argv = slices.Clone(args)
			for i := range argv {
				argv[i] = strings.ReplaceAll(argv[i], mark, items[0])
			}
		}
		items = items[n:]
		if o.has('t') {
			fmt.Fprintln(t.Err, strings.Join(argv, " "))
		}
		c := *t
		c.In = strings.NewReader("")
		switch got := runProgram(ctx, &c, argv); {
		case got >= task.CodeCannotRun && got <= task.CodeNotFound:
			return got
		case got != 0:
			code = 123
		}
	}
	return code
}

// xargsItems splits the input into words, at NULs, or for -I into lines.
func xargsItems(r io.Reader, o opts) ([]string, error) {
	b, err := io.ReadAll(bufio.NewReader(r))
	if err != nil {
		return nil, err
	}
	text := string(b)
	var items []string
	switch {
	case o.has('0'):
		items = strings.Split(strings.TrimSuffix(text, "\x00"), "\x00")
	case o.has('d'):
		items = strings.Split(strings.TrimSuffix(text, "\n"), strings.ReplaceAll(o.value('d', ""), `\n`, "\n"))
	case o.has('I'), o.has('L'):
		for _, l := range strings.Split(text, "\n") {
			if l = strings.TrimSpace(l); l != "" {
				items = append(items, l)
			}
		}
	default:
		items = splitQuoted(text)
	}
	if text == "" {
		return nil, nil
	}
	return items, nil
}

// splitQuoted splits at white space outside of quotes.
func splitQuoted(text string) []string {
	var out []string
	var word strings.Builder
	var quote rune
	inside, escaped := false, false
	for _, c := range text {
		switch {
		case escaped:
			word.WriteRune(c)
			escaped = false
		case quote == 0 && c == '\\':
			escaped, inside = true, true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, inside = c, true
		case quote == 0 && strings.ContainsRune(" \t\n", c):
			if inside {
				out = append(out, word.String())
				word.Reset()
			}
			inside = false
		default:
			word.WriteRune(c)
			inside = true
		}
	}
	if inside {
		out = append(out, word.String())
	}
	return out
}

func basename(t *task.Task) int {
	a := t.Args[1:]
	if len(a) == 0 {
		return usage(t, "FILE [SUFFIX]")
	}
	name := path.Base(a[0])
	if len(a) > 1 && name != a[1] {
		name = strings.TrimSuffix(name, a[1])
	}
	t.Printf("%s\n", name)
	return 0
}

func dirname(t *task.Task) int {
	if len(t.Args) < 2 {
		return usage(t, "FILENAME")
	}
	for _, a := range t.Args[1:] {
		if trimmed := strings.TrimRight(a, "/"); trimmed != "" {
			a = trimmed
		}
		t.Printf("%s\n", path.Dir(a))
	}
	return 0
}

// netstatPorts lists the TCP ports that programs of the Pod listen on.
func netstatPorts(t *task.Task) []int {
	entries, err := os.ReadDir(t.Spec.Net)
	if err != nil {
		return nil
	}
	var out []int
	for _, e := range entries {
		if n, err := strconv.Atoi(strings.TrimSuffix(e.Name(), ".sock")); err == nil {
			out = append(out, n)
		}
	}
	sort.Ints(out)
	return out
}
