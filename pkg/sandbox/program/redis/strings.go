package redis

import (
	"math"
	"strconv"
	"time"
)

func stringCommands() map[string]command {
	return map[string]command{
		"get":         {1, 1, false, get},
		"set":         {2, -1, true, set},
		"setnx":       {2, 2, true, func(c *call) any { return yes(c.assign(c.args[1], func(there bool) bool { return !there })) }},
		"setex":       {3, 3, true, setFor(time.Second)},
		"psetex":      {3, 3, true, setFor(time.Millisecond)},
		"getset":      {2, 2, true, getSet},
		"getdel":      {1, 1, true, getDel},
		"mget":        {1, -1, false, mget},
		"mset":        {2, -1, true, mset},
		"append":      {2, 2, true, appendText},
		"strlen":      {1, 1, false, strlen},
		"getrange":    {3, 3, false, getRange},
		"incr":        {1, 1, true, func(c *call) any { return c.add(1) }},
		"decr":        {1, 1, true, func(c *call) any { return c.add(-1) }},
		"incrby":      {2, 2, true, addBy(1)},
		"decrby":      {2, 2, true, addBy(-1)},
		"incrbyfloat": {2, 2, true, addFloat},
	}
}

func get(c *call) any {
	v, found, err := typed[string](c.db, c.key())
	if err != nil {
		return err
	}
	if !found {
		return nil
	}
	return v
}

// assign sets the key if may agrees, which is told whether it is there. It forgets when it expired.
func (c *call) assign(v string, may func(there bool) bool) bool {
	if !may(c.db.get(c.key()) != nil) {
		return false
	}
	c.db.keys[c.key()] = &value{data: v}
	return true
}

// set is SET key value [NX|XX] [GET] [EX|PX|EXAT|PXAT n|KEEPTTL].
func set(c *call) any {
	var o struct{ nx, xx, get, keep bool }
	var at time.Time
	for i := 2; i < len(c.args); i++ {
		switch w := word(c.args[i]); w {
		case "nx":
			o.nx = true
		case "xx":
			o.xx = true
		case "get":
			o.get = true
		case "keepttl":
			o.keep = true
		case "ex", "px", "exat", "pxat":
			if i++; i == len(c.args) {
				return errSyntax
			}
			n, err := integer(c.args[i])
			if err != nil {
				return err
			}
			if n <= 0 {
				return errExpires
			}
			at = map[string]time.Time{
				"ex": c.db.now().Add(time.Duration(n) * time.Second), "px": c.db.now().Add(time.Duration(n) * time.Millisecond),
				"exat": time.Unix(n, 0), "pxat": time.UnixMilli(n),
			}[w]
		default:
			return errSyntax
		}
	}
	if o.nx && o.xx || o.keep && !at.IsZero() {
		return errSyntax
	}
	var before any
	old := c.db.get(c.key())
	if o.get && old != nil {
		if before = get(c); before == errType {
			return errType
		}
	}
	if !c.assign(c.args[1], func(there bool) bool { return !(o.nx && there) && !(o.xx && !there) }) {
		c.record = [][]string{}
		return before
	}
	if o.keep && old != nil {
		at = old.expires
	}
	c.endsAt(at)
	if o.get {
		return before
	}
	return ok
}

// endsAt gives the key that was just set a time to end, zero for none, and tells the journal.
func (c *call) endsAt(at time.Time) {
	c.record = [][]string{{"SET", c.key(), c.db.keys[c.key()].data.(string)}}
	if at.IsZero() {
		return
	}
	c.db.keys[c.key()].expires = at
	c.record = append(c.record, deadline(c.key(), at))
}

func setFor(unit time.Duration) func(c *call) any {
	return func(c *call) any {
		n, err := integer(c.args[1])
		if err != nil {
			return err
		}
		if n <= 0 {
			return errExpires
		}
		c.db.keys[c.key()] = &value{data: c.args[2]}
		c.endsAt(c.db.now().Add(time.Duration(n) * unit))
		return ok
	}
}

func getSet(c *call) any {
	before := get(c)
	if before != errType {
		c.assign(c.args[1], func(bool) bool { return true })
	}
	return before
}

func getDel(c *call) any {
	before := get(c)
	if before != errType {
		delete(c.db.keys, c.key())
	}
	return before
}

func mget(c *call) any {
	out := make([]any, len(c.args))
	for i, k := range c.args {
		if v, found, err := typed[string](c.db, k); err == nil && found {
			out[i] = v
		}
	}
	return out
}

func mset(c *call) any {
	if len(c.args)%2 != 0 {
		return errArguments("mset")
	}
	for i := 0; i < len(c.args); i += 2 {
		c.db.keys[c.args[i]] = &value{data: c.args[i+1]}
	}
	return ok
}

func appendText(c *call) any {
	v, _, err := typed[string](c.db, c.key())
	if err != nil {
		return err
	}
	v += c.args[1]
	c.db.put(c.key(), v)
	return num(len(v))
}

func strlen(c *call) any {
	v, _, err := typed[string](c.db, c.key())
	if err != nil {
		return err
	}
	return num(len(v))
}

func getRange(c *call) any {
	v, _, err := typed[string](c.db, c.key())
	from, ferr := integer(c.args[1])
	to, terr := integer(c.args[2])
	for _, e := range []error{err, ferr, terr} {
		if e != nil {
			return e
		}
	}
	a, b := span(from, to, len(v))
	return v[a:b]
}

func addBy(sign int64) func(c *call) any {
	return func(c *call) any {
		n, err := integer(c.args[1])
		if err != nil {
			return err
		}
		return c.add(sign * n)
	}
}

func (c *call) add(by int64) any {
	v, found, err := typed[string](c.db, c.key())
	if err != nil {
		return err
	}
	n := int64(0)
	if found {
		if n, err = integer(v); err != nil {
			return err
		}
	}
	if by > 0 && n > math.MaxInt64-by || by < 0 && n < math.MinInt64-by {
		return errInt
	}
	c.db.put(c.key(), strconv.FormatInt(n+by, 10))
	return num(n + by)
}

func addFloat(c *call) any {
	v, found, err := typed[string](c.db, c.key())
	if err != nil {
		return err
	}
	by, err := decimal(c.args[1])
	if err != nil {
		return err
	}
	n := 0.0
	if found {
		if n, err = decimal(v); err != nil {
			return err
		}
	}
	c.db.put(c.key(), floatText(n+by))
	return floatText(n + by)
}
