package web

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

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
