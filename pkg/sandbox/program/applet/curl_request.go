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
	"strings"
	"time"
)

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
	// curl does not ask for the connection to be closed, and closes it itself in the end.
	tr.DisableKeepAlives, tr.IdleConnTimeout = false, time.Second
	context.AfterFunc(ctx, tr.CloseIdleConnections)
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
