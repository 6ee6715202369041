package redis

import (
	"cmp"
	"slices"
)

func zsetCommands() map[string]command {
	return map[string]command{
		"zadd":      {3, -1, true, zadd},
		"zincrby":   {3, 3, true, zincrby},
		"zrem":      {2, -1, true, zrem},
		"zscore":    {2, 2, false, zscore},
		"zcard":     {1, 1, false, zcard},
		"zrank":     {2, 2, false, zrank},
		"zrange":    {3, -1, false, func(c *call) any { return c.zrange(false) }},
		"zrevrange": {3, 4, false, func(c *call) any { return c.zrange(true) }},
	}
}

func (c *call) zset() (map[string]float64, error) {
	z, found, err := typed[map[string]float64](c.db, c.key())
	if err == nil && !found {
		z = map[string]float64{}
	}
	return z, err
}

// ranked are the members by score, then by name.
func ranked(z map[string]float64) []string {
	names := sorted(z)
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(z[a], z[b]) })
	return names
}

func zadd(c *call) any {
	z, err := c.zset()
	if err != nil {
		return err
	}
	if len(c.args)%2 == 0 {
		return errSyntax
	}
	fresh := map[string]float64{}
	for i := 1; i < len(c.args); i += 2 {
		if fresh[c.args[i+1]], err = decimal(c.args[i]); err != nil {
			return err
		}
	}
	before := len(z)
	for name, score := range fresh {
		z[name] = score
	}
	c.db.put(c.key(), z)
	return num(len(z) - before)
}

func zincrby(c *call) any {
	z, err := c.zset()
	if err != nil {
		return err
	}
	by, err := decimal(c.args[1])
	if err != nil {
		return err
	}
	z[c.args[2]] += by
	c.db.put(c.key(), z)
	return floatText(z[c.args[2]])
}

func zrem(c *call) any {
	z, err := c.zset()
	if err != nil {
		return err
	}
	before := len(z)
	for _, x := range c.args[1:] {
		delete(z, x)
	}
	n := before - len(z)
	if n > 0 {
		c.db.put(c.key(), z)
	}
	return num(n)
}

func zscore(c *call) any {
	z, err := c.zset()
	if err != nil {
		return err
	}
	s, there := z[c.args[1]]
	if !there {
		return nil
	}
	return floatText(s)
}

func zcard(c *call) any {
	z, err := c.zset()
	if err != nil {
		return err
	}
	return num(len(z))
}

func zrank(c *call) any {
	z, err := c.zset()
	if err != nil {
		return err
	}
	if i := slices.Index(ranked(z), c.args[1]); i >= 0 {
		return num(i)
	}
	return nil
}

// zrange is by rank; [REV] [WITHSCORES] may follow.
func (c *call) zrange(reverse bool) any {
	z, err := c.zset()
	if err != nil {
		return err
	}
	scores := false
	for _, o := range c.args[3:] {
		switch word(o) {
		case "withscores":
			scores = true
		case "rev":
			reverse = true
		default:
			return errSyntax
		}
	}
	from, to, err := c.ends()
	if err != nil {
		return err
	}
	names := ranked(z)
	if reverse {
		slices.Reverse(names)
	}
	a, b := span(from, to, len(names))
	out := []string{}
	for _, n := range names[a:b] {
		out = append(out, n)
		if scores {
			out = append(out, floatText(z[n]))
		}
	}
	return list(out)
}
