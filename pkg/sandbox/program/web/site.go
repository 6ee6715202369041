package web

import (
	"strconv"
	"strings"
)

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
