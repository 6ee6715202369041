package redis

import (
	"slices"
	"time"
)

func listCommands() map[string]command {
	return map[string]command{
		"lpush":     {2, -1, true, func(c *call) any { return c.push(true, false) }},
		"rpush":     {2, -1, true, func(c *call) any { return c.push(false, false) }},
		"lpushx":    {2, -1, true, func(c *call) any { return c.push(true, true) }},
		"rpushx":    {2, -1, true, func(c *call) any { return c.push(false, true) }},
		"lpop":      {1, 2, true, func(c *call) any { return c.pop(true) }},
		"rpop":      {1, 2, true, func(c *call) any { return c.pop(false) }},
		"blpop":     {2, -1, true, func(c *call) any { return c.blockingPop(true) }},
		"brpop":     {2, -1, true, func(c *call) any { return c.blockingPop(false) }},
		"rpoplpush": {2, 2, true, func(c *call) any { return c.move(c.args[0], c.args[1], false, true) }},
		"lmove": {4, 4, true, func(c *call) any {
			return c.move(c.args[0], c.args[1], word(c.args[2]) == "left", word(c.args[3]) == "left")
		}},
		"llen":   {1, 1, false, llen},
		"lrange": {3, 3, false, lrange},
		"lindex": {2, 2, false, lindex},
		"lset":   {3, 3, true, lset},
		"lrem":   {3, 3, true, lrem},
		"ltrim":  {3, 3, true, ltrim},
	}
}

func (c *call) push(left, mustExist bool) any {
	l, found, err := typed[[]string](c.db, c.key())
	if err != nil {
		return err
	}
	if mustExist && !found {
		return num(0)
	}
	for _, x := range c.args[1:] {
		if left {
			l = slices.Insert(l, 0, x)
		} else {
			l = append(l, x)
		}
	}
	c.db.put(c.key(), l)
	return num(len(l))
}

// take removes up to n items from an end of a list.
func (c *call) take(key string, left bool, n int) ([]string, error) {
	l, _, err := typed[[]string](c.db, key)
	if err != nil {
		return nil, err
	}
	n = min(n, len(l))
	var out []string
	if left {
		out, l = slices.Clone(l[:n]), slices.Clone(l[n:])
	} else {
		out, l = slices.Clone(l[len(l)-n:]), slices.Clone(l[:len(l)-n])
		slices.Reverse(out)
	}
	if n > 0 {
		c.db.put(key, l)
	}
	return out, nil
}

func (c *call) pop(left bool) any {
	n := int64(1)
	if len(c.args) > 1 {
		var err error
		if n, err = integer(c.args[1]); err != nil || n < 0 {
			return errInt
		}
	}
	out, err := c.take(c.key(), left, int(n))
	switch {
	case err != nil:
		return err
	case len(out) == 0:
		return nil
	case len(c.args) > 1:
		return list(out)
	}
	return out[0]
}

// blockingPop waits until one of the lists has an item, as long as the last argument says, in seconds.
func (c *call) blockingPop(left bool) any {
	seconds, err := decimal(c.args[len(c.args)-1])
	if err != nil || seconds < 0 {
		return errFloat
	}
	name := map[bool]string{true: "LPOP", false: "RPOP"}[left]
	var over <-chan time.Time
	if seconds > 0 {
		over = time.After(time.Duration(seconds * float64(time.Second)))
	}
	for {
		for _, key := range c.args[:len(c.args)-1] {
			out, err := c.take(key, left, 1)
			if err != nil {
				return err
			}
			if len(out) > 0 {
				c.record = [][]string{{name, key}}
				return list([]string{key, out[0]})
			}
		}
		if !c.s.awaitChange(over) {
			c.record = [][]string{}
			return nil
		}
	}
}

func (c *call) move(from, to string, fromLeft, toLeft bool) any {
	if _, _, err := typed[[]string](c.db, to); err != nil {
		return err
	}
	out, err := c.take(from, fromLeft, 1)
	if err != nil {
		return err
	}
	if len(out) == 0 {
		return nil
	}
	sub := &call{s: c.s, c: c.c, db: c.db, args: []string{to, out[0]}}
	sub.push(toLeft, false)
	return out[0]
}

func llen(c *call) any {
	l, _, err := typed[[]string](c.db, c.key())
	if err != nil {
		return err
	}
	return num(len(l))
}

func (c *call) ends() (from, to int64, err error) {
	if from, err = integer(c.args[1]); err == nil {
		to, err = integer(c.args[2])
	}
	return from, to, err
}

func lrange(c *call) any {
	l, _, err := typed[[]string](c.db, c.key())
	if err != nil {
		return err
	}
	from, to, err := c.ends()
	if err != nil {
		return err
	}
	a, b := span(from, to, len(l))
	return list(l[a:b])
}

func lindex(c *call) any {
	l, _, err := typed[[]string](c.db, c.key())
	if err != nil {
		return err
	}
	n, err := integer(c.args[1])
	if err != nil {
		return err
	}
	if n < 0 {
		n += int64(len(l))
	}
	if n < 0 || n >= int64(len(l)) {
		return nil
	}
	return l[n]
}

func lset(c *call) any {
	l, found, err := typed[[]string](c.db, c.key())
	if err != nil {
		return err
	}
	if !found {
		return errNoKey
	}
	n, err := integer(c.args[1])
	if err != nil {
		return err
	}
	if n < 0 {
		n += int64(len(l))
	}
	if n < 0 || n >= int64(len(l)) {
		return errIndex
	}
	l[n] = c.args[2]
	return ok
}

// lrem removes items that are equal to a value: the first n, the last -n, or all.
func lrem(c *call) any {
	l, _, err := typed[[]string](c.db, c.key())
	if err != nil {
		return err
	}
	n, err := integer(c.args[1])
	if err != nil {
		return err
	}
	l = slices.Clone(l)
	if n < 0 {
		slices.Reverse(l)
	}
	left := n
	if left < 0 {
		left = -left
	}
	removed := 0
	l = slices.DeleteFunc(l, func(x string) bool {
		if x != c.args[2] || left != 0 && int64(removed) == left {
			return false
		}
		removed++
		return true
	})
	if n < 0 {
		slices.Reverse(l)
	}
	if removed > 0 {
		c.db.put(c.key(), l)
	}
	return num(removed)
}

func ltrim(c *call) any {
	l, found, err := typed[[]string](c.db, c.key())
	if err != nil {
		return err
	}
	from, to, err := c.ends()
	if err != nil {
		return err
	}
	if a, b := span(from, to, len(l)); found {
		c.db.put(c.key(), slices.Clone(l[a:b]))
	}
	return ok
}
