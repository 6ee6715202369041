package redis

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"

	"github.com/tidwall/redcon"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// The files are those of Redis. An append-only file holds commands there too; the dump, which is in a
// format of its own in Redis, holds commands here: those that would make the data anew.

// journal is the append-only file. A nil one records nothing.
type journal struct {
	file fsys.File
	db   int
}

// add writes a change down.
func (j *journal) add(db int, args []string) {
	if j == nil {
		return
	}
	var b []byte
	if db != j.db {
		b = encode(b, []string{"SELECT", strconv.Itoa(db)})
		j.db = db
	}
	_, _ = j.file.Write(encode(b, args)) // a full disk shows in the file's size; Redis would stop taking writes
}

// encode appends a command as clients send it.
func encode(b []byte, args []string) []byte {
	b = redcon.AppendArray(b, len(args))
	for _, a := range args {
		b = redcon.AppendBulkString(b, a)
	}
	return b
}

func (s *server) dumpFile() string {
	return path.Join(s.t.Path(s.conf.get("dir")), s.conf.get("dbfilename"))
}

func (s *server) appendFile() string {
	return path.Join(s.t.Path(s.conf.get("dir")), s.conf.get("appenddirname"), s.conf.get("appendfilename")+".1.incr.aof")
}

// load reads what an earlier server left: the append-only file where that is on, else the dump.
func (s *server) load() error {
	name := s.dumpFile()
	if s.conf.get("appendonly") == "yes" {
		name = s.appendFile()
	}
	b, err := s.t.FS.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read %s: %s", name, fsys.Text(err))
	}
	if len(b) > 0 {
		if err := s.replay(b); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		s.log('*', "DB loaded from %s: %d keys", map[bool]string{true: "append only file", false: "disk"}[s.conf.get("appendonly") == "yes"], s.keys())
	}
	s.dirty = 0
	if s.conf.get("appendonly") != "yes" {
		return nil
	}
	return s.openJournal(name)
}

func (s *server) openJournal(name string) error {
	if err := s.t.FS.MkdirAll(path.Dir(name), 0o755); err != nil {
		return fmt.Errorf("make %s: %s", path.Dir(name), fsys.Text(err))
	}
	f, err := s.t.FS.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("open %s: %s", name, fsys.Text(err))
	}
	s.journal = &journal{file: f, db: -1}
	return nil
}

func (s *server) keys() int {
	n := 0
	for _, d := range s.dbs {
		n += len(d.keys)
	}
	return n
}

// replay runs the commands of a file. One that was cut off at the end, by a kill, is left out.
func (s *server) replay(b []byte) error {
	c := &client{authed: true, trusted: true}
	rd := redcon.NewReader(bytes.NewReader(b))
	for {
		cmd, err := rd.ReadCommand()
		if err != nil {
			return nil
		}
		if reply, failed := s.do(c, cmd).(error); failed {
			return reply
		}
	}
}

// commands are those that make all data anew.
func (s *server) snapshot() [][]string {
	var out [][]string
	for i, d := range s.dbs {
		names := d.names("*")
		if len(names) > 0 {
			out = append(out, []string{"SELECT", strconv.Itoa(i)})
		}
		for _, k := range names {
			v := d.keys[k]
			out = append(out, rebuild(k, v.data))
			if !v.expires.IsZero() {
				out = append(out, deadline(k, v.expires))
			}
		}
	}
	return out
}

// rebuild is the command that sets a key to what it holds.
func rebuild(key string, data any) []string {
	switch x := data.(type) {
	case string:
		return []string{"SET", key, x}
	case []string:
		return append([]string{"RPUSH", key}, x...)
	case map[string]string:
		out := []string{"HSET", key}
		for _, f := range sorted(x) {
			out = append(out, f, x[f])
		}
		return out
	case map[string]bool:
		return append([]string{"SADD", key}, sorted(x)...)
	}
	z := data.(map[string]float64)
	out := []string{"ZADD", key}
	for _, n := range ranked(z) {
		out = append(out, floatText(z[n]), n)
	}
	return out
}

// saveDump writes all data into the dump, in one move.
func (s *server) saveDump() error {
	var b []byte
	for _, cmd := range s.snapshot() {
		b = encode(b, cmd)
	}
	name := s.dumpFile()
	temp := name + ".temp"
	if err := write(s.t, temp, b); err != nil {
		return fmt.Errorf("write %s: %s", name, fsys.Text(err))
	}
	if err := s.t.FS.Rename(temp, name); err != nil {
		return fmt.Errorf("write %s: %s", name, fsys.Text(err))
	}
	s.dirty, s.lastSave = 0, s.t.Now()
	return nil
}

func write(t *task.Task, name string, b []byte) error {
	f, err := t.FS.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}
