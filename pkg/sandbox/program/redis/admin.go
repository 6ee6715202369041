package redis

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

func serverCommands() map[string]command {
	return map[string]command{
		"info":      {0, -1, false, info},
		"config":    {1, -1, false, configure},
		"command":   {0, -1, false, commandInfo},
		"time":      {0, 0, false, func(c *call) any { return clock(c.s.t.Now()) }},
		"save":      {0, 0, false, save},
		"bgsave":    {0, 1, false, func(c *call) any { return savedAs(save(c), "Background saving started") }},
		"lastsave":  {0, 0, false, func(c *call) any { return num(c.s.lastSave.Unix()) }},
		"shutdown":  {0, 2, false, shutdown},
		"role":      {0, 0, false, roleOf},
		"replicaof": {2, 2, false, replicaOf},
		"slaveof":   {2, 2, false, replicaOf},
		"replconf":  {0, -1, false, func(*call) any { return ok }},
		"sync":      {0, 0, false, syncReplica},
		"wait":      {2, 2, false, func(c *call) any { return num(len(c.s.replicas)) }},
		"debug":     {1, -1, false, debug},
	}
}

func clock(now time.Time) any {
	return list([]string{fmt.Sprint(now.Unix()), fmt.Sprint(now.Nanosecond() / 1000)})
}

func commandInfo(c *call) any {
	if len(c.args) > 0 && word(c.args[0]) == "count" {
		return num(len(c.s.commands))
	}
	return []any{}
}

// debug knows sleep: it stops the server for so many seconds, which is what a probe should notice.
func debug(c *call) any {
	if word(c.args[0]) != "sleep" || len(c.args) < 2 {
		return errors.New("ERR the sandbox's Redis has DEBUG SLEEP only")
	}
	n, err := decimal(c.args[1])
	if err != nil {
		return err
	}
	time.Sleep(time.Duration(n * float64(time.Second)))
	return ok
}

func save(c *call) any {
	if err := c.s.saveDump(); err != nil {
		c.s.log('#', "Failed saving the DB: %v", err)
		return errors.New("ERR " + err.Error())
	}
	return ok
}

func savedAs(reply any, say string) any {
	if reply == ok {
		return text(say)
	}
	return reply
}

func shutdown(c *call) any {
	keep := c.s.conf.get("save") != ""
	for _, a := range c.args {
		switch word(a) {
		case "nosave":
			keep = false
		case "save":
			keep = true
		}
	}
	select {
	case c.s.ending <- keep:
	default:
	}
	return none{}
}

func configure(c *call) any {
	switch sub := word(c.args[0]); {
	case sub == "get" && len(c.args) > 1:
		var out []string
		for _, name := range sorted(c.s.conf) {
			for _, pattern := range c.args[1:] {
				if matches(word(pattern), name) {
					out = append(out, name, c.s.conf[name])
					break
				}
			}
		}
		return list(out)
	case sub == "set" && len(c.args) > 2 && len(c.args)%2 == 1:
		for i := 1; i < len(c.args); i += 2 {
			if err := c.s.conf.change(word(c.args[i]), c.args[i+1]); err != nil {
				return err
			}
		}
		return ok
	case sub == "rewrite":
		return errors.New("ERR The server is running without a config file")
	case sub == "resetstat":
		c.s.handled = 0
		return ok
	}
	return errSyntax
}

func (s *server) role() string {
	if s.leader != nil {
		return "slave"
	}
	return "master"
}

// info is what INFO says, of the sections that are asked for.
func info(c *call) any {
	s := c.s
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	up := int(s.t.Now().Sub(s.started).Seconds())
	sections := []struct{ name, text string }{
		{"Server", fmt.Sprintf("redis_version:%s\r\nredis_mode:standalone\r\nos:Linux %s\r\narch_bits:64\r\nprocess_id:%d\r\nrun_id:%s\r\ntcp_port:%s\r\nuptime_in_seconds:%d\r\nuptime_in_days:%d\r\n",
			s.t.Binary.Version, task.KernelRelease, s.t.Proc.PID, s.id, s.conf.get("port"), up, up/86400)},
		{"Clients", fmt.Sprintf("connected_clients:%d\r\n", len(s.clients))},
		{"Memory", fmt.Sprintf("used_memory:%d\r\nused_memory_human:%.2fM\r\nmaxmemory:%s\r\nmaxmemory_policy:%s\r\n", m.HeapInuse, float64(m.HeapInuse)/(1<<20), s.conf.get("maxmemory"), s.conf.get("maxmemory-policy"))},
		{"Persistence", fmt.Sprintf("loading:0\r\nrdb_changes_since_last_save:%d\r\nrdb_last_save_time:%d\r\nrdb_last_bgsave_status:ok\r\naof_enabled:%d\r\n", s.dirty, s.lastSave.Unix(), yes(s.conf.get("appendonly") == "yes"))},
		{"Stats", fmt.Sprintf("total_connections_received:%d\r\ntotal_commands_processed:%d\r\n", s.lastID, s.handled)},
		{"Replication", s.replication()},
		{"Keyspace", s.keyspace()},
	}
	var out []string
	for _, x := range sections {
		for _, want := range append(c.args, map[bool][]string{true: {"all"}}[len(c.args) == 0]...) {
			if w := word(want); w == "all" || w == "everything" || w == "default" || w == word(x.name) {
				out = append(out, "# "+x.name+"\r\n"+x.text)
				break
			}
		}
	}
	return strings.Join(out, "\r\n")
}

func (s *server) keyspace() string {
	out := ""
	for i, d := range s.dbs {
		names := d.names("*")
		if len(names) == 0 {
			continue
		}
		expires := 0
		for _, k := range names {
			if !d.keys[k].expires.IsZero() {
				expires++
			}
		}
		out += fmt.Sprintf("db%d:keys=%d,expires=%d,avg_ttl=0\r\n", i, len(names), expires)
	}
	return out
}
