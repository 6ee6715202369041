package redis

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// config is the server's configuration, by directive.
type config map[string]string

// defaults are those directives that there are.
func defaults() config {
	return config{
		"port": "6379", "bind": "* -::*", "dir": "/data", "dbfilename": "dump.rdb", "save": "3600 1 300 100 60 10000",
		"appendonly": "no", "appendfilename": "appendonly.aof", "appenddirname": "appendonlydir", "appendfsync": "everysec",
		"maxmemory": "0", "maxmemory-policy": "noeviction", "maxclients": "10000", "requirepass": "", "masterauth": "", "replicaof": "",
		"timeout": "0", "databases": strconv.Itoa(databases), "loglevel": "notice", "logfile": "", "protected-mode": "no", "tcp-keepalive": "300",
		"daemonize": "no", "notify-keyspace-events": "", "slowlog-log-slower-than": "10000",
	}
}

// ignored are directives that change nothing here.
const ignored = ` pidfile supervised always-show-logo stop-writes-on-bgsave-error rdbcompression rdbchecksum replica-serve-stale-data replica-read-only lazyfree-lazy-eviction
tcp-backlog hz dynamic-hz repl-diskless-sync no-appendfsync-on-rewrite auto-aof-rewrite-percentage auto-aof-rewrite-min-size io-threads include locale-collate `

func (c config) get(name string) string { return c[name] }

// change sets a directive of a running server.
func (c config) change(name, value string) error {
	switch name {
	case "port", "bind", "databases", "replicaof", "appendonly", "dir":
		return fmt.Errorf("ERR CONFIG SET failed (possibly related to argument '%s') - can't set immutable config", name)
	}
	if _, known := c[name]; !known {
		return fmt.Errorf("ERR Unknown option or number of arguments for CONFIG SET - '%s'", name)
	}
	return c.set(name, value)
}

// set takes a value that a directive may have.
func (c config) set(name, value string) error {
	switch name {
	case "slaveof":
		name = "replicaof"
	case "maxmemory":
		n, err := memorySize(value)
		if err != nil {
			return err
		}
		value = strconv.FormatInt(n, 10)
	case "maxmemory-policy":
		if !strings.Contains(" noeviction allkeys-lru volatile-lru allkeys-lfu volatile-lfu allkeys-random volatile-random volatile-ttl ", " "+value+" ") {
			return fmt.Errorf("ERR CONFIG SET failed (possibly related to argument 'maxmemory-policy') - argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction")
		}
	}
	c[name] = value
	return nil
}

// memorySize reads 2mb, 1gb, 100.
func memorySize(s string) (int64, error) {
	low := strings.ToLower(s)
	unit := int64(1)
	for _, u := range []struct {
		suffix string
		size   int64
	}{{"kb", 1 << 10}, {"mb", 1 << 20}, {"gb", 1 << 30}, {"k", 1000}, {"m", 1000 * 1000}, {"g", 1000 * 1000 * 1000}} {
		if n, found := strings.CutSuffix(low, u.suffix); found {
			low, unit = n, u.size
			break
		}
	}
	n, err := strconv.ParseInt(low, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value")
	}
	return n * unit, nil
}

// readConfig reads redis.conf, then the options of the command line, --NAME VALUE.
func readConfig(t *task.Task, args []string) (config, bool, error) {
	c, fromFile := defaults(), false
	if len(args) > 0 && !strings.HasPrefix(args[0], "--") {
		fromFile = true
		b, err := t.FS.ReadFile(t.Path(args[0]))
		if err != nil {
			return nil, false, fmt.Errorf("Fatal error, can't open config file '%s': %s", t.Path(args[0]), fsys.Text(err))
		}
		for i, line := range strings.Split(string(b), "\n") {
			if err := c.line(line); err != nil {
				return nil, false, fmt.Errorf("\n*** FATAL CONFIG FILE ERROR (Redis %s) ***\nReading the configuration file, at line %d\n>>> '%s'\n%w", t.Binary.Version, i+1, strings.TrimSpace(line), err)
			}
		}
		args = args[1:]
	}
	for i := 0; i < len(args); {
		end := i + 1
		for end < len(args) && !strings.HasPrefix(args[end], "--") {
			end++
		}
		line := strings.TrimPrefix(args[i], "--") + " " + strings.Join(args[i+1:end], " ")
		if err := c.line(line); err != nil {
			return nil, false, fmt.Errorf("\n*** FATAL CONFIG FILE ERROR (Redis %s) ***\nReading the configuration file, at line 2\n>>> '%s'\n%w", t.Binary.Version, strings.TrimSpace(line), err)
		}
		i = end
	}
	return c, fromFile, nil
}

// line takes one line of a configuration.
func (c config) line(line string) error {
	name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
	name = strings.ToLower(name)
	if name == "" || strings.HasPrefix(name, "#") {
		return nil
	}
	value = strings.TrimSpace(value)
	if len(value) > 1 && value[0] == value[len(value)-1] && strings.ContainsRune(`"'`, rune(value[0])) {
		value = value[1 : len(value)-1]
	}
	if _, known := c[name]; !known && name != "slaveof" {
		if strings.Contains(ignored, " "+name+" ") || strings.Contains(ignored, "\n"+name+" ") {
			return nil
		}
		return fmt.Errorf("Bad directive or wrong number of arguments")
	}
	return c.set(name, value)
}
