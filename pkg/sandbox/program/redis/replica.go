package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/redcon"
)

// Replication is like that of Redis to look at. What goes over the wire are the commands that make the
// data anew and then each change, not Redis' own format: both ends must be of the sandbox.

const (
	// retryLeader is how long a replica waits before it asks its leader again.
	retryLeader = time.Second
	// replicaBacklog is how many changes may wait for a slow replica, which is then cut off.
	replicaBacklog = 4096
)

// leader is whom this server follows.
type leader struct {
	host, port string
	linked     bool
}

// replica is a server that follows this one.
type replica struct {
	conn  redcon.DetachedConn
	queue chan []byte
	db    int
}

// send hands a change on. A replica that cannot keep up is let go.
func (r *replica) send(db int, args []string) {
	var b []byte
	if db != r.db {
		b = encode(b, []string{"SELECT", strconv.Itoa(db)})
		r.db = db
	}
	select {
	case r.queue <- encode(b, args):
	default:
		_ = r.conn.Close()
	}
}

// syncReplica takes a connection over as a replica's.
func syncReplica(c *call) any {
	s := c.s
	r := &replica{conn: c.c.conn.Detach(), queue: make(chan []byte, replicaBacklog), db: -1}
	b := redcon.AppendOK(nil)
	b = encode(b, []string{"FLUSHALL"})
	for _, cmd := range s.snapshot() {
		b = encode(b, cmd)
	}
	r.queue <- b
	s.replicas[r] = true
	s.log('*', "Replica %s asks for synchronization", c.c.conn.RemoteAddr())
	ctx, end := context.WithCancel(s.t.Life)
	go func() {
		// It sends nothing; its end is all that can be read.
		for {
			if _, err := r.conn.ReadCommand(); err != nil {
				end()
				return
			}
		}
	}()
	go func() {
		defer s.forget(r)
		for {
			select {
			case <-ctx.Done():
				return
			case b := <-r.queue:
				r.conn.WriteRaw(b)
				if r.conn.Flush() != nil {
					return
				}
			}
		}
	}()
	return none{}
}

func (s *server) forget(r *replica) {
	_ = r.conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.replicas, r)
	s.log('*', "Connection with replica %s lost.", r.conn.RemoteAddr())
}

// replicaOf follows another server, or with NO ONE none.
func replicaOf(c *call) any {
	c.s.follow(c.args[0], c.args[1])
	return ok
}

// follow begins to follow; the lock is held.
func (s *server) follow(host, port string) {
	if s.following != nil {
		s.following()
		s.following = nil
	}
	if strings.EqualFold(host, "no") {
		if s.leader != nil {
			s.log('*', "MASTER MODE enabled (user request)")
		}
		s.leader = nil
		return
	}
	l := &leader{host: host, port: port}
	s.leader = l
	ctx, end := context.WithCancel(s.t.Life)
	s.following = end
	go func() {
		said := ""
		for ctx.Err() == nil {
			err := s.followOnce(ctx, l)
			s.setLinked(l, false)
			if ctx.Err() != nil {
				return
			}
			if why := err.Error(); why != said {
				s.log('#', "Connection with MASTER %s:%s: %s", host, port, why)
				said = why
			}
			select {
			case <-ctx.Done():
			case <-time.After(retryLeader):
			}
		}
	}()
}

func (s *server) setLinked(l *leader, linked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.linked = linked
}

// followOnce does what the leader says until the connection ends.
func (s *server) followOnce(ctx context.Context, l *leader) error {
	conn, err := s.t.Net.DialContext(ctx, "tcp", net.JoinHostPort(l.host, l.port))
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	b := []byte{}
	if pass := s.conf.get("masterauth"); pass != "" {
		b = encode(b, []string{"AUTH", pass})
	}
	if _, err := conn.Write(encode(b, []string{"SYNC"})); err != nil {
		return err
	}
	answers := newReplies(conn)
	for n := 0; n < 1+min(1, len(b)); n++ {
		r, err := answers.next()
		if err != nil {
			return err
		}
		if r.Type == redcon.Error {
			return errors.New(string(r.Data))
		}
	}
	s.setLinked(l, true)
	s.log('*', "MASTER <-> REPLICA sync started")
	c := &client{authed: true, trusted: true}
	for {
		cmd, err := answers.command()
		if err != nil {
			return err
		}
		if len(cmd.Args) > 0 {
			s.do(c, cmd)
		}
	}
}

func (s *server) replication() string {
	if s.leader != nil {
		return fmt.Sprintf("role:slave\r\nmaster_host:%s\r\nmaster_port:%s\r\nmaster_link_status:%s\r\nslave_read_only:1\r\nconnected_slaves:%d\r\n",
			s.leader.host, s.leader.port, map[bool]string{true: "up", false: "down"}[s.leader.linked], len(s.replicas))
	}
	out := fmt.Sprintf("role:master\r\nconnected_slaves:%d\r\n", len(s.replicas))
	n := 0
	for r := range s.replicas {
		host, port, _ := net.SplitHostPort(r.conn.RemoteAddr())
		out += fmt.Sprintf("slave%d:ip=%s,port=%s,state=online\r\n", n, host, port)
		n++
	}
	return out
}

func roleOf(c *call) any {
	if l := c.s.leader; l != nil {
		return []any{"slave", l.host, l.port, map[bool]string{true: "connected", false: "connect"}[l.linked], num(0)}
	}
	return []any{"master", num(0), []any{}}
}
