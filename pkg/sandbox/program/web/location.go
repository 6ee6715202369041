package web

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// location is what a server does below a prefix.
type location struct {
	settings
	kind  string // "", "=", "^~", "~" or "~*"
	match string
	re    *regexp.Regexp
	ret   *answer
	proxy *url.URL
	// proxyPath says that proxy_pass has a path, which replaces the location's prefix.
	proxyPath bool
	stub      bool
}

// answer is return CODE [text | URL].
type answer struct {
	code int
	text string
}

func returned(d directive) (*answer, error) {
	if len(d.args) == 0 || len(d.args) > 2 {
		return nil, d.fail("invalid number of arguments in \"return\" directive")
	}
	n, err := strconv.Atoi(d.args[0])
	if err != nil {
		if strings.HasPrefix(d.args[0], "http") && len(d.args) == 1 {
			return &answer{302, d.args[0]}, nil
		}
		return nil, d.fail("invalid return code %q", d.args[0])
	}
	if n < 100 || n > 999 {
		return nil, d.fail("invalid return code %q", d.args[0])
	}
	a := &answer{code: n}
	if len(d.args) == 2 {
		a.text = d.args[1]
	}
	return a, nil
}

func (c *config) location(d directive, base settings) (*location, error) {
	l := &location{settings: base}
	switch {
	case len(d.args) == 1:
		l.match = d.args[0]
		for _, k := range []string{"^~", "~*", "~", "="} {
			if rest, ok := strings.CutPrefix(l.match, k); ok && rest != "" {
				l.kind, l.match = k, rest
				break
			}
		}
	case len(d.args) == 2 && (d.args[0] == "=" || d.args[0] == "~" || d.args[0] == "~*" || d.args[0] == "^~"):
		l.kind, l.match = d.args[0], d.args[1]
	case len(d.args) == 2:
		return nil, d.fail("invalid location modifier %q", d.args[0])
	default:
		return nil, d.fail("invalid number of arguments in \"location\" directive")
	}
	if !d.braces {
		return nil, d.fail("directive \"location\" has no opening \"{\"")
	}
	if l.kind == "~" || l.kind == "~*" {
		pat := l.match
		if l.kind == "~*" {
			pat = "(?i)" + pat
		}
		re, err := regexp.Compile(pat)
		if err != nil {
			return nil, d.fail("pcre2_compile() failed: %v in %q", err, l.match)
		}
		l.re = re
	}
	own := 0
	for _, x := range d.block {
		if err := l.directive(x, &own); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (l *location) directive(x directive, own *int) error {
	var err error
	switch x.name {
	case "return":
		l.ret, err = returned(x)
		return err
	case "alias":
		if len(x.args) != 1 {
			return x.fail("invalid number of arguments in \"alias\" directive")
		}
		l.alias = x.args[0]
		return nil
	case "proxy_pass":
		return l.proxyPass(x)
	case "stub_status":
		l.stub = true
		return nil
	case "try_files":
		if len(x.args) < 2 {
			return x.fail("invalid number of arguments in \"try_files\" directive")
		}
		l.tryFiles = x.args
		return nil
	case "internal":
		l.internal = true
		return nil
	case "location":
		return x.fail("nested locations are not in the sandbox's nginx")
	case "add_header":
		if *own++; *own == 1 {
			l.headers = nil
		}
	}
	ok, err := l.apply(x)
	if err == nil && !ok {
		err = known(x)
	}
	return err
}

func (l *location) proxyPass(x directive) error {
	if len(x.args) != 1 {
		return x.fail("invalid number of arguments in \"proxy_pass\" directive")
	}
	if strings.Contains(x.args[0], "$") {
		return x.fail("variables in \"proxy_pass\" are not in the sandbox's nginx")
	}
	u, err := url.Parse(x.args[0])
	if err != nil || u.Scheme != "http" || u.Host == "" {
		if err == nil && u.Scheme == "https" {
			return x.fail("https in \"proxy_pass\" is not in the sandbox's nginx")
		}
		return x.fail("invalid URL prefix")
	}
	l.proxy, l.proxyPath = u, u.Path != ""
	return nil
}

// find returns the location for a path by nginx's rules: exact, then the longest prefix unless a
// regular expression matches first.
func (s *site) find(p string) *location {
	var best *location
	for _, l := range s.locations {
		switch l.kind {
		case "=":
			if l.match == p {
				return l
			}
		case "", "^~":
			if strings.HasPrefix(p, l.match) && (best == nil || len(l.match) > len(best.match)) {
				best = l
			}
		}
	}
	if best == nil || best.kind != "^~" {
		for _, l := range s.locations {
			if l.re != nil && l.re.MatchString(p) {
				return l
			}
		}
	}
	if best == nil {
		return &location{settings: s.settings, match: "/"}
	}
	return best
}
