package web

import (
	"net/url"
	"regexp"
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

// site is a server block.
type site struct {
	settings
	ports     []int
	names     []string
	fallback  bool // default_server
	ret       *answer
	locations []*location
}

// config is all that nginx was told.
type config struct {
	sites     []*site
	upstreams map[string][]string
	logFormat map[string]string
	daemon    bool
	ports     []int
}

// ignored are directives that change nothing that can be seen here.
const ignored = ` user worker_processes error_log pid worker_connections multi_accept use worker_rlimit_nofile log_format sendfile tcp_nopush
tcp_nodelay keepalive_timeout keepalive_requests gzip gzip_types gzip_vary gzip_min_length gzip_proxied gzip_comp_level gzip_http_version
client_max_body_size client_body_buffer_size client_header_buffer_size large_client_header_buffers client_body_timeout client_header_timeout
send_timeout types_hash_max_size types_hash_bucket_size server_names_hash_bucket_size server_names_hash_max_size charset etag
proxy_http_version proxy_buffering proxy_buffers proxy_buffer_size proxy_busy_buffers_size proxy_read_timeout proxy_connect_timeout proxy_send_timeout
proxy_redirect proxy_cache_bypass proxy_request_buffering expires log_not_found reset_timedout_connection open_file_cache resolver resolver_timeout
worker_shutdown_timeout master_process least_conn ip_hash keepalive zone absolute_redirect port_in_redirect server_name_in_redirect
if_modified_since disable_symlinks aio directio output_buffers postpone_output recursive_error_pages merge_slashes msie_padding timer_resolution worker_priority
worker_cpu_affinity env pcre_jit lock_file `

// missing are real directives that the sandbox does not have: it says so instead of calling them unknown.
const missing = ` allow auth_basic auth_basic_user_file auth_request auth_request_set break deny fastcgi_pass geo grpc_pass if js_content js_import limit_conn
limit_conn_zone limit_except limit_rate limit_req limit_req_zone load_module map mirror perl post_action proxy_cache proxy_cache_path
proxy_cache_valid proxy_intercept_errors proxy_next_upstream proxy_ssl_verify proxy_cookie_path real_ip_header realip rewrite rewrite_log satisfy scgi_pass secure_link
set set_real_ip_from slice split_clients ssi ssl_certificate ssl_certificate_key ssl_ciphers ssl_prefer_server_ciphers ssl_protocols ssl_session_cache ssl_session_timeout
ssl_client_certificate ssl_verify_client stream sub_filter sub_filter_once uwsgi_pass userid valid_referers http2 http3 mail image_filter random_index dav_methods `

func listed(list, name string) bool {
	for _, n := range strings.Fields(list) {
		if n == name {
			return true
		}
	}
	return false
}

// build turns directives into a configuration, and says what it cannot do.
func build(list []directive) (*config, error) {
	c := &config{upstreams: map[string][]string{}, logFormat: map[string]string{}, daemon: true}
	events := false
	for _, d := range list {
		switch d.name {
		case "events":
			events = true
			if err := onlyKnown(d.block); err != nil {
				return nil, err
			}
		case "http":
			if !d.braces {
				return nil, d.fail("directive \"http\" has no opening \"{\"")
			}
			if err := c.http(d); err != nil {
				return nil, err
			}
		case "daemon":
			c.daemon = len(d.args) == 1 && d.args[0] != "off"
		case "server", "location":
			return nil, d.fail("%q directive is not allowed here", d.name)
		default:
			if err := known(d); err != nil {
				return nil, err
			}
		}
	}
	if !events {
		return nil, &confError{text: "no \"events\" section in configuration"}
	}
	return c, nil
}

func onlyKnown(list []directive) error {
	for _, d := range list {
		if err := known(d); err != nil {
			return err
		}
	}
	return nil
}

// known is nil for what can be ignored.
func known(d directive) error {
	switch {
	case listed(ignored, d.name):
		return nil
	case listed(missing, d.name):
		return d.fail("directive %q is not in the sandbox's nginx", d.name)
	case listed(" root alias index add_header default_type types error_page access_log autoindex proxy_set_header try_files server_tokens internal listen server_name location return upstream server proxy_pass stub_status events http ", d.name):
		return d.fail("%q directive is not allowed here", d.name)
	}
	return d.fail("unknown directive %q", d.name)
}

func (c *config) http(d directive) error {
	base := settings{root: "/etc/nginx/html", index: []string{"index.html"}, types: builtinTypes(), defaultType: "text/plain", errorPages: map[int]errorPage{}, accessLog: true, tokens: true}
	var servers []directive
	for _, x := range d.block {
		switch x.name {
		case "server":
			if !x.braces {
				return x.fail("directive \"server\" has no opening \"{\"")
			}
			servers = append(servers, x)
		case "upstream":
			if err := c.upstream(x); err != nil {
				return err
			}
		default:
			if ok, err := base.apply(x); err != nil {
				return err
			} else if !ok {
				if err := known(x); err != nil {
					return err
				}
			}
		}
	}
	for _, x := range servers {
		s, err := c.server(x, base.clone())
		if err != nil {
			return err
		}
		c.sites = append(c.sites, s)
		for _, p := range s.ports {
			if !contains(c.ports, p) {
				c.ports = append(c.ports, p)
			}
		}
	}
	return nil
}

func contains(list []int, n int) bool {
	for _, x := range list {
		if x == n {
			return true
		}
	}
	return false
}

func (c *config) upstream(d directive) error {
	if len(d.args) != 1 {
		return d.fail("invalid number of arguments in \"upstream\" directive")
	}
	for _, x := range d.block {
		if x.name != "server" {
			if err := known(x); err != nil {
				return err
			}
			continue
		}
		if len(x.args) == 0 {
			return x.fail("invalid number of arguments in \"server\" directive")
		}
		addr := x.args[0]
		if !strings.Contains(addr, ":") {
			addr += ":80"
		}
		c.upstreams[d.args[0]] = append(c.upstreams[d.args[0]], addr)
	}
	if len(c.upstreams[d.args[0]]) == 0 {
		return d.fail("no servers are inside upstream")
	}
	return nil
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

func (c *config) server(d directive, base settings) (*site, error) {
	s := &site{settings: base}
	var locations []directive
	own := 0
	for _, x := range d.block {
		switch x.name {
		case "listen":
			if err := s.listen(x); err != nil {
				return nil, err
			}
		case "server_name":
			s.names = append(s.names, x.args...)
		case "location":
			locations = append(locations, x)
		case "return":
			a, err := returned(x)
			if err != nil {
				return nil, err
			}
			s.ret = a
		case "try_files":
			s.tryFiles = x.args
		case "add_header":
			// Headers of an inner level replace those of the outer ones.
			if own++; own == 1 {
				s.headers = nil
			}
			fallthrough
		default:
			if ok, err := s.apply(x); err != nil {
				return nil, err
			} else if !ok {
				if err := known(x); err != nil {
					return nil, err
				}
			}
		}
	}
	if len(s.ports) == 0 {
		s.ports = []int{80}
	}
	for _, x := range locations {
		l, err := c.location(x, s.settings.clone())
		if err != nil {
			return nil, err
		}
		s.locations = append(s.locations, l)
	}
	return s, nil
}

// listen reads 80, *:80, 127.0.0.1:80, [::]:80.
func (s *site) listen(d directive) error {
	if len(d.args) == 0 {
		return d.fail("invalid number of arguments in \"listen\" directive")
	}
	a := d.args[0]
	if strings.HasPrefix(a, "unix:") {
		return d.fail("unix sockets are not in the sandbox's nginx")
	}
	port := a[strings.LastIndex(a, ":")+1:]
	if !strings.Contains(a, ":") && strings.Contains(a, ".") {
		port = "80"
	}
	n, err := strconv.Atoi(port)
	switch {
	case err != nil && !strings.Contains(a, ":"):
		return d.fail("host not found in %q of the \"listen\" directive", a)
	case err != nil || n < 1 || n > 65535:
		return d.fail("invalid port in %q of the \"listen\" directive", a)
	}
	for _, o := range d.args[1:] {
		switch {
		case o == "default_server" || o == "default":
			s.fallback = true
		case o == "ssl" || o == "quic":
			return d.fail("parameter %q of \"listen\" is not in the sandbox's nginx", o)
		}
	}
	if !contains(s.ports, n) {
		s.ports = append(s.ports, n)
	}
	return nil
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

// siteFor returns the server block for a port and host.
func (c *config) siteFor(port int, host string) *site {
	var first, byDefault *site
	for _, s := range c.sites {
		if !contains(s.ports, port) {
			continue
		}
		if first == nil {
			first = s
		}
		if s.fallback && byDefault == nil {
			byDefault = s
		}
		for _, n := range s.names {
			if n == host || strings.HasPrefix(n, "*.") && strings.HasSuffix(host, n[1:]) {
				return s
			}
		}
	}
	if byDefault != nil {
		return byDefault
	}
	return first
}

func builtinTypes() map[string]string {
	return map[string]string{"html": "text/html", "gif": "image/gif", "jpg": "image/jpeg"}
}
