package redis

import (
	"maps"
	"slices"
	"strings"

	"github.com/tidwall/redcon"
)

// command is one that the server knows. Its reply is what redcon.AppendAny writes, or a raw reply.
type command struct {
	// min and max bound the arguments, the name not counted; a max of -1 is none.
	min, max int
	// write is true where the data may change: it is recorded and sent to replicas, and a replica
	// refuses it.
	write bool
	run   func(c *call) any
}

// call is one command as it came.
type call struct {
	s    *server
	c    *client
	db   *db
	name string
	args []string
	// record is what the journal is to hold instead of the command itself; nil where that will do.
	record [][]string
}

func (c *call) key() string { return c.args[0] }

type (
	text = redcon.SimpleString // a reply without quotes
	num  = redcon.SimpleInt
	none struct{} // no reply, or one that was written already
)

const ok = text("OK")

func yes(b bool) num {
	if b {
		return 1
	}
	return 0
}

// commands are all there are, by their names in small letters.
func commands() map[string]command {
	out := map[string]command{}
	for _, group := range []map[string]command{keyCommands(), stringCommands(), listCommands(), hashCommands(), setCommands(), zsetCommands(), serverCommands(), sessionCommands()} {
		maps.Copy(out, group)
	}
	return out
}

// word is an argument in small letters.
func word(s string) string { return strings.ToLower(s) }

// list is a reply of strings. An empty one is an empty list, not nothing.
func list(items []string) any {
	out := make([]any, len(items))
	for i, x := range items {
		out[i] = x
	}
	return out
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
