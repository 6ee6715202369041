package applet

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

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
