package shell

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

func (s *Shell) printfCommand(_ context.Context, args []string) int {
	args = args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		s.complain("usage: printf format [arguments]")
		return 2
	}
	p := &printer{args: args[1:]}
	format := unescape(args[0], false)
	for {
		left := len(p.args)
		if err := p.format(format); err != nil {
			_, _ = fmt.Fprint(s.out, p.out.String())
			s.complain("printf: %v", err)
			return 1
		}
		if len(p.args) == 0 || len(p.args) == left || p.stop {
			break
		}
	}
	if _, err := fmt.Fprint(s.out, p.out.String()); err != nil {
		return s.writeFailed("printf", err)
	}
	if p.bad != nil {
		s.complain("printf: %v", p.bad)
		return 1
	}
	return 0
}

// printer is printf on its way through the arguments.
type printer struct {
	args []string
	out  strings.Builder
	stop bool  // \c was met
	bad  error // the last argument that is no number
}

func (p *printer) next() string {
	if len(p.args) == 0 {
		return ""
	}
	a := p.args[0]
	p.args = p.args[1:]
	return a
}

func (p *printer) format(f string) error {
	for i := 0; i < len(f); i++ {
		if f[i] != '%' {
			p.out.WriteByte(f[i])
			continue
		}
		spec := "%"
		for i++; i < len(f) && strings.IndexByte("-+ #0123456789.*", f[i]) >= 0; i++ {
			if f[i] == '*' {
				n, _ := p.number(p.next())
				spec += strconv.FormatInt(n, 10)
				continue
			}
			spec += string(f[i])
		}
		for i < len(f) && (f[i] == 'l' || f[i] == 'h') {
			i++
		}
		if i >= len(f) {
			return fmt.Errorf("%s: invalid format", spec)
		}
		if err := p.verb(spec, f[i]); err != nil || p.stop {
			return err
		}
	}
	return nil
}

func (p *printer) verb(spec string, c byte) error {
	switch c {
	case '%':
		p.out.WriteByte('%')
	case 's':
		fmt.Fprintf(&p.out, spec+"s", p.next())
	case 'q':
		fmt.Fprintf(&p.out, spec+"s", quote(p.next()))
	case 'b':
		text, _, stop := strings.Cut(p.next(), `\c`)
		p.stop = stop
		fmt.Fprintf(&p.out, spec+"s", unescape(text, true))
	case 'c':
		_, n := utf8.DecodeRuneInString(p.args0())
		fmt.Fprintf(&p.out, spec+"s", p.next()[:n])
	case 'd', 'i', 'u':
		n, err := p.number(p.next())
		p.note(err)
		fmt.Fprintf(&p.out, spec+"d", n)
	case 'x', 'X', 'o':
		n, err := p.number(p.next())
		p.note(err)
		fmt.Fprintf(&p.out, spec+string(c), uint64(n))
	case 'f', 'F', 'e', 'E', 'g', 'G':
		a := p.next()
		v, err := strconv.ParseFloat(a, 64)
		if err != nil && a != "" {
			p.note(fmt.Errorf("%s: expected numeric value", a))
		}
		fmt.Fprintf(&p.out, spec+string(c), v)
	default:
		return fmt.Errorf("%%%c: invalid format", c)
	}
	return nil
}

func (p *printer) args0() string {
	if len(p.args) == 0 {
		return ""
	}
	return p.args[0]
}

func (p *printer) note(err error) {
	if err != nil {
		p.bad = err
	}
}

// number reads 10, 0x1f, 017 or 'c, the code of a character.
func (p *printer) number(a string) (int64, error) {
	if a == "" {
		return 0, nil
	}
	if a[0] == '\'' || a[0] == '"' {
		r, _ := utf8.DecodeRuneInString(a[1:])
		return int64(r), nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(a), 0, 64)
	if err != nil {
		end := 0
		for end < len(a) && (a[end] >= '0' && a[end] <= '9' || end == 0 && a[end] == '-') {
			end++
		}
		n, _ = strconv.ParseInt(a[:end], 10, 64)
		return n, fmt.Errorf("%s: expected numeric value", a)
	}
	return n, nil
}

// unescape replaces backslash sequences. zero says that octal numbers begin with a 0, as in echo -e.
func unescape(s string, zero bool) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			out.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case 'n':
			out.WriteByte('\n')
		case 't':
			out.WriteByte('\t')
		case 'r':
			out.WriteByte('\r')
		case 'a':
			out.WriteByte(7)
		case 'b':
			out.WriteByte(8)
		case 'f':
			out.WriteByte(12)
		case 'v':
			out.WriteByte(11)
		case 'e':
			out.WriteByte(27)
		case '\\', '"', '\'':
			if c != '\\' && zero {
				out.WriteByte('\\')
			}
			out.WriteByte(c)
		case 'x':
			i += coded(&out, s[i+1:], 16, 2)
		case '0', '1', '2', '3', '4', '5', '6', '7':
			switch {
			case zero && c != '0':
				out.WriteByte('\\')
				out.WriteByte(c)
			case zero:
				i += coded(&out, s[i+1:], 8, 3)
			default:
				i += coded(&out, s[i:], 8, 3) - 1
			}
		default:
			out.WriteByte('\\')
			out.WriteByte(c)
		}
	}
	return out.String()
}

// coded writes the byte that up to limit digits stand for, and returns how many there are.
func coded(out *strings.Builder, s string, base, limit int) int {
	n, value := 0, 0
	for n < limit && n < len(s) {
		d, err := strconv.ParseInt(s[n:n+1], base, 32)
		if err != nil {
			break
		}
		value = value*base + int(d)
		n++
	}
	out.WriteByte(byte(value))
	return n
}
