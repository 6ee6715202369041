// Package redis is a small Redis: a server that speaks its protocol (package redcon), keeps its data in
// memory and, when it is told to, in files, and the client redis-cli. What it does not have it refuses
// by name, as a Redis of another version would: Lua, streams, cluster mode, users.
package redis

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/redcon"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// server is one running redis-server. mu is held while a command runs: they come one after the other,
// as in Redis.
type server struct {
	t       *task.Task
	conf    config
	started time.Time
	id      string
	pubsub  redcon.PubSub

	mu        sync.Mutex
	dbs       [databases]*db
	commands  map[string]command
	changed   chan struct{} // closed at the next change of data
	journal   *journal
	clients   map[int64]*client
	lastID    int64
	handled   int64
	lastSave  time.Time
	dirty     int // changes since the last save
	leader    *leader
	replicas  map[*replica]bool
	ending    chan bool // SHUTDOWN; whether to save
	following context.CancelFunc
}

// client is one connection.
type client struct {
	id     int64
	conn   redcon.Conn
	name   string
	db     int
	authed bool
	since  time.Time
	// queue holds the commands between MULTI and EXEC; nil outside.
	queue  []redcon.Command
	broken bool // one of them was refused
	// trusted is the server's own: replayed from a file or sent by the leader.
	trusted bool
}

func newServer(t *task.Task, conf config) *server {
	s := &server{
		t: t, conf: conf, started: t.Now(), commands: commands(), changed: make(chan struct{}), clients: map[int64]*client{},
		lastSave: t.Now(), replicas: map[*replica]bool{}, ending: make(chan bool, 1), id: randomID(),
	}
	for i := range s.dbs {
		s.dbs[i] = &db{keys: map[string]*value{}, now: t.Now}
	}
	return s
}

func randomID() string {
	b := make([]byte, 20)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// serve answers clients until the listener is closed.
func (s *server) serve(l net.Listener) error {
	return redcon.Serve(l, s.handle, s.accept, s.gone)
}

func (s *server) accept(conn redcon.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	c := &client{id: s.lastID, conn: conn, since: s.t.Now(), authed: s.conf.get("requirepass") == ""}
	s.clients[c.id] = c
	conn.SetContext(c)
	return true
}

func (s *server) gone(conn redcon.Conn, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := conn.Context().(*client); ok {
		delete(s.clients, c.id)
	}
}

// handle answers one command of a connection.
func (s *server) handle(conn redcon.Conn, cmd redcon.Command) {
	c := conn.Context().(*client)
	reply := s.do(c, cmd)
	if _, silent := reply.(none); !silent {
		conn.WriteAny(reply)
	}
}

// do runs a command, or keeps it for EXEC.
func (s *server) do(c *client, cmd redcon.Command) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handled++
	name := strings.ToLower(string(cmd.Args[0]))
	inner, err := s.check(c, name, len(cmd.Args)-1)
	if err != nil {
		c.broken = true
		return err
	}
	if c.queue != nil && name != "exec" && name != "discard" && name != "multi" {
		c.queue = append(c.queue, cmd)
		return text("QUEUED")
	}
	return s.run(c, inner, name, cmd)
}

// check says what forbids a command.
func (s *server) check(c *client, name string, n int) (command, error) {
	cmd, known := s.commands[name]
	switch {
	case !known && missing(name) != "":
		return cmd, fmt.Errorf("ERR the sandbox's Redis has no %s", missing(name))
	case !known:
		return cmd, fmt.Errorf("ERR unknown command '%s', with args beginning with: ", name)
	case n < cmd.min || cmd.max >= 0 && n > cmd.max:
		return cmd, errArguments(name)
	case !c.authed && name != "auth" && name != "hello" && name != "quit":
		return cmd, errors.New("NOAUTH Authentication required.")
	case cmd.write && s.leader != nil && !c.trusted:
		return cmd, errors.New("READONLY You can't write against a read only replica.")
	}
	return cmd, nil
}

func errArguments(name string) error {
	return fmt.Errorf("ERR wrong number of arguments for '%s' command", name)
}

// missing is what a real command that there is none of here belongs to.
func missing(name string) string {
	switch name {
	case "eval", "evalsha", "script", "fcall", "function", "eval_ro":
		return "Lua"
	case "xadd", "xread", "xrange", "xgroup", "xreadgroup", "xack", "xlen", "xinfo":
		return "streams"
	case "cluster", "asking", "migrate":
		return "cluster mode"
	case "acl":
		return "users (ACL)"
	case "psync", "dump", "restore":
		return "RDB transfer"
	case "geoadd", "pfadd", "setbit", "getbit", "bitcount":
		return strings.ToUpper(name)
	}
	return ""
}

// run runs a command that may run; the lock is held.
func (s *server) run(c *client, inner command, name string, cmd redcon.Command) any {
	args := make([]string, len(cmd.Args)-1)
	for i, a := range cmd.Args[1:] {
		args[i] = string(a)
	}
	k := &call{s: s, c: c, db: s.dbs[c.db], name: name, args: args}
	reply := inner.run(k)
	if _, failed := reply.(error); failed || !inner.write {
		return reply
	}
	record := k.record
	if record == nil {
		record = [][]string{append([]string{name}, args...)}
	}
	for _, r := range record {
		s.changedBy(c.db, r)
	}
	return reply
}

// changedBy tells all who want to know of a change: the file, the replicas and who waits for an item.
func (s *server) changedBy(db int, args []string) {
	s.dirty++
	close(s.changed)
	s.changed = make(chan struct{})
	s.journal.add(db, args)
	for r := range s.replicas {
		r.send(db, args)
	}
}

// awaitChange waits, with the lock given away, until the data changes. It is false when over comes first.
func (s *server) awaitChange(over <-chan time.Time) bool {
	changed := s.changed
	s.mu.Unlock()
	defer s.mu.Lock()
	select {
	case <-changed:
		return true
	case <-over:
	case <-s.t.Life.Done():
	}
	return false
}
