package web

import (
	"strconv"
	"strings"
)

// settings are what a location inherits from its server and the http block.
type settings struct {
	root        string
	alias       string
	index       []string
	headers     []header
	types       map[string]string
	defaultType string
	errorPages  map[int]errorPage
	accessLog   bool
	autoindex   bool
	proxyHeader []header
	tryFiles    []string
	tokens      bool
	internal    bool
}

type header struct {
	name, value string
	always      bool
}

type errorPage struct {
	to     string
	status int // 0 keeps the status
}

func (s settings) clone() settings {
	c := s
	c.errorPages = map[int]errorPage{}
	for k, v := range s.errorPages {
		c.errorPages[k] = v
	}
	return c
}

// apply takes a directive that may stand in http, server and location; ok says that it did.
func (s *settings) apply(d directive) (ok bool, err error) {
	one := func() (string, error) {
		if len(d.args) != 1 {
			return "", d.fail("invalid number of arguments in %q directive", d.name)
		}
		return d.args[0], nil
	}
	switch d.name {
	case "root":
		s.root, err = one()
		s.alias = ""
	case "index":
		s.index = d.args
	case "default_type":
		s.defaultType, err = one()
	case "types":
		s.types = map[string]string{}
		for _, x := range d.block {
			for _, ext := range x.args {
				s.types[ext] = x.name
			}
		}
	case "autoindex":
		var v string
		v, err = one()
		s.autoindex = v == "on"
	case "server_tokens":
		var v string
		v, err = one()
		s.tokens = v != "off"
	case "access_log":
		s.accessLog = len(d.args) == 0 || d.args[0] != "off"
	case "add_header":
		if len(d.args) < 2 {
			return true, d.fail("invalid number of arguments in \"add_header\" directive")
		}
		s.headers = append(append([]header{}, s.headers...), header{d.args[0], d.args[1], len(d.args) > 2 && d.args[2] == "always"})
	case "proxy_set_header":
		if len(d.args) != 2 {
			return true, d.fail("invalid number of arguments in \"proxy_set_header\" directive")
		}
		s.proxyHeader = append(append([]header{}, s.proxyHeader...), header{name: d.args[0], value: d.args[1]})
	case "error_page":
		err = s.errorPage(d)
	default:
		return false, nil
	}
	return true, err
}

func (s *settings) errorPage(d directive) error {
	if len(d.args) < 2 {
		return d.fail("invalid number of arguments in \"error_page\" directive")
	}
	to := errorPage{to: d.args[len(d.args)-1]}
	codes := d.args[:len(d.args)-1]
	if last := codes[len(codes)-1]; strings.HasPrefix(last, "=") {
		to.status = 200
		if n, err := strconv.Atoi(last[1:]); err == nil {
			to.status = n
		}
		codes = codes[:len(codes)-1]
	}
	for _, code := range codes {
		n, err := strconv.Atoi(code)
		if err != nil || n < 300 || n > 599 {
			return d.fail("invalid value %q", code)
		}
		s.errorPages[n] = to
	}
	return nil
}

func builtinTypes() map[string]string {
	return map[string]string{"html": "text/html", "gif": "image/gif", "jpg": "image/jpeg"}
}
