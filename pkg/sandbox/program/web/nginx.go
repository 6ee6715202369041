package web

import (
	"context"
	"fmt"
	"net"
	"os"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

const (
	nginxConfFile = "/etc/nginx/nginx.conf"
	nginxPid      = "/run/nginx.pid"
)

// nginx is one running nginx.
type nginx struct {
	t       *task.Task
	log     *nginxLog
	conf    atomic.Pointer[config]
	version string

	accepted atomic.Int64
	requests atomic.Int64
	active   atomic.Int64
	turn     atomic.Int64 // of upstreams
}

// Nginx is the program nginx.
func Nginx(ctx context.Context, t *task.Task) int {
	n := &nginx{t: t, version: t.Binary.Version, log: &nginxLog{t: t}}
	o, ok := n.options()
	if !ok {
		return 1
	}
	switch {
	case o.version:
		fmt.Fprintf(t.Err, "nginx version: nginx/%s\n", n.version)
		if o.build {
			fmt.Fprintf(t.Err, "built by %s\nTLS SNI support enabled\nconfigure arguments: --prefix=/etc/nginx --conf-path=%s\n", n.compiler(), nginxConfFile)
		}
		return 0
	case o.signal != "":
		return n.signal(o.signal)
	}
	conf, err := n.load(o)
	if err != nil {
		n.log.emerg(err)
		if o.test {
			fmt.Fprintf(t.Err, "nginx: configuration file %s test failed\n", o.file)
		}
		return 1
	}
	if o.test {
		if !o.quiet {
			fmt.Fprintf(t.Err, "nginx: the configuration file %s syntax is ok\nnginx: configuration file %s test is successful\n", o.file, o.file)
		}
		if o.dump {
			n.dump(o)
		}
		return 0
	}
	if !conf.daemon {
		return n.serve(ctx, conf, o)
	}
	return n.daemon(ctx, conf, o)
}

// daemon opens the ports, so that a failure is this command's, and goes on in the background.
func (n *nginx) daemon(ctx context.Context, conf *config, o nginxOptions) int {
	open := map[int]net.Listener{}
	if err := n.listen(ctx, conf, open); err != nil {
		closeAll(open)
		return 1
	}
	err := n.t.Daemon(func(ctx context.Context, t *task.Task) int {
		d := &nginx{t: t, log: &nginxLog{t: t}, version: n.version}
		return d.master(ctx, conf, o, open)
	})
	if err != nil {
		closeAll(open)
		n.log.emerg(err)
		return 1
	}
	return 0
}

func closeAll(open map[int]net.Listener) {
	for _, l := range open {
		_ = l.Close()
	}
}

func (n *nginx) compiler() string { return strings.ReplaceAll(n.t.Binary.Flavor, "_", " ") }

// nginxOptions is the command line.
type nginxOptions struct {
	file                              string
	global                            string
	signal                            string
	version, build, test, dump, quiet bool
}

func (n *nginx) options() (o nginxOptions, ok bool) {
	o.file = nginxConfFile
	args := n.t.Args[1:]
	for len(args) > 0 {
		a := args[0]
		args = args[1:]
		if len(a) < 2 || a[0] != '-' {
			fmt.Fprintf(n.t.Err, "nginx: invalid option: %q\n", a)
			return o, false
		}
		value := a[2:]
		if strings.IndexByte("cgspe", a[1]) >= 0 && value == "" {
			if len(args) == 0 {
				fmt.Fprintf(n.t.Err, "nginx: option \"-%c\" requires parameter\n", a[1])
				return o, false
			}
			value, args = args[0], args[1:]
		}
		switch a[1] {
		case 'v':
			o.version = true
		case 'V':
			o.version, o.build = true, true
		case 't':
			o.test = true
		case 'T':
			o.test, o.dump = true, true
		case 'q':
			o.quiet = true
		case 'c':
			o.file = value
		case 'g':
			o.global = value
		case 's':
			o.signal = value
		case 'p', 'e':
		case '?', 'h':
			fmt.Fprintf(n.t.Err, "nginx version: nginx/%s\nUsage: nginx [-?hvVtTq] [-s signal] [-c filename] [-g directives]\n", n.version)
			return o, false
		default:
			fmt.Fprintf(n.t.Err, "nginx: invalid option: \"%c\"\n", a[1])
			return o, false
		}
	}
	return o, true
}

func (n *nginx) load(o nginxOptions) (*config, error) {
	list, err := readConf(n.t, n.t.Path(o.file))
	if err != nil {
		return nil, err
	}
	if o.global != "" {
		p := &confParser{t: n.t, text: o.global + "\n", file: "command line", line: 1}
		global, err := p.block(false)
		if err != nil {
			return nil, err
		}
		list = append(global, list...)
	}
	c, err := build(list)
	if err != nil {
		return nil, err
	}
	return c, n.upstreamsExist(c)
}

// upstreamsExist resolves the hosts of proxy_pass, which nginx does once, at its start.
func (n *nginx) upstreamsExist(c *config) error {
	for _, s := range c.sites {
		for _, l := range s.locations {
			if l.proxy == nil || c.upstreams[l.proxy.Host] != nil {
				continue
			}
			host := l.proxy.Hostname()
			if net.ParseIP(host) != nil || host == "localhost" || host == n.t.Spec.Hostname {
				continue
			}
			if _, err := n.t.Net.Lookup(context.Background(), "A", host); err != nil {
				return &confError{text: fmt.Sprintf("host not found in upstream %q", l.proxy.Host)}
			}
		}
	}
	return nil
}

// dump prints the configuration, for nginx -T.
func (n *nginx) dump(o nginxOptions) {
	files := append([]string{o.file}, glob(n.t, "/etc/nginx/conf.d/*.conf")...)
	for _, f := range files {
		if b, err := n.t.FS.ReadFile(n.t.Path(f)); err == nil {
			n.t.Printf("# configuration file %s:\n%s\n", f, b)
		}
	}
}

// signal does nginx -s: it sends a signal to the master.
func (n *nginx) signal(name string) int {
	sig, ok := map[string]process.Signal{"stop": process.TERM, "quit": process.QUIT, "reload": process.HUP, "reopen": process.USR1}[name]
	if !ok {
		fmt.Fprintf(n.t.Err, "nginx: invalid option: \"-s %s\"\n", name)
		return 1
	}
	b, err := n.t.FS.ReadFile(nginxPid)
	if err != nil {
		n.log.print("error", "open() %q failed (%s)", nginxPid, errno(err))
		fmt.Fprintf(n.t.Err, "nginx: [error] open() %q failed (%s)\n", nginxPid, errno(err))
		return 1
	}
	pid := 0
	if _, err := fmt.Sscan(string(b), &pid); err != nil {
		fmt.Fprintf(n.t.Err, "nginx: [error] invalid PID number %q in %q\n", strings.TrimSpace(string(b)), nginxPid)
		return 1
	}
	n.log.print("notice", "signal process started")
	if err := n.t.Table.Signal(pid, sig); err != nil {
		fmt.Fprintf(n.t.Err, "nginx: [alert] kill(%d, %d) failed (3: No such process)\n", pid, sig)
		return 1
	}
	return 0
}

// serve opens the ports and answers until a signal comes.
func (n *nginx) serve(ctx context.Context, conf *config, o nginxOptions) int {
	open := map[int]net.Listener{}
	if err := n.listen(ctx, conf, open); err != nil {
		closeAll(open)
		return 1
	}
	return n.master(ctx, conf, o, open)
}

// master answers until a signal comes.
func (n *nginx) master(ctx context.Context, conf *config, o nginxOptions, open map[int]net.Listener) int {
	ch := signals(n.t, process.TERM, process.INT, process.QUIT, process.HUP, process.USR1, process.WINCH)
	defer func() { closeAll(open) }()
	n.conf.Store(conf)
	_ = n.t.FS.WriteFile(nginxPid, fmt.Appendf(nil, "%d\n", n.t.Proc.PID), 0o644)
	defer func() { _ = n.t.FS.Remove(nginxPid) }()
	workers := n.started()
	defer func() {
		for _, w := range workers {
			w.End()
		}
	}()
	running := []*server{n.run(ctx, values(open))}
	for {
		select {
		case <-ctx.Done():
			return task.CodeOf(ctx)
		case s := <-ch:
			switch s {
			case process.HUP:
				running = n.reload(ctx, o, open, running)
			case process.USR1:
				n.log.print("notice", "signal 10 (SIGUSR1) received, reopening logs")
			case process.WINCH:
			default:
				return n.end(ctx, s, running, workers)
			}
		}
	}
}

func values(m map[int]net.Listener) []net.Listener {
	var out []net.Listener
	for _, l := range m {
		out = append(out, l)
	}
	return out
}

// listenTries and listenPause are how nginx tries again for a port that is taken.
const (
	listenTries = 5
	listenPause = 500 * time.Millisecond
)

func (n *nginx) listen(ctx context.Context, conf *config, open map[int]net.Listener) error {
	for try := 0; ; try++ {
		failed := false
		for _, p := range conf.ports {
			if open[p] != nil {
				continue
			}
			l, err := n.t.Net.Listen(ctx, "tcp", fmt.Sprintf(":%d", p))
			if err == nil {
				open[p] = l
				continue
			}
			if !inUse(err) {
				n.log.emerg(&confError{text: fmt.Sprintf("bind() to 0.0.0.0:%d failed (%v)", p, err)})
				return err
			}
			failed = true
			n.log.emerg(&confError{text: fmt.Sprintf("bind() to 0.0.0.0:%d failed (98: Address already in use)", p)})
		}
		if !failed {
			return nil
		}
		n.log.print("notice", "try again to bind() after 500ms")
		if try+1 == listenTries {
			n.log.emerg(&confError{text: "still could not bind()"})
			return errConfig
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(listenPause):
		}
	}
}

// started logs what the real one does, and gives the workers their place in the process table.
func (n *nginx) started() []*process.Process {
	n.log.print("notice", "using the \"epoll\" event method")
	n.log.print("notice", "nginx/%s", n.version)
	n.log.print("notice", "built by %s ", n.compiler())
	n.log.print("notice", "OS: Linux %s", task.KernelRelease)
	n.log.print("notice", "getrlimit(RLIMIT_NOFILE): 1048576:1048576")
	n.log.print("notice", "start worker processes")
	args := append([]string{}, n.t.Args...)
	args[0] = "nginx: master process " + args[0]
	n.t.Proc.SetArgs(args)
	var out []*process.Process
	for range task.NodeCPUs {
		w, _, err := n.t.Table.Start(context.Background(), false, n.t.Proc.PID, true, []string{"nginx: worker process"})
		if err != nil {
			break
		}
		// A worker is only a name: whoever kills it gets a new one, as from the master.
		w.Handle(func(process.Signal) bool { return true })
		n.log.print("notice", "start worker process %d", w.PID)
		out = append(out, w)
	}
	if len(out) > 0 {
		n.log.worker = out[0].PID
	}
	return out
}

func (n *nginx) run(ctx context.Context, listeners []net.Listener) *server {
	return start(ctx, listeners, n)
}

// reload takes the configuration anew. A wrong one leaves everything as it was.
func (n *nginx) reload(ctx context.Context, o nginxOptions, open map[int]net.Listener, running []*server) []*server {
	n.log.print("notice", "signal 1 (SIGHUP) received from %d, reconfiguring", n.t.Proc.PID)
	n.log.print("notice", "reconfiguring")
	conf, err := n.load(o)
	if err != nil {
		n.log.print("emerg", "%v", err)
		return running
	}
	before := map[int]bool{}
	for p := range open {
		before[p] = true
	}
	if err := n.listen(ctx, conf, open); err != nil {
		return running
	}
	for p, l := range open {
		if !contains(conf.ports, p) {
			_ = l.Close()
			delete(open, p)
		}
	}
	n.conf.Store(conf)
	n.log.print("notice", "start worker processes")
	var fresh []net.Listener
	for p, l := range open {
		if !before[p] {
			fresh = append(fresh, l)
		}
	}
	if len(fresh) > 0 {
		running = append(running, n.run(ctx, fresh))
	}
	return running
}

func (n *nginx) end(ctx context.Context, s process.Signal, running []*server, workers []*process.Process) int {
	n.log.print("notice", "signal %d (SIG%s) received, %s", int(s), s, map[bool]string{true: "shutting down", false: "exiting"}[s == process.QUIT])
	for _, r := range running {
		if s == process.QUIT {
			r.finish(ctx)
		} else {
			r.stop()
		}
	}
	for _, w := range workers {
		n.log.from(w.PID, "notice", "%s", map[bool]string{true: "gracefully shutting down", false: "exiting"}[s == process.QUIT])
		n.log.from(w.PID, "notice", "exit")
	}
	n.log.print("notice", "signal 17 (SIGCHLD) received")
	for _, w := range workers {
		n.log.print("notice", "worker process %d exited with code 0", w.PID)
	}
	n.log.print("notice", "exit")
	return 0
}

// nginxLog is the error log, which in the image is standard error.
type nginxLog struct {
	t      *task.Task
	worker int
}

func (l *nginxLog) from(pid int, level, format string, a ...any) {
	line := fmt.Sprintf("%s [%s] %d#%d: %s\n", l.t.Now().UTC().Format("2006/01/02 15:04:05"), level, pid, pid, fmt.Sprintf(format, a...))
	f, err := l.t.OpenFile("/var/log/nginx/error.log", os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		fmt.Fprint(l.t.Err, line)
		return
	}
	_, _ = f.Write([]byte(line))
	_ = f.Close()
}

// print writes a line of the master process.
func (l *nginxLog) print(level, format string, a ...any) { l.from(l.t.Proc.PID, level, format, a...) }

// emerg writes why nginx cannot start: to the log, and as what the command says.
func (l *nginxLog) emerg(err error) {
	l.print("emerg", "%v", err)
	fmt.Fprintf(l.t.Err, "nginx: [emerg] %v\n", err)
}

// Entrypoint is the image's /docker-entrypoint.sh: it prepares the configuration and becomes the
// command.
func Entrypoint(ctx context.Context, t *task.Task) int {
	args := t.Args[1:]
	if len(args) == 0 {
		return 0
	}
	if args[0] == "nginx" || args[0] == "nginx-debug" {
		prepareNginx(ctx, t)
	}
	c := t.Sub(args...)
	prog, bin, loaded, err := c.Load()
	if err != nil {
		fmt.Fprintf(t.Err, "/docker-entrypoint.sh: 47: exec: %s: not found\n", args[0])
		return task.CodeNotFound
	}
	t.Proc.Handle(nil)
	t.Proc.SetArgs(loaded)
	return c.Become(ctx, t.Proc, bin, loaded, prog)
}

func prepareNginx(ctx context.Context, t *task.Task) {
	say := func(format string, a ...any) {
		if t.Getenv("NGINX_ENTRYPOINT_QUIET_LOGS") == "" {
			t.Printf(format+"\n", a...)
		}
	}
	entries, err := t.FS.ReadDir("/docker-entrypoint.d")
	if err != nil || len(entries) == 0 {
		say("/docker-entrypoint.sh: No files found in /docker-entrypoint.d/, skipping configuration")
		return
	}
	say("/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration")
	say("/docker-entrypoint.sh: Looking for shell scripts in /docker-entrypoint.d/")
	for _, e := range entries {
		file := "/docker-entrypoint.d/" + e.Name()
		switch {
		case strings.HasSuffix(file, ".envsh"):
			say("/docker-entrypoint.sh: Sourcing %s", file)
		case !strings.HasSuffix(file, ".sh"):
			say("/docker-entrypoint.sh: Ignoring %s", file)
		default:
			fi, err := t.FS.Stat(file)
			if err != nil || fi.Mode()&0o111 == 0 {
				say("/docker-entrypoint.sh: Ignoring %s, not executable", file)
				continue
			}
			say("/docker-entrypoint.sh: Launching %s", file)
			switch e.Name() {
			case "10-listen-on-ipv6-by-default.sh":
				// The Pod network is IPv4, and this is what the image's script says then.
				say("%s: info: ipv6 not available", e.Name())
			case "20-envsubst-on-templates.sh":
				templates(t, say)
			default:
				if _, err := t.Sub(file).Run(ctx); err != nil {
					fmt.Fprintf(t.Err, "/docker-entrypoint.sh: %s: %s\n", file, fsys.Text(err))
				}
			}
		}
	}
	say("/docker-entrypoint.sh: Configuration complete; ready for start up")
}

// templates replaces variables in /etc/nginx/templates/*.template and writes the results to conf.d.
func templates(t *task.Task, say func(string, ...any)) {
	const name = "20-envsubst-on-templates.sh"
	dir, out := t.Getenv("NGINX_ENVSUBST_TEMPLATE_DIR"), t.Getenv("NGINX_ENVSUBST_OUTPUT_DIR")
	if dir == "" {
		dir = "/etc/nginx/templates"
	}
	if out == "" {
		out = "/etc/nginx/conf.d"
	}
	entries, err := t.FS.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		to, ok := strings.CutSuffix(e.Name(), ".template")
		if !ok {
			continue
		}
		b, err := t.FS.ReadFile(path.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		say("%s: Running envsubst on %s to %s", name, path.Join(dir, e.Name()), path.Join(out, to))
		text := substitute(string(b), t.Env)
		if err := t.FS.WriteFile(path.Join(out, to), []byte(text), 0o644); err != nil {
			fmt.Fprintf(t.Err, "%s: ERROR: %s exists, but %s is not writable\n", name, dir, out)
			return
		}
	}
}

// substitute replaces the variables that are defined, and no others.
func substitute(text string, env []string) string {
	for _, kv := range env {
		k, v, _ := strings.Cut(kv, "=")
		text = strings.ReplaceAll(text, "${"+k+"}", v)
	}
	return text
}
