package redis

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/redcon"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// cli is one run of redis-cli.
type cli struct {
	t        *task.Task
	host     string
	port     string
	password string
	db       int
	repeat   int
	interval time.Duration
	raw      bool
	stdin    bool // the last argument comes from standard input
	conn     net.Conn
	answers  *replies
}

const cliUsage = `Usage: redis-cli [OPTIONS] [cmd [arg [arg ...]]]
  -h <hostname>   Server hostname (default: 127.0.0.1).
  -p <port>       Server port (default: 6379).
  -a <password>   Password to use when connecting to the server; or the variable REDISCLI_AUTH.
  -n <db>         Database number.
  -r <repeat>     Execute the command that many times.
  -i <interval>   Seconds between repetitions.
  -x              Read the last argument from standard input.
  --raw, --no-raw With or without the decoration of replies.
  --scan [--pattern <pat>]  List the keys.
`

// CLI is the program redis-cli.
func CLI(ctx context.Context, t *task.Task) int {
	c := &cli{t: t, host: "127.0.0.1", port: "6379", password: t.Getenv("REDISCLI_AUTH"), repeat: 1, raw: t.OutTTY() == nil}
	command, code := c.options(t.Args[1:])
	if code >= 0 {
		return code
	}
	err := c.connect(ctx)
	if c.conn != nil {
		defer c.conn.Close()
	}
	if err != nil {
		fmt.Fprintf(t.Err, "Could not connect to Redis at %s: %s\n", net.JoinHostPort(c.host, c.port), reason(err))
		return 1
	}
	if len(command) == 0 {
		return c.session(ctx)
	}
	if c.stdin {
		b, err := io.ReadAll(t.In)
		if err != nil {
			return 1
		}
		command = append(command, string(b))
	}
	for n := 0; c.repeat < 0 || n < c.repeat; n++ {
		if n > 0 && c.interval > 0 {
			select {
			case <-ctx.Done():
				return task.CodeOf(ctx)
			case <-time.After(c.interval):
			}
		}
		if code := c.one(command); code != 0 {
			return code
		}
	}
	return 0
}

// options returns the command; a code of 0 and up ends the program.
func (c *cli) options(args []string) (command []string, code int) {
	scan, pattern := false, "*"
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		o := args[0]
		args = args[1:]
		switch o {
		case "--raw", "--no-raw":
			c.raw = o == "--raw"
			continue
		case "--scan":
			scan = true
			continue
		case "-x":
			c.stdin = true
			continue
		case "--no-auth-warning", "-e", "-2", "--csv":
			continue
		case "-v", "--version":
			c.t.Printf("redis-cli %s\n", c.t.Binary.Version)
			return nil, 0
		case "--help":
			fmt.Fprint(c.t.Out, cliUsage)
			return nil, 0
		}
		if len(args) == 0 {
			fmt.Fprint(c.t.Err, cliUsage)
			return nil, 1
		}
		value := args[0]
		args = args[1:]
		var err error
		switch o {
		case "-h":
			c.host = value
		case "-p":
			c.port = value
		case "-a", "--pass":
			c.password = value
		case "--user":
		case "-n":
			c.db, err = strconv.Atoi(value)
		case "-r":
			c.repeat, err = strconv.Atoi(value)
		case "-i":
			var s float64
			s, err = strconv.ParseFloat(value, 64)
			c.interval = time.Duration(s * float64(time.Second))
		case "--pattern":
			pattern = value
		case "-u":
			err = c.url(value)
		default:
			err = errors.New("unknown")
		}
		if err != nil {
			fmt.Fprintf(c.t.Err, "Unrecognized option or bad number of args for: '%s'\n", o)
			return nil, 1
		}
	}
	if scan {
		return []string{"KEYS", pattern}, -1
	}
	return args, -1
}

// url reads redis://[:password@]host[:port][/db].
func (c *cli) url(u string) error {
	rest, ok := strings.CutPrefix(u, "redis://")
	if !ok {
		return errors.New("not redis://")
	}
	if who, where, both := strings.Cut(rest, "@"); both {
		_, c.password, _ = strings.Cut(who, ":")
		rest = where
	}
	rest, db, _ := strings.Cut(rest, "/")
	c.db, _ = strconv.Atoi(db)
	host, port, both := strings.Cut(rest, ":")
	c.host = host
	if both {
		c.port = port
	}
	return nil
}

func reason(err error) string {
	if _, unknown := errors.AsType[*net.DNSError](err); unknown {
		return "Name or service not known"
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "refused"):
		return "Connection refused"
	case strings.Contains(text, "timeout"):
		return "Connection timed out"
	case strings.Contains(text, "no route"):
		return "No route to host"
	}
	return text
}

func (c *cli) connect(ctx context.Context) error {
	conn, err := c.t.Net.DialContext(ctx, "tcp", net.JoinHostPort(c.host, c.port))
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	c.conn, c.answers = conn, newReplies(conn)
	if c.password != "" {
		r, err := c.ask([]string{"AUTH", c.password})
		if err != nil {
			return err
		}
		if r.Type == redcon.Error {
			fmt.Fprintf(c.t.Err, "AUTH failed: %s\n", r.Data)
		}
	}
	if c.db != 0 {
		_, err = c.ask([]string{"SELECT", strconv.Itoa(c.db)})
	}
	return err
}

func (c *cli) ask(args []string) (redcon.RESP, error) {
	if _, err := c.conn.Write(encode(nil, args)); err != nil {
		return redcon.RESP{}, err
	}
	return c.answers.next()
}

// one runs a command and shows its reply, or for a subscription all that come.
func (c *cli) one(args []string) int {
	r, err := c.ask(args)
	if err != nil {
		if word(args[0]) == "shutdown" || word(args[0]) == "quit" {
			return 0
		}
		fmt.Fprintf(c.t.Err, "Error: Server closed the connection\n")
		return 1
	}
	c.show(r)
	for strings.HasSuffix(word(args[0]), "subscribe") || word(args[0]) == "monitor" {
		if r, err = c.answers.next(); err != nil {
			return 0
		}
		c.show(r)
	}
	if r.Type == redcon.Error && c.raw {
		return 1
	}
	return 0
}

// show prints a reply: bare for programs, with its type for people.
func (c *cli) show(r redcon.RESP) {
	text := ""
	if c.raw {
		text = bare(r)
	} else {
		text = decorated(r, "")
	}
	c.t.Printf("%s\n", text)
}

func bare(r redcon.RESP) string {
	if r.Type != redcon.Array {
		return string(r.Data)
	}
	var lines []string
	r.ForEach(func(x redcon.RESP) bool { lines = append(lines, bare(x)); return true })
	return strings.Join(lines, "\n")
}

func decorated(r redcon.RESP, indent string) string {
	switch r.Type {
	case redcon.Integer:
		return "(integer) " + string(r.Data)
	case redcon.Error:
		return "(error) " + string(r.Data)
	case redcon.String:
		return string(r.Data)
	case redcon.Bulk:
		if r.Data == nil {
			return "(nil)"
		}
		return strconv.Quote(string(r.Data))
	}
	if r.Count == 0 {
		return "(empty array)"
	}
	if r.Count < 0 {
		return "(nil)"
	}
	width := len(strconv.Itoa(r.Count))
	var lines []string
	n := 0
	r.ForEach(func(x redcon.RESP) bool {
		n++
		mark := fmt.Sprintf("%*d) ", width, n)
		lines = append(lines, mark+decorated(x, indent+strings.Repeat(" ", len(mark))))
		return true
	})
	return strings.Join(lines, "\n"+indent)
}

// session reads commands: with a prompt from a terminal, else line by line.
func (c *cli) session(ctx context.Context) int {
	tty := c.t.TTY()
	lines := bufio.NewReader(c.t.In)
	last := 0
	for {
		line, err := "", error(nil)
		if tty != nil {
			line, err = tty.ReadLine(ctx, c.prompt(), func(line string, pos int) (string, int, []string) { return line, pos, nil })
		} else {
			line, err = lines.ReadString('\n')
		}
		args, ok := split(line)
		if err != nil && len(args) == 0 {
			return last
		}
		switch {
		case !ok:
			c.t.Printf("Invalid argument(s)\n")
		case len(args) == 0:
		case word(args[0]) == "exit" || word(args[0]) == "quit":
			return 0
		case word(args[0]) == "clear":
			c.t.Printf("\x1b[H\x1b[2J")
		default:
			if last = c.one(args); last != 0 && c.reconnect(ctx) != nil {
				return 1
			}
			if word(args[0]) == "select" && len(args) == 2 && last == 0 {
				c.db, _ = strconv.Atoi(args[1])
			}
		}
	}
}

// reconnect makes a new connection where the server closed the old one.
func (c *cli) reconnect(ctx context.Context) error {
	if _, err := c.ask([]string{"PING"}); err == nil {
		return nil
	}
	_ = c.conn.Close()
	return c.connect(ctx)
}

func (c *cli) prompt() string {
	p := net.JoinHostPort(c.host, c.port)
	if c.db != 0 {
		p += fmt.Sprintf("[%d]", c.db)
	}
	return p + "> "
}

// split takes a line apart as redis-cli does: quotes hold words together.
func split(line string) (args []string, ok bool) {
	var cur strings.Builder
	var quote byte
	in := false
	line = strings.TrimRight(line, "\r\n")
	for i := 0; i < len(line); i++ {
		switch ch := line[i]; {
		case quote != 0 && ch == '\\' && quote == '"' && i+1 < len(line):
			i++
			cur.WriteByte(escaped(line[i]))
		case quote != 0 && ch == quote:
			quote = 0
		case quote != 0:
			cur.WriteByte(ch)
		case ch == '"' || ch == '\'':
			quote, in = ch, true
		case ch == ' ' || ch == '\t':
			if in {
				args = append(args, cur.String())
				cur.Reset()
				in = false
			}
		default:
			cur.WriteByte(ch)
			in = true
		}
	}
	if in {
		args = append(args, cur.String())
	}
	return args, quote == 0
}

func escaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	}
	return c
}
