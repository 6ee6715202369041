package redis

func setCommands() map[string]command {
	return map[string]command{
		"sadd":        {2, -1, true, sadd},
		"srem":        {2, -1, true, srem},
		"smembers":    {1, 1, false, smembers},
		"sismember":   {2, 2, false, sismember},
		"scard":       {1, 1, false, scard},
		"spop":        {1, 1, true, spop},
		"srandmember": {1, 1, false, srandmember},
		"sunion":      {1, -1, false, func(c *call) any { return c.combine(func(in, all int) bool { return in > 0 }) }},
		"sinter":      {1, -1, false, func(c *call) any { return c.combine(func(in, all int) bool { return in == all }) }},
		"sdiff":       {1, -1, false, sdiff},
	}
}

func (c *call) set(key string) (map[string]bool, error) {
	s, found, err := typed[map[string]bool](c.db, key)
	if err == nil && !found {
		s = map[string]bool{}
	}
	return s, err
}

func sadd(c *call) any {
	s, err := c.set(c.key())
	if err != nil {
		return err
	}
	before := len(s)
	for _, x := range c.args[1:] {
		s[x] = true
	}
	c.db.put(c.key(), s)
	return num(len(s) - before)
}

func srem(c *call) any {
	s, err := c.set(c.key())
	if err != nil {
		return err
	}
	before := len(s)
	for _, x := range c.args[1:] {
		delete(s, x)
	}
	if n := before - len(s); n > 0 {
		c.db.put(c.key(), s)
		return num(n)
	}
	return num(0)
}

func smembers(c *call) any {
	s, err := c.set(c.key())
	if err != nil {
		return err
	}
	return list(sorted(s))
}

func sismember(c *call) any {
	s, err := c.set(c.key())
	if err != nil {
		return err
	}
	return yes(s[c.args[1]])
}

func scard(c *call) any {
	s, err := c.set(c.key())
	if err != nil {
		return err
	}
	return num(len(s))
}

func srandmember(c *call) any {
	s, err := c.set(c.key())
	if err != nil {
		return err
	}
	for x := range s {
		return x
	}
	return nil
}

// spop takes any member; the journal gets which.
func spop(c *call) any {
	x, isText := srandmember(c).(string)
	if !isText {
		c.record = [][]string{}
		return nil
	}
	s, _ := c.set(c.key())
	delete(s, x)
	c.db.put(c.key(), s)
	c.record = [][]string{{"SREM", c.key(), x}}
	return x
}

func (c *call) combine(keep func(in, all int) bool) any {
	in := map[string]int{}
	for _, k := range c.args {
		s, err := c.set(k)
		if err != nil {
			return err
		}
		for x := range s {
			in[x]++
		}
	}
	out := []string{}
	for _, x := range sorted(in) {
		if keep(in[x], len(c.args)) {
			out = append(out, x)
		}
	}
	return list(out)
}

func sdiff(c *call) any {
	first, err := c.set(c.key())
	if err != nil {
		return err
	}
	others := map[string]bool{}
	for _, k := range c.args[1:] {
		s, err := c.set(k)
		if err != nil {
			return err
		}
		for x := range s {
			others[x] = true
		}
	}
	out := []string{}
	for _, x := range sorted(first) {
		if !others[x] {
			out = append(out, x)
		}
	}
	return list(out)
}
