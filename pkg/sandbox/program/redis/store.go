package redis

import (
	"errors"
	"maps"
	"path"
	"slices"
	"strconv"
	"time"
)

// databases is how many a server has.
const databases = 16

var (
	errType    = errors.New("WRONGTYPE Operation against a key holding the wrong kind of value")
	errInt     = errors.New("ERR value is not an integer or out of range")
	errFloat   = errors.New("ERR value is not a valid float")
	errSyntax  = errors.New("ERR syntax error")
	errNoKey   = errors.New("ERR no such key")
	errIndex   = errors.New("ERR index out of range")
	errExpires = errors.New("ERR invalid expire time")
)

// value is what a key holds: a string, []string, map[string]string (hash), map[string]bool (set) or
// map[string]float64 (sorted set).
type value struct {
	data    any
	expires time.Time // zero: never
}

// kind is what TYPE says.
func (v *value) kind() string {
	switch v.data.(type) {
	case string:
		return "string"
	case []string:
		return "list"
	case map[string]string:
		return "hash"
	case map[string]bool:
		return "set"
	}
	return "zset"
}

// db is one database. Whoever uses it holds the server's lock.
type db struct {
	keys map[string]*value
	now  func() time.Time
}

// get returns the value of a key that is there and has not expired, or nil.
func (d *db) get(key string) *value {
	v, ok := d.keys[key]
	if !ok {
		return nil
	}
	if !v.expires.IsZero() && !v.expires.After(d.now()) {
		delete(d.keys, key)
		return nil
	}
	return v
}

// names are the living keys that match a pattern, sorted.
func (d *db) names(pattern string) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(d.keys)) {
		if d.get(k) != nil && matches(pattern, k) {
			out = append(out, k)
		}
	}
	return out
}

// matches compares as Redis does: unlike in a path, * stands for a slash too.
func matches(pattern, key string) bool {
	if pattern == "*" {
		return true
	}
	ok, err := path.Match(slash(pattern), slash(key))
	return ok && err == nil
}

// slash hides the one character that path.Match treats in its own way.
func slash(s string) string {
	b := []byte(s)
	for i := range b {
		if b[i] == '/' {
			b[i] = 1
		}
	}
	return string(b)
}

// typed returns what a key holds if it is of type T, and the zero T if there is no such key.
func typed[T any](d *db, key string) (data T, found bool, err error) {
	v := d.get(key)
	if v == nil {
		return data, false, nil
	}
	data, ok := v.data.(T)
	if !ok {
		return data, false, errType
	}
	return data, true, nil
}

// put changes what a key holds and leaves when it expires. What is empty is removed.
func (d *db) put(key string, data any) {
	if v := d.get(key); v != nil {
		v.data = data
	} else {
		d.keys[key] = &value{data: data}
	}
	if size(data) == 0 {
		if _, isText := data.(string); !isText {
			delete(d.keys, key)
		}
	}
}

func size(data any) int {
	switch x := data.(type) {
	case string:
		return len(x)
	case []string:
		return len(x)
	case map[string]string:
		return len(x)
	case map[string]bool:
		return len(x)
	case map[string]float64:
		return len(x)
	}
	return 0
}

func integer(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, errInt
	}
	return n, nil
}

func decimal(s string) (float64, error) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || n != n {
		return 0, errFloat
	}
	return n, nil
}

func floatText(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// span turns the two ends of a range, which may count from the end, into a half-open one.
func span(from, to int64, n int) (int, int) {
	if from < 0 {
		from = max(0, from+int64(n))
	}
	if to < 0 {
		to += int64(n)
	}
	to = min(to, int64(n)-1)
	if from > to {
		return 0, 0
	}
	return int(from), int(to) + 1
}
