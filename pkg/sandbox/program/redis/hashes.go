package redis

import "strconv"

func hashCommands() map[string]command {
	return map[string]command{
		"hset":    {3, -1, true, hset},
		"hmset":   {3, -1, true, func(c *call) any { return okIfDone(hset(c)) }},
		"hsetnx":  {3, 3, true, hsetnx},
		"hget":    {2, 2, false, hget},
		"hmget":   {2, -1, false, hmget},
		"hgetall": {1, 1, false, func(c *call) any { return c.fields(true, true) }},
		"hkeys":   {1, 1, false, func(c *call) any { return c.fields(true, false) }},
		"hvals":   {1, 1, false, func(c *call) any { return c.fields(false, true) }},
		"hlen":    {1, 1, false, hlen},
		"hexists": {2, 2, false, hexists},
		"hdel":    {2, -1, true, hdel},
		"hincrby": {3, 3, true, hincrby},
	}
}

func okIfDone(reply any) any {
	if _, failed := reply.(error); failed {
		return reply
	}
	return ok
}

// hash is the key's, made if need be; it is not stored yet.
func (c *call) hash() (map[string]string, error) {
	h, found, err := typed[map[string]string](c.db, c.key())
	if err == nil && !found {
		h = map[string]string{}
	}
	return h, err
}

func hset(c *call) any {
	h, err := c.hash()
	if err != nil {
		return err
	}
	if len(c.args)%2 == 0 {
		return errArguments(c.name)
	}
	fresh := 0
	for i := 1; i < len(c.args); i += 2 {
		if _, there := h[c.args[i]]; !there {
			fresh++
		}
		h[c.args[i]] = c.args[i+1]
	}
	c.db.put(c.key(), h)
	return num(fresh)
}

func hsetnx(c *call) any {
	h, err := c.hash()
	if err != nil {
		return err
	}
	if _, there := h[c.args[1]]; there {
		return num(0)
	}
	h[c.args[1]] = c.args[2]
	c.db.put(c.key(), h)
	return num(1)
}

func hget(c *call) any {
	h, err := c.hash()
	if err != nil {
		return err
	}
	v, there := h[c.args[1]]
	if !there {
		return nil
	}
	return v
}

func hmget(c *call) any {
	h, err := c.hash()
	if err != nil {
		return err
	}
	out := make([]any, len(c.args)-1)
	for i, f := range c.args[1:] {
		if v, there := h[f]; there {
			out[i] = v
		}
	}
	return out
}

func (c *call) fields(names, values bool) any {
	h, err := c.hash()
	if err != nil {
		return err
	}
	out := []string{}
	for _, f := range sorted(h) {
		if names {
			out = append(out, f)
		}
		if values {
			out = append(out, h[f])
		}
	}
	return list(out)
}

func hlen(c *call) any {
	h, err := c.hash()
	if err != nil {
		return err
	}
	return num(len(h))
}

func hexists(c *call) any {
	h, err := c.hash()
	if err != nil {
		return err
	}
	_, there := h[c.args[1]]
	return yes(there)
}

func hdel(c *call) any {
	h, err := c.hash()
	if err != nil {
		return err
	}
	n := 0
	for _, f := range c.args[1:] {
		if _, there := h[f]; there {
			delete(h, f)
			n++
		}
	}
	if n > 0 {
		c.db.put(c.key(), h)
	}
	return num(n)
}

func hincrby(c *call) any {
	h, err := c.hash()
	if err != nil {
		return err
	}
	by, err := integer(c.args[2])
	if err != nil {
		return err
	}
	n := int64(0)
	if v, there := h[c.args[1]]; there {
		if n, err = integer(v); err != nil {
			return err
		}
	}
	h[c.args[1]] = strconv.FormatInt(n+by, 10)
	c.db.put(c.key(), h)
	return num(n + by)
}
