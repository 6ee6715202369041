package redis

import (
	"errors"
	"io"

	"github.com/tidwall/redcon"
)

// replies reads what a server sends.
type replies struct {
	r   io.Reader
	buf []byte
}

// replyLimit is how large one reply may be.
const replyLimit = 64 << 20

func newReplies(r io.Reader) *replies { return &replies{r: r} }

// next returns the next reply, which is valid until the one after it is read.
func (p *replies) next() (redcon.RESP, error) {
	for {
		if n, r := redcon.ReadNextRESP(p.buf); n > 0 {
			p.buf = p.buf[n:]
			return r, nil
		}
		if len(p.buf) > replyLimit {
			return redcon.RESP{}, errors.New("the reply is too large")
		}
		b := make([]byte, 16<<10)
		n, err := p.r.Read(b)
		p.buf = append(p.buf, b[:n]...)
		if err != nil && n == 0 {
			return redcon.RESP{}, err
		}
	}
}

// command returns the next reply as a command, which is what a leader sends.
func (p *replies) command() (redcon.Command, error) {
	r, err := p.next()
	if err != nil {
		return redcon.Command{}, err
	}
	cmd := redcon.Command{}
	r.ForEach(func(a redcon.RESP) bool {
		cmd.Args = append(cmd.Args, append([]byte{}, a.Data...))
		return true
	})
	return cmd, nil
}
