package redis

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/redcon"
)

func sessionCommands() map[string]command {
	return map[string]command{
		"ping":       {0, 1, false, ping},
		"echo":       {1, 1, false, func(c *call) any { return c.args[0] }},
		"auth":       {1, 2, false, auth},
		"hello":      {0, -1, false, hello},
		"select":     {1, 1, false, selectDB},
		"client":     {1, -1, false, clientInfo},
		"quit":       {0, 0, false, func(c *call) any { defer c.c.conn.Close(); c.c.conn.WriteAny(ok); return none{} }},
		"multi":      {0, 0, false, multi},
		"exec":       {0, 0, false, exec},
		"discard":    {0, 0, false, discard},
		"watch":      {1, -1, false, func(*call) any { return errors.New("ERR the sandbox's Redis has no WATCH") }},
		"subscribe":  {1, -1, false, func(c *call) any { return c.subscribe(c.s.pubsub.Subscribe) }},
		"psubscribe": {1, -1, false, func(c *call) any { return c.subscribe(c.s.pubsub.Psubscribe) }},
		"publish":    {2, 2, false, func(c *call) any { return num(c.s.pubsub.Publish(c.args[0], c.args[1])) }},
	}
}

func ping(c *call) any {
	if len(c.args) > 0 {
		return c.args[0]
	}
	return text("PONG")
}

func auth(c *call) any {
	want := c.s.conf.get("requirepass")
	switch {
	case want == "" && len(c.args) == 1:
		return errors.New("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?")
	case len(c.args) == 2 && c.args[0] != "default", want != "" && c.args[len(c.args)-1] != want:
		return errors.New("WRONGPASS invalid username-password pair or user is disabled.")
	}
	c.c.authed = true
	return ok
}

// hello tells what the server is, in the older of the two protocols: the newer one is refused, which
// clients expect of older servers.
func hello(c *call) any {
	for i, a := range c.args {
		switch {
		case i == 0 && a != "2":
			return errors.New("NOPROTO unsupported protocol version")
		case word(a) == "auth" && i+2 < len(c.args):
			if reply := auth(&call{s: c.s, c: c.c, args: c.args[i+1 : i+3]}); reply != ok {
				return reply
			}
		}
	}
	if !c.c.authed {
		return errors.New("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time")
	}
	return []any{"server", "redis", "version", c.s.t.Binary.Version, "proto", num(2), "id", num(c.c.id), "mode", "standalone", "role", c.s.role(), "modules", []any{}}
}

func selectDB(c *call) any {
	n, err := strconv.Atoi(c.args[0])
	if err != nil {
		return errInt
	}
	if n < 0 || n >= databases {
		return errors.New("ERR DB index is out of range")
	}
	c.c.db = n
	return ok
}

func clientInfo(c *call) any {
	switch sub := word(c.args[0]); {
	case sub == "setname" && len(c.args) == 2:
		c.c.name = c.args[1]
		return ok
	case sub == "getname":
		return c.c.name
	case sub == "id":
		return num(c.c.id)
	case sub == "setinfo" || sub == "no-evict" || sub == "no-touch":
		return ok
	case sub == "list":
		var out strings.Builder
		for _, id := range sortedIDs(c.s.clients) {
			o := c.s.clients[id]
			fmt.Fprintf(&out, "id=%d addr=%s name=%s age=%d db=%d\n", id, o.conn.RemoteAddr(), o.name, int(c.s.t.Now().Sub(o.since).Seconds()), o.db)
		}
		return out.String()
	}
	return fmt.Errorf("ERR unknown subcommand '%s'. Try CLIENT HELP.", c.args[0])
}

func sortedIDs(m map[int64]*client) []int64 {
	var ids []int64
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func multi(c *call) any {
	if c.c.queue != nil {
		return errors.New("ERR MULTI calls can not be nested")
	}
	c.c.queue, c.c.broken = []redcon.Command{}, false
	return ok
}

func discard(c *call) any {
	if c.c.queue == nil {
		return errors.New("ERR DISCARD without MULTI")
	}
	c.c.queue = nil
	return ok
}

func exec(c *call) any {
	queue, broken := c.c.queue, c.c.broken
	c.c.queue = nil
	switch {
	case queue == nil:
		return errors.New("ERR EXEC without MULTI")
	case broken:
		return errors.New("EXECABORT Transaction discarded because of previous errors.")
	}
	out := []any{}
	for _, cmd := range queue {
		name := word(string(cmd.Args[0]))
		out = append(out, c.s.run(c.c, c.s.commands[name], name, cmd))
	}
	return out
}

// subscribe makes the connection one that gets messages; redcon answers on it from then on.
func (c *call) subscribe(to func(redcon.Conn, string)) any {
	conn := c.c.conn
	for _, channel := range c.args {
		to(conn, channel)
	}
	return none{}
}
