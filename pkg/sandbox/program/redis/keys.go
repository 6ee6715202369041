package redis

import (
	"strconv"
	"time"
)

func keyCommands() map[string]command {
	return map[string]command{
		"del":         {1, -1, true, remove},
		"unlink":      {1, -1, true, remove},
		"exists":      {1, -1, false, exists},
		"type":        {1, 1, false, typeOf},
		"keys":        {1, 1, false, func(c *call) any { return list(c.db.names(c.key())) }},
		"scan":        {1, -1, false, scan},
		"randomkey":   {0, 0, false, randomKey},
		"rename":      {2, 2, true, rename},
		"expire":      {2, 3, true, expireIn(time.Second)},
		"pexpire":     {2, 3, true, expireIn(time.Millisecond)},
		"expireat":    {2, 3, true, expireAt(time.Second)},
		"pexpireat":   {2, 3, true, expireAt(time.Millisecond)},
		"persist":     {1, 1, true, persist},
		"ttl":         {1, 1, false, ttl(time.Second)},
		"pttl":        {1, 1, false, ttl(time.Millisecond)},
		"dbsize":      {0, 0, false, func(c *call) any { return num(len(c.db.names("*"))) }},
		"flushdb":     {0, 1, true, func(c *call) any { clear(c.db.keys); return ok }},
		"flushall":    {0, 1, true, flushAll},
		"touch":       {1, -1, false, exists},
		"memory":      {1, -1, false, memory},
		"expiretime":  {1, 1, false, expireTime(time.Second)},
		"pexpiretime": {1, 1, false, expireTime(time.Millisecond)},
	}
}

func remove(c *call) any {
	n := 0
	for _, k := range c.args {
		if c.db.get(k) != nil {
			delete(c.db.keys, k)
			n++
		}
	}
	return num(n)
}

func exists(c *call) any {
	n := 0
	for _, k := range c.args {
		if c.db.get(k) != nil {
			n++
		}
	}
	return num(n)
}

func typeOf(c *call) any {
	v := c.db.get(c.key())
	if v == nil {
		return text("none")
	}
	return text(v.kind())
}

// scan gives all in one page: the cursor after it is 0.
func scan(c *call) any {
	pattern, kind := "*", ""
	for i := 1; i+1 < len(c.args); i += 2 {
		switch word(c.args[i]) {
		case "match":
			pattern = c.args[i+1]
		case "type":
			kind = c.args[i+1]
		case "count":
		default:
			return errSyntax
		}
	}
	names := []string{}
	if c.args[0] == "0" {
		for _, k := range c.db.names(pattern) {
			if kind == "" || c.db.get(k).kind() == kind {
				names = append(names, k)
			}
		}
	}
	return []any{"0", list(names)}
}

func randomKey(c *call) any {
	for k := range c.db.keys {
		if c.db.get(k) != nil {
			return k
		}
	}
	return nil
}

func rename(c *call) any {
	v := c.db.get(c.key())
	if v == nil {
		return errNoKey
	}
	delete(c.db.keys, c.key())
	c.db.keys[c.args[1]] = v
	return ok
}

func flushAll(c *call) any {
	for i := range c.s.dbs {
		clear(c.s.dbs[i].keys)
	}
	return ok
}

func memory(c *call) any {
	if word(c.args[0]) != "usage" || len(c.args) < 2 {
		return errSyntax
	}
	v := c.db.get(c.args[1])
	if v == nil {
		return nil
	}
	return num(56 + len(c.args[1]) + size(v.data))
}

func expireIn(unit time.Duration) func(c *call) any {
	return func(c *call) any {
		n, err := integer(c.args[1])
		if err != nil {
			return err
		}
		return c.expire(c.db.now().Add(time.Duration(n) * unit))
	}
}

func expireAt(unit time.Duration) func(c *call) any {
	return func(c *call) any {
		n, err := integer(c.args[1])
		if err != nil {
			return err
		}
		return c.expire(time.UnixMilli(n * int64(unit/time.Millisecond)))
	}
}

// expire sets when a key ends; the journal gets the moment, not the time until then.
func (c *call) expire(at time.Time) any {
	v := c.db.get(c.key())
	if v == nil {
		return num(0)
	}
	if len(c.args) > 2 {
		none := v.expires.IsZero()
		later := !none && at.After(v.expires)
		switch word(c.args[2]) {
		case "nx":
			if !none {
				return num(0)
			}
		case "xx":
			if none {
				return num(0)
			}
		case "gt":
			if !later {
				return num(0)
			}
		case "lt":
			if !none && later {
				return num(0)
			}
		default:
			return errSyntax
		}
	}
	v.expires = at
	c.record = [][]string{deadline(c.key(), at)}
	return num(1)
}

func deadline(key string, at time.Time) []string {
	return []string{"PEXPIREAT", key, strconv.FormatInt(at.UnixMilli(), 10)}
}

func persist(c *call) any {
	v := c.db.get(c.key())
	if v == nil || v.expires.IsZero() {
		return num(0)
	}
	v.expires = time.Time{}
	return num(1)
}

func ttl(unit time.Duration) func(c *call) any {
	return func(c *call) any {
		v := c.db.get(c.key())
		switch {
		case v == nil:
			return num(-2)
		case v.expires.IsZero():
			return num(-1)
		}
		left := v.expires.Sub(c.db.now())
		return num((left + unit/2) / unit)
	}
}

func expireTime(unit time.Duration) func(c *call) any {
	return func(c *call) any {
		v := c.db.get(c.key())
		switch {
		case v == nil:
			return num(-2)
		case v.expires.IsZero():
			return num(-1)
		}
		return num(v.expires.UnixMilli() / int64(unit/time.Millisecond))
	}
}
