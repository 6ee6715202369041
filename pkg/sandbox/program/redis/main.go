package redis

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// log writes a line as Redis does; level is *, # or -.
func (s *server) log(level rune, format string, a ...any) {
	role := 'M'
	if s.leader != nil {
		role = 'S'
	}
	logLine(s.t, role, level, format, a...)
}

func logLine(t *task.Task, role, level rune, format string, a ...any) {
	t.Printf("%d:%c %s %c %s\n", t.Proc.PID, role, t.Now().UTC().Format("02 Jan 2006 15:04:05.000"), level, fmt.Sprintf(format, a...))
}

// Server is the program redis-server.
func Server(ctx context.Context, t *task.Task) int {
	args := t.Args[1:]
	if len(args) == 1 && (args[0] == "-v" || args[0] == "--version") {
		t.Printf("Redis server v=%s sha=00000000:0 malloc=libc bits=64 build=kubectl-learn\n", t.Binary.Version)
		return 0
	}
	logLine(t, 'C', '*', "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo")
	logLine(t, 'C', '*', "Redis version=%s, bits=64, commit=00000000, modified=0, pid=%d, just started", t.Binary.Version, t.Proc.PID)
	conf, fromFile, err := readConfig(t, args)
	if err != nil {
		fmt.Fprintln(t.Err, err)
		return 1
	}
	if fromFile {
		logLine(t, 'C', '*', "Configuration loaded")
	} else if len(args) == 0 {
		logLine(t, 'C', '#', "Warning: no config file specified, using the default config. In order to specify a config file use redis-server /path/to/redis.conf")
	}
	return newServer(t, conf).main(ctx)
}

func (s *server) main(ctx context.Context) int {
	t := s.t
	told := make(chan process.Signal, 1)
	t.Proc.Handle(func(sig process.Signal) bool {
		if sig != process.TERM && sig != process.INT {
			return false
		}
		select {
		case told <- sig:
		default:
		}
		return true
	})
	l, err := t.Net.Listen(ctx, "tcp", ":"+s.conf.get("port"))
	if err != nil {
		s.log('#', "Warning: Could not create server TCP listening socket *:%s: bind: Address already in use", s.conf.get("port"))
		s.log('#', "Failed listening on port %s (tcp), aborting.", s.conf.get("port"))
		return 1
	}
	defer l.Close()
	s.log('*', "Running mode=standalone, port=%s.", s.conf.get("port"))
	s.log('*', "Server initialized")
	if err := s.load(); err != nil {
		s.log('#', "Fatal error loading the DB: %v. Exiting.", err)
		return 1
	}
	if host, port, both := strings.Cut(s.conf.get("replicaof"), " "); both {
		s.mu.Lock()
		s.follow(host, strings.TrimSpace(port))
		s.mu.Unlock()
	}
	s.log('*', "Ready to accept connections tcp")
	go func() { _ = s.serve(l) }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return task.CodeOf(ctx)
		case sig := <-told:
			t.Printf("%d:signal-handler (%d) Received SIG%s scheduling shutdown...\n", t.Proc.PID, t.Now().Unix(), sig)
			return s.end(s.conf.get("save") != "")
		case keep := <-s.ending:
			return s.end(keep)
		case <-tick.C:
			s.saveIfDue()
		}
	}
}

// saveIfDue saves as the directive save says: pairs of seconds and of changes in that time.
func (s *server) saveIfDue() {
	s.mu.Lock()
	defer s.mu.Unlock()
	rules := strings.Fields(s.conf.get("save"))
	for i := 0; i+1 < len(rules); i += 2 {
		seconds, serr := integer(rules[i])
		changes, cerr := integer(rules[i+1])
		since := s.t.Now().Sub(s.lastSave)
		if serr != nil || cerr != nil || int64(s.dirty) < changes || since < time.Duration(seconds)*time.Second {
			continue
		}
		s.log('*', "%d changes in %d seconds. Saving...", changes, seconds)
		if err := s.saveDump(); err != nil {
			s.log('#', "Failed saving the DB: %v", err)
			s.lastSave = s.t.Now() // and not each second
			return
		}
		s.log('*', "DB saved on disk")
		return
	}
}

// end saves what is to be saved and returns the exit code.
func (s *server) end(keep bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log('*', "User requested shutdown...")
	if keep {
		s.log('*', "Saving the final RDB snapshot before exiting.")
		if err := s.saveDump(); err != nil {
			s.log('#', "Error trying to save the DB: %v", err)
			return 1
		}
		s.log('*', "DB saved on disk")
	}
	s.log('#', "Redis is now ready to exit, bye bye...")
	return 0
}
