package applet

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

type sedParser struct {
	text     string
	extended bool
	last     bool // some address is $
	lastRE   *regexp.Regexp
}

func (p *sedParser) skip(set string) { p.text = strings.TrimLeft(p.text, set) }

func (p *sedParser) commands(inner bool) ([]*sedCommand, error) {
	var out []*sedCommand
	for {
		p.skip(" \t\n;")
		if p.text == "" {
			if inner {
				return nil, errors.New("unterminated {")
			}
			return out, nil
		}
		if p.text[0] == '}' {
			p.text = p.text[1:]
			if !inner {
				return nil, errors.New("unexpected }")
			}
			return out, nil
		}
		if p.text[0] == '#' {
			_, p.text, _ = strings.Cut(p.text, "\n")
			continue
		}
		c, err := p.command()
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
}

func (p *sedParser) command() (*sedCommand, error) {
	c := &sedCommand{nth: 1}
	var err error
	if c.from, err = p.address(); err != nil {
		return nil, err
	}
	p.skip(" \t")
	if c.from != nil && strings.HasPrefix(p.text, ",") {
		p.text = p.text[1:]
		if c.to, err = p.address(); err != nil {
			return nil, err
		}
		if c.to == nil {
			return nil, errors.New("unexpected ','")
		}
	}
	p.skip(" \t")
	if strings.HasPrefix(p.text, "!") {
		c.negate = true
		p.text = strings.TrimLeft(p.text[1:], " \t")
	}
	if p.text == "" {
		return nil, errors.New("missing command")
	}
	c.name, p.text = p.text[0], p.text[1:]
	switch c.name {
	case '{':
		c.block, err = p.commands(true)
	case 's':
		err = p.substitution(c)
	case 'y':
		err = p.transliteration(c)
	case 'p', 'd', 'q', '=':
	case 'a', 'i', 'c':
		text := strings.TrimLeft(p.text, " \t")
		text = strings.TrimPrefix(text, "\\")
		text = strings.TrimPrefix(text, "\n")
		c.text, p.text, _ = strings.Cut(text, "\n")
	default:
		err = fmt.Errorf("unsupported command %c", c.name)
	}
	return c, err
}

func (p *sedParser) address() (*sedAddress, error) {
	p.skip(" \t")
	if p.text == "" {
		return nil, nil
	}
	switch c := p.text[0]; {
	case c == '$':
		p.text = p.text[1:]
		p.last = true
		return &sedAddress{last: true}, nil
	case c >= '0' && c <= '9':
		end := 0
		for end < len(p.text) && p.text[end] >= '0' && p.text[end] <= '9' {
			end++
		}
		n, err := strconv.Atoi(p.text[:end])
		p.text = p.text[end:]
		return &sedAddress{line: n}, err
	case c == '/':
		p.text = p.text[1:]
		src, err := p.until('/')
		if err != nil {
			return nil, err
		}
		re, err := p.compile(src, "")
		return &sedAddress{re: re}, err
	}
	return nil, nil
}

// until reads up to a delimiter that no backslash stands before.
func (p *sedParser) until(d byte) (string, error) {
	var out strings.Builder
	for i := 0; i < len(p.text); i++ {
		c := p.text[i]
		switch {
		case c == d:
			p.text = p.text[i+1:]
			return out.String(), nil
		case c == '\\' && i+1 < len(p.text):
			i++
			if p.text[i] != d {
				out.WriteByte('\\')
			}
			out.WriteByte(p.text[i])
		case c == '[' && d != ']':
			end := bracketEnd(p.text, i)
			if strings.IndexByte(p.text[i:end], ']') < 0 {
				end = i + 1
			}
			out.WriteString(p.text[i:end])
			i = end - 1
		default:
			out.WriteByte(c)
		}
	}
	return "", fmt.Errorf("unmatched '%c'", d)
}

func (p *sedParser) compile(src, flags string) (*regexp.Regexp, error) {
	if src == "" && p.lastRE != nil {
		return p.lastRE, nil
	}
	if !p.extended {
		src = basic(src)
	}
	re, err := regexp.Compile(flags + src)
	if err != nil {
		return nil, fmt.Errorf("bad regex '%s': %w", src, err)
	}
	re.Longest()
	p.lastRE = re
	return re, nil
}

func (p *sedParser) substitution(c *sedCommand) error {
	if p.text == "" {
		return errors.New("bad option in substitution expression")
	}
	d := p.text[0]
	p.text = p.text[1:]
	src, err := p.until(d)
	if err != nil {
		return err
	}
	if c.text, err = p.until(d); err != nil {
		return err
	}
	flags := ""
	for p.text != "" && strings.IndexByte(" \t\n;}", p.text[0]) < 0 {
		switch f := p.text[0]; {
		case f == 'g':
			c.global = true
		case f == 'p':
			c.print = true
		case f == 'i' || f == 'I':
			flags = "(?i)"
		case f >= '1' && f <= '9':
			c.nth = int(f - '0')
		default:
			return errors.New("bad option in substitution expression")
		}
		p.text = p.text[1:]
	}
	c.re, err = p.compile(src, flags)
	return err
}

func (p *sedParser) transliteration(c *sedCommand) error {
	if p.text == "" {
		return errors.New("unmatched 'y'")
	}
	d := p.text[0]
	p.text = p.text[1:]
	var err error
	if c.text, err = p.until(d); err != nil {
		return err
	}
	if c.with, err = p.until(d); err != nil {
		return err
	}
	if len([]rune(c.text)) != len([]rune(c.with)) {
		return errors.New("strings for 'y' command are different lengths")
	}
	return nil
}
