package applet

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"path"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// Exit codes of curl.
const (
	curlProtocol  = 1
	curlUsage     = 2
	curlURL       = 3
	curlResolve   = 6
	curlConnect   = 7
	curlHTTP      = 22
	curlWrite     = 23
	curlRead      = 26
	curlTimeout   = 28
	curlRedirects = 47
	curlEmpty     = 52
	curlReceive   = 56
	curlVerify    = 60
)

// curlError is an error with curl's exit code. Its text is printed unless -s.
type curlError struct {
	code int
	text string
}

func (e *curlError) Error() string { return fmt.Sprintf("curl: (%d) %s", e.code, e.text) }

// curlRun is one call of curl.
type curlRun struct {
	t       *task.Task
	urls    []string
	headers []string
	data    []string
	hasData bool
	get     bool
	json    bool
	method  string
	output  []string
	remote  bool
	write   string
	user    string
	agent   string
	cacert  string
	resolve map[string]string // host:port to address

	silent, showError, fail, failBody, include, head, verbose, location, insecure, progress bool

	maxTime, connectTime   time.Duration
	retry                  int
	retryDelay             time.Duration
	retryAll, retryRefused bool
	redirects              int

	// figures of the last transfer, for -w
	last transfer
}

type transfer struct {
	code      int
	url       string
	ip, port  string
	kind      string
	bytes     int64
	redirects int
	start     time.Time
	lookup    time.Duration
	connect   time.Duration
	first     time.Duration
	total     time.Duration
	location  string
}

func curl(ctx context.Context, t *task.Task) int {
	c := &curlRun{t: t, redirects: 50, resolve: map[string]string{}}
	if err := c.arguments(t.Args[1:]); err != nil {
		if errors.Is(err, errDone) {
			return 0
		}
		fmt.Fprintf(t.Err, "%v\n", err)
		fmt.Fprintf(t.Err, "curl: try 'curl --help' or 'curl --manual' for more information\n")
		return curlUsage
	}
	if len(c.urls) == 0 {
		fmt.Fprintf(t.Err, "curl: (2) no URL specified\ncurl: try 'curl --help' or 'curl --manual' for more information\n")
		return curlUsage
	}
	code := 0
	for i, u := range c.urls {
		code = c.transfer(ctx, u, i)
		if ctx.Err() != nil {
			return task.CodeOf(ctx)
		}
	}
	return code
}

// arguments reads the command line.
func (c *curlRun) arguments(args []string) error {
	for i := 0; i < len(args); i++ {
		a := args[i]
		value := func(attached string) (string, error) {
			if attached != "" {
				return attached, nil
			}
			if i+1 >= len(args) {
				return "", fmt.Errorf("curl: option %s: requires parameter", a)
			}
			i++
			return args[i], nil
		}
		switch {
		case strings.HasPrefix(a, "--"):
			if err := c.long(a[2:], func() (string, error) { return value("") }); err != nil {
				return err
			}
		case len(a) > 1 && a[0] == '-':
			for j := 1; j < len(a); j++ {
				took, err := c.short(a[j], func() (string, error) { return value(a[j+1:]) })
				if err != nil {
					return err
				}
				if took {
					break
				}
			}
		default:
			c.urls = append(c.urls, a)
		}
	}
	return nil
}

// short handles a letter and says whether it took the rest of the word as its value.
func (c *curlRun) short(o byte, value func() (string, error)) (took bool, err error) {
	names := map[byte]string{
		's': "silent", 'S': "show-error", 'f': "fail", 'v': "verbose", 'i': "include", 'I': "head", 'L': "location", 'k': "insecure", 'G': "get",
		'O': "remote-name", '#': "progress-bar", 'g': "globoff", 'N': "no-buffer", '4': "ipv4", '6': "ipv6", '0': "http1.0", 'V': "version", 'h': "help", 'j': "junk-session-cookies",
	}
	if name, ok := names[o]; ok {
		return false, c.long(name, nil)
	}
	withValue := map[byte]string{
		'o': "output", 'w': "write-out", 'X': "request", 'd': "data", 'H': "header", 'm': "max-time", 'u': "user", 'A': "user-agent", 'e': "referer",
		'b': "cookie", 'T': "upload-file", 'x': "proxy", 'F': "form",
	}
	if name, ok := withValue[o]; ok {
		return true, c.long(name, value)
	}
	return false, fmt.Errorf("curl: option -%c: is unknown", o)
}

func (c *curlRun) long(name string, value func() (string, error)) error {
	switch name {
	case "silent":
		c.silent = true
	case "show-error":
		c.showError = true
	case "fail":
		c.fail = true
	case "fail-with-body":
		c.fail, c.failBody = true, true
	case "verbose":
		c.verbose = true
	case "include", "show-headers":
		c.include = true
	case "head":
		c.head = true
	case "location":
		c.location = true
	case "insecure":
		c.insecure = true
	case "get":
		c.get = true
	case "remote-name":
		c.remote = true
	case "progress-bar":
		c.progress = true
	case "globoff", "no-buffer", "ipv4", "http1.0", "http1.1", "no-progress-meter", "compressed", "no-keepalive", "path-as-is", "junk-session-cookies":
		if name == "no-progress-meter" {
			c.silent, c.showError = true, true
		}
	case "retry-connrefused":
		c.retryRefused = true
	case "retry-all-errors":
		c.retryAll = true
	case "version":
		c.version()
		return errDone
	case "help":
		fmt.Fprintf(c.t.Out, "Usage: curl [options...] <url>\n -d, --data <data>          HTTP POST data\n -f, --fail                 Fail fast with no output on HTTP errors\n -i, --include              Include response headers in output\n -o, --output <file>        Write to file instead of stdout\n -s, --silent               Silent mode\n -v, --verbose              Make the operation more talkative\n")
		return errDone
	default:
		return c.valued(name, value)
	}
	return nil
}

// valued handles the long options that have a value.
func (c *curlRun) valued(name string, value func() (string, error)) error {
	known := " output write-out request data data-raw data-binary data-urlencode data-ascii json header max-time connect-timeout user user-agent referer cookie url retry retry-delay retry-max-time max-redirs cacert resolve noproxy interface "
	if value == nil || !strings.Contains(known, " "+name+" ") {
		return fmt.Errorf("curl: option --%s: is unknown", name)
	}
	v, err := value()
	if err != nil {
		return err
	}
	switch name {
	case "output":
		c.output = append(c.output, v)
	case "write-out":
		c.write = v
	case "request":
		c.method = v
	case "data", "data-raw", "data-binary", "data-ascii", "data-urlencode", "json":
		return c.addData(name, v)
	case "header":
		c.headers = append(c.headers, v)
	case "max-time":
		c.maxTime, err = seconds(v)
	case "connect-timeout":
		c.connectTime, err = seconds(v)
	case "retry-delay":
		c.retryDelay, err = seconds(v)
	case "retry-max-time":
		_, err = seconds(v)
	case "user":
		c.user = v
	case "user-agent":
		c.agent = v
	case "referer":
		c.headers = append(c.headers, "Referer: "+v)
	case "cookie":
		c.headers = append(c.headers, "Cookie: "+v)
	case "url":
		c.urls = append(c.urls, v)
	case "retry":
		c.retry, err = strconv.Atoi(v)
	case "max-redirs":
		c.redirects, err = strconv.Atoi(v)
	case "cacert":
		c.cacert = v
	case "resolve":
		if host, rest, ok := strings.Cut(v, ":"); ok {
			if port, addr, ok := strings.Cut(rest, ":"); ok {
				c.resolve[host+":"+port] = addr
			}
		}
	}
	if err != nil {
		return fmt.Errorf("curl: option --%s: expected a proper numerical parameter", name)
	}
	return nil
}

func seconds(v string) (time.Duration, error) {
	f, err := strconv.ParseFloat(v, 64)
	return time.Duration(f * float64(time.Second)), err
}

func (c *curlRun) addData(name, v string) error {
	c.hasData = true
	if file, ok := strings.CutPrefix(v, "@"); ok && name != "data-raw" && name != "data-urlencode" {
		var b []byte
		var err error
		if file == "-" {
			b, err = io.ReadAll(c.t.In)
		} else {
			b, err = c.t.FS.ReadFile(c.t.Path(file))
		}
		if err != nil {
			return fmt.Errorf("curl: option --%s: error encountered when reading a file", name)
		}
		v = string(b)
		if name != "data-binary" && name != "json" {
			v = strings.NewReplacer("\n", "", "\r", "").Replace(v)
		}
	}
	if name == "data-urlencode" {
		if k, val, ok := strings.Cut(v, "="); ok {
			v = k + "=" + url.QueryEscape(val)
		} else {
			v = url.QueryEscape(v)
		}
	}
	c.json = c.json || name == "json"
	c.data = append(c.data, v)
	return nil
}

func (c *curlRun) versionNumber() string { return c.t.Binary.Version }

func (c *curlRun) version() {
	platform := "x86_64-pc-linux-gnu"
	if c.t.Binary.Flavor == "alpine" {
		platform = "x86_64-alpine-linux-musl"
	}
	if runtime.GOARCH == "arm64" {
		platform = strings.Replace(platform, "x86_64", "aarch64", 1)
	}
	c.t.Printf("curl %s (%s) libcurl/%s\nProtocols: http https\nFeatures: SSL\n", c.versionNumber(), platform, c.versionNumber())
}

// older says whether the curl of the image is older than major.minor.
func (c *curlRun) older(major, minor int) bool {
	var a, b int
	if _, err := fmt.Sscanf(c.versionNumber(), "%d.%d", &a, &b); err != nil {
		return false
	}
	return a < major || a == major && b < minor
}

// transfer fetches one URL, with retries, and returns the exit code.
func (c *curlRun) transfer(ctx context.Context, address string, index int) int {
	delay := time.Second
	for attempt := 0; ; attempt++ {
		err := c.attempt(ctx, address, index)
		ce, _ := errors.AsType[*curlError](err)
		if attempt < c.retry && c.transient(ce) && ctx.Err() == nil {
			wait := delay
			if c.retryDelay > 0 {
				wait = c.retryDelay
			}
			if !c.silent || c.showError {
				fmt.Fprintf(c.t.Err, "Warning: Problem: %s. Will retry in %d second%s. %d retr%s left.\n", c.problem(ce), int(wait.Seconds()), plural(int(wait.Seconds()), "", "s"), c.retry-attempt, plural(c.retry-attempt, "y", "ies"))
			}
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
			}
			delay = min(delay*2, 10*time.Minute)
			continue
		}
		c.writeOut()
		if ce == nil {
			return 0
		}
		if ce.text != "" && (!c.silent || c.showError) {
			fmt.Fprintf(c.t.Err, "%v\n", ce)
		}
		return ce.code
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// transient says whether --retry tries again after an error.
func (c *curlRun) transient(e *curlError) bool {
	switch {
	case e == nil:
		switch c.last.code {
		case 408, 429, 500, 502, 503, 504:
			return true
		}
		return false
	case c.retryAll:
		return true
	case e.code == curlConnect:
		return c.retryRefused
	case e.code == curlHTTP:
		return c.last.code == 408 || c.last.code == 429 || c.last.code >= 500
	}
	return e.code == curlTimeout || e.code == curlResolve
}

func (c *curlRun) problem(e *curlError) string {
	switch {
	case e == nil || e.code == curlHTTP:
		return "HTTP error"
	case e.code == curlTimeout:
		return "timeout"
	case e.code == curlConnect && !c.retryAll:
		return "connection refused"
	}
	return "(retrying all errors)"
}

func (c *curlRun) attempt(ctx context.Context, address string, index int) error {
	raw := address
	if !strings.Contains(raw, "://") {
		raw = "http://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return &curlError{curlURL, "URL rejected: Malformed input to a URL function"}
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return &curlError{curlProtocol, fmt.Sprintf("Protocol \"%s\" not supported", u.Scheme)}
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n > 65535 {
			return &curlError{curlURL, "URL rejected: Port number was not a decimal number between 0 and 65535"}
		}
	}
	if c.maxTime > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.maxTime)
		defer cancel()
	}
	c.last = transfer{start: time.Now(), url: u.String()}
	defer func() { c.last.total = time.Since(c.last.start) }()
	body, method := c.body(u)
	for {
		resp, err := c.request(ctx, method, u, body)
		if err != nil {
			return err
		}
		c.last.code, c.last.kind, c.last.location = resp.StatusCode, resp.Header.Get("Content-Type"), ""
		location := resp.Header.Get("Location")
		redirect := resp.StatusCode >= 300 && resp.StatusCode < 400 && location != ""
		if redirect {
			if next, err := u.Parse(location); err == nil {
				c.last.location = next.String()
			}
		}
		if !redirect || !c.location {
			err := c.receive(ctx, resp, u, index, true)
			_ = resp.Body.Close()
			return err
		}
		if c.include || c.head {
			_ = c.receive(ctx, resp, u, index, false)
		}
		_ = resp.Body.Close()
		if c.last.redirects++; c.last.redirects > c.redirects {
			return &curlError{curlRedirects, fmt.Sprintf("Maximum (%d) redirects followed", c.redirects)}
		}
		if u, err = u.Parse(location); err != nil {
			return &curlError{curlURL, "URL rejected: Malformed input to a URL function"}
		}
		c.last.url = u.String()
		if resp.StatusCode == http.StatusSeeOther || resp.StatusCode <= 302 && method == http.MethodPost && c.method == "" {
			method, body = http.MethodGet, nil
		}
	}
}

// body is what is sent, and by which method.
func (c *curlRun) body(u *url.URL) ([]byte, string) {
	method := http.MethodGet
	var body []byte
	if c.hasData {
		joined := strings.Join(c.data, "&")
		if c.get {
			if u.RawQuery != "" {
				u.RawQuery += "&"
			}
			u.RawQuery += joined
			c.last.url = u.String()
		} else {
			body, method = []byte(joined), http.MethodPost
		}
	}
	if c.head {
		method = http.MethodHead
	}
	if c.method != "" {
		method = c.method
	}
	return body, method
}

// request makes one HTTP request.
func (c *curlRun) request(ctx context.Context, method string, u *url.URL, body []byte) (*http.Response, error) {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	host := u.Hostname()
	addr := c.resolve[host+":"+port]
	if addr == "" {
		var err error
		if addr, err = resolve(ctx, c.t, host); err != nil {
			if isTimeout(err) && ctx.Err() != nil {
				return nil, c.timedOut("Resolving timed out after %d milliseconds")
			}
			return nil, &curlError{curlResolve, "Could not resolve host: " + host}
		}
	}
	c.last.lookup = time.Since(c.last.start)
	c.last.ip, c.last.port = addr, port
	c.note("* Host %s:%s was resolved.\n* IPv4: %s\n*   Trying %s...\n", host, port, addr, net.JoinHostPort(addr, port))
	var sent io.Reader
	if body != nil {
		sent = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), sent)
	if err != nil {
		return nil, &curlError{curlURL, "URL rejected: Malformed input to a URL function"}
	}
	c.fill(req, body != nil)
	config, err := c.tlsConfig(host)
	if err != nil {
		return nil, err
	}
	req = req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			c.last.connect = time.Since(c.last.start)
			c.note("* Connected to %s (%s) port %s\n", host, addr, port)
			c.noteRequest(req, body)
		},
		GotFirstResponseByte: func() { c.last.first = time.Since(c.last.start) },
	}))
	tr := transport(c.t, config, addr)
	dial := tr.DialContext
	tr.DialContext = func(ctx context.Context, network, to string) (net.Conn, error) {
		if c.connectTime > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, c.connectTime)
			defer cancel()
		}
		return dial(ctx, network, to)
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return nil, c.explain(ctx, err, host, port)
	}
	c.noteResponse(resp)
	return resp, nil
}

func (c *curlRun) fill(req *http.Request, hasBody bool) {
	agent := c.agent
	if agent == "" {
		agent = "curl/" + c.versionNumber()
	}
	req.Header.Set("User-Agent", agent)
	req.Header.Set("Accept", "*/*")
	if hasBody {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if c.json {
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Accept", "application/json")
		}
	}
	if c.user != "" {
		name, pass, _ := strings.Cut(c.user, ":")
		req.SetBasicAuth(name, pass)
	}
	applyHeaders(req, c.headers)
}

func (c *curlRun) tlsConfig(host string) (*tls.Config, error) {
	config := &tls.Config{ServerName: host, InsecureSkipVerify: c.insecure, RootCAs: x509.NewCertPool()}
	if c.cacert != "" {
		b, err := c.t.FS.ReadFile(c.t.Path(c.cacert))
		if err != nil || !config.RootCAs.AppendCertsFromPEM(b) {
			return nil, &curlError{77, "error setting certificate file: " + c.cacert}
		}
	}
	return config, nil
}

func (c *curlRun) timedOut(format string) *curlError {
	return &curlError{curlTimeout, fmt.Sprintf(format, time.Since(c.last.start).Milliseconds())}
}

// explain turns an error of the connection into curl's.
func (c *curlRun) explain(ctx context.Context, err error, host, port string) error {
	ms := time.Since(c.last.start).Milliseconds()
	why := "Could not connect to server"
	if c.older(8, 9) {
		why = "Couldn't connect to server"
	}
	connected := c.last.connect > 0
	switch {
	case connected && isTimeout(err) || connected && ctx.Err() != nil:
		return c.timedOut("Operation timed out after %d milliseconds with 0 bytes received")
	case isTimeout(err) || ctx.Err() != nil:
		if c.older(8, 0) {
			return c.timedOut("Connection timed out after %d milliseconds")
		}
		return &curlError{curlTimeout, fmt.Sprintf("Connection timed out after %d milliseconds", ms)}
	case isUnknownHost(err):
		return &curlError{curlResolve, "Could not resolve host: " + host}
	case isDial(err):
		c.note("* connect to %s port %s failed: %s\n", c.last.ip, port, dialText(err))
		return &curlError{curlConnect, fmt.Sprintf("Failed to connect to %s port %s after %d ms: %s", host, port, ms, why)}
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		text := "unable to get local issuer certificate"
		if _, ok := errors.AsType[x509.HostnameError](e.Err); ok {
			return &curlError{curlVerify, fmt.Sprintf("SSL: no alternative certificate subject name matches target host name '%s'", host)}
		}
		return &curlError{curlVerify, "SSL certificate problem: " + text + "\nMore details here: https://curl.se/docs/sslcerts.html"}
	}
	switch {
	case errors.Is(err, io.EOF):
		return &curlError{curlEmpty, "Empty reply from server"}
	case strings.Contains(err.Error(), "first record does not look like a TLS handshake"):
		return &curlError{35, "TLS connect error: wrong version number"}
	case strings.Contains(err.Error(), "malformed HTTP"):
		return &curlError{curlProtocol, "Received HTTP/0.9 when not allowed"}
	}
	return &curlError{curlReceive, "Recv failure: " + dialText(err)}
}

// note prints a line of -v.
func (c *curlRun) note(format string, a ...any) {
	if c.verbose {
		fmt.Fprintf(c.t.Err, format, a...)
	}
}

func (c *curlRun) noteRequest(req *http.Request, body []byte) {
	if !c.verbose {
		return
	}
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	c.note("> %s %s HTTP/1.1\n> Host: %s\n", req.Method, req.URL.RequestURI(), host)
	for _, l := range headerLines(req.Header) {
		c.note("> %s\n", l)
	}
	if body != nil {
		c.note("> Content-Length: %d\n", len(body))
	}
	c.note("> \n")
}

func (c *curlRun) noteResponse(resp *http.Response) {
	if !c.verbose {
		return
	}
	c.note("< %s %s\n", resp.Proto, resp.Status)
	for _, l := range headerLines(resp.Header) {
		c.note("< %s\n", l)
	}
	c.note("< \n")
}

// headerLines are the headers as text; the order in which they came is not kept by package http.
func headerLines(h http.Header) []string {
	order := map[string]int{"Server": -10, "Date": -9, "Content-Type": -8, "Content-Length": -7, "Last-Modified": -6, "Connection": -5, "Etag": -4, "User-Agent": -3, "Accept": -2}
	var names []string
	for n := range h {
		names = append(names, n)
	}
	sort.Slice(names, func(i, j int) bool {
		if order[names[i]] != order[names[j]] {
			return order[names[i]] < order[names[j]]
		}
		return names[i] < names[j]
	})
	var out []string
	for _, n := range names {
		for _, v := range h[n] {
			if n == "Etag" {
				n = "ETag"
			}
			out = append(out, n+": "+v)
		}
	}
	return out
}

// receive writes the response where it is to go. With final false only headers are printed.
func (c *curlRun) receive(ctx context.Context, resp *http.Response, u *url.URL, index int, final bool) error {
	failed := c.fail && resp.StatusCode >= 400
	if failed && !c.failBody {
		return &curlError{curlHTTP, fmt.Sprintf("The requested URL returned error: %d", resp.StatusCode)}
	}
	out, file, err := c.destination(u, index)
	if err != nil {
		return err
	}
	defer out.Close()
	if c.include || c.head {
		fmt.Fprintf(out, "%s %s\r\n%s\r\n\r\n", resp.Proto, resp.Status, strings.Join(headerLines(resp.Header), "\r\n"))
	}
	if !final {
		return nil
	}
	n, err := io.Copy(out, resp.Body)
	c.last.bytes = n
	c.meter(n, file)
	switch {
	case err == nil:
	case ctx.Err() != nil || isTimeout(err):
		return c.timedOut("Operation timed out after %d milliseconds with " + strconv.FormatInt(n, 10) + " bytes received")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &curlError{18, fmt.Sprintf("end of response with %d bytes missing", max(resp.ContentLength-n, 1))}
	default:
		return &curlError{curlReceive, "Recv failure: " + dialText(err)}
	}
	c.note("* Connection #0 to host %s left intact\n", u.Hostname())
	if failed {
		return &curlError{curlHTTP, fmt.Sprintf("The requested URL returned error: %d", resp.StatusCode)}
	}
	return nil
}

// destination is where the index-th URL's content goes.
func (c *curlRun) destination(u *url.URL, index int) (io.WriteCloser, bool, error) {
	name := "-"
	if index < len(c.output) {
		name = c.output[index]
	} else if c.remote {
		if name = path.Base(u.Path); name == "/" || name == "." {
			return nil, false, &curlError{curlWrite, "Remote filename has no length"}
		}
	}
	out, err := outFile(c.t, name)
	if err != nil {
		return nil, false, &curlError{curlWrite, fmt.Sprintf("Failed to open the file %s: %s", name, fsys.Text(err))}
	}
	return out, name != "-" && name != os.DevNull, nil
}

// meter prints the progress table, which curl shows unless its output goes to a terminal.
func (c *curlRun) meter(n int64, file bool) {
	if c.silent || c.head || c.progress || !file && c.t.OutTTY() != nil {
		return
	}
	speed := int64(float64(n) / max(time.Since(c.last.start).Seconds(), 1e-3))
	fmt.Fprintf(c.t.Err, "  %% Total    %% Received %% Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n")
	fmt.Fprintf(c.t.Err, "100 %5s  100 %5s    0     0 %6s      0 --:--:-- --:--:-- --:--:-- %5s\n", short(n), short(n), short(speed), short(speed))
}

// short is a number in five characters.
func short(n int64) string {
	switch {
	case n < 100_000:
		return strconv.FormatInt(n, 10)
	case n < 10_000<<10:
		return strconv.FormatInt(n>>10, 10) + "k"
	}
	return strconv.FormatInt(n>>20, 10) + "M"
}

// writeOut prints what -w asks for.
func (c *curlRun) writeOut() {
	if c.write == "" {
		return
	}
	l := c.last
	sec := func(d time.Duration) string { return fmt.Sprintf("%.6f", d.Seconds()) }
	r := strings.NewReplacer(
		"%{http_code}", fmt.Sprintf("%03d", l.code), "%{response_code}", fmt.Sprintf("%03d", l.code), "%{size_download}", strconv.FormatInt(l.bytes, 10),
		"%{time_total}", sec(l.total), "%{time_connect}", sec(l.connect), "%{time_namelookup}", sec(l.lookup), "%{time_starttransfer}", sec(l.first),
		"%{url_effective}", l.url, "%{url}", l.url, "%{content_type}", l.kind, "%{remote_ip}", l.ip, "%{remote_port}", l.port,
		"%{num_redirects}", strconv.Itoa(l.redirects), "%{redirect_url}", l.location, "%{http_version}", "1.1", "%{method}", c.method,
		`\n`, "\n", `\t`, "\t", `\r`, "\r", "%%", "%")
	_, _ = io.WriteString(c.t.Out, r.Replace(c.write))
}
