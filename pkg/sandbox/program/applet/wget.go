package applet

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// wget is busybox's.
func wget(ctx context.Context, t *task.Task) int {
	var headers []string
	var words []string
	for i := 1; i < len(t.Args); i++ {
		a := t.Args[i]
		if a == "--header" && i+1 < len(t.Args) {
			i++
			headers = append(headers, t.Args[i])
		} else if h, ok := strings.CutPrefix(a, "--header="); ok {
			headers = append(headers, h)
		} else {
			words = append(words, a)
		}
	}
	o, args, ok := parse(t, words, "qO:T:SsP:U:cd:t:", true, []string{"quiet=q", "output-document=O", "timeout=T", "server-response=S", "spider=s",
		"user-agent=U", "post-data=d", "tries=t", "no-check-certificate=c", "directory-prefix=P"})
	if !ok {
		return 1
	}
	if len(args) == 0 {
		return usage(t, "[-cqS] [--spider] [-O FILE] [--header STR] [--post-data STR] [-T SEC] URL...")
	}
	w := &getter{t: t, o: o, headers: headers, wait: 900 * time.Second}
	if v := o.value('T', ""); v != "" {
		d, err := sleepTime(v)
		if err != nil {
			t.Errorf("invalid number '%s'", v)
			return 1
		}
		w.wait = d
	}
	code := 0
	for _, a := range args {
		if err := w.get(ctx, a); err != nil {
			if ctx.Err() != nil {
				return task.CodeOf(ctx)
			}
			t.Errorf("%v", err)
			code = 1
		}
	}
	return code
}

type getter struct {
	t       *task.Task
	o       opts
	headers []string
	wait    time.Duration
}

// say prints progress, which -q silences.
func (w *getter) say(format string, a ...any) {
	if !w.o.has('q') {
		fmt.Fprintf(w.t.Err, format, a...)
	}
}

func parseURL(s string) (*url.URL, error) {
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("bad address '%s'", s)
	}
	return u, nil
}

func (w *getter) get(ctx context.Context, address string) error {
	u, err := parseURL(address)
	if err != nil {
		return err
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("not an http or ftp url: %s", address)
	}
	resp, cancel, err := w.fetch(ctx, u)
	if err != nil {
		return err
	}
	defer cancel()
	defer resp.Body.Close()
	if w.o.has('s') {
		w.say("remote file exists\n")
		return nil
	}
	return w.save(resp, u)
}

// fetch follows redirects, telling about each connection.
func (w *getter) fetch(ctx context.Context, u *url.URL) (*http.Response, context.CancelFunc, error) {
	for range 10 {
		resp, cancel, err := w.once(ctx, u)
		if err != nil {
			return nil, nil, err
		}
		if w.o.has('S') {
			fmt.Fprintf(w.t.Err, "  %s %s\n", resp.Proto, resp.Status)
			for _, h := range headerLines(resp.Header) {
				fmt.Fprintf(w.t.Err, "  %s\n", h)
			}
			fmt.Fprintln(w.t.Err)
		}
		location := resp.Header.Get("Location")
		switch {
		case resp.StatusCode >= 300 && resp.StatusCode < 400 && location != "":
			_ = resp.Body.Close()
			cancel()
			if u, err = u.Parse(location); err != nil {
				return nil, nil, fmt.Errorf("bad redirection: %s", location)
			}
			continue
		case resp.StatusCode >= 300:
			_ = resp.Body.Close()
			cancel()
			return nil, nil, fmt.Errorf("server returned error: %s %s", resp.Proto, resp.Status)
		}
		return resp, cancel, nil
	}
	return nil, nil, errors.New("too many redirections")
}

func (w *getter) once(ctx context.Context, u *url.URL) (*http.Response, context.CancelFunc, error) {
	t := w.t
	host := u.Hostname()
	addr, err := resolve(ctx, t, host)
	if err != nil {
		return nil, nil, fmt.Errorf("bad address '%s'", u.Host)
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	w.say("Connecting to %s (%s)\n", u.Host, net.JoinHostPort(addr, port))
	ctx, cancel := context.WithTimeout(ctx, w.wait)
	method, body := http.MethodGet, io.Reader(nil)
	if d, ok := w.o.values['d']; ok {
		method, body = http.MethodPost, strings.NewReader(d)
	}
	if w.o.has('s') {
		method = http.MethodHead
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		cancel()
		return nil, nil, fmt.Errorf("bad address '%s'", u)
	}
	req.Header.Set("User-Agent", w.o.value('U', "Wget"))
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	applyHeaders(req, w.headers)
	tr := transport(t, &tls.Config{InsecureSkipVerify: true}, addr)
	resp, err := tr.RoundTrip(req)
	if err == nil {
		return resp, cancel, nil
	}
	timedOut := ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded)
	cancel()
	switch {
	case timedOut:
		return nil, nil, errors.New("download timed out")
	case isUnknownHost(err):
		return nil, nil, fmt.Errorf("bad address '%s'", u.Host)
	case isDial(err):
		return nil, nil, fmt.Errorf("can't connect to remote host (%s): %s", addr, dialText(err))
	}
	return nil, nil, errors.New("error getting response")
}

// transport speaks HTTP over the Pod's network to one address.
func transport(t *task.Task, config *tls.Config, addr string) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
			if _, port, err := net.SplitHostPort(to); err == nil && addr != "" {
				to = net.JoinHostPort(addr, port)
			}
			return t.Net.DialContext(ctx, network, to)
		},
		DisableKeepAlives: true, DisableCompression: true, TLSClientConfig: config,
	}
}

// applyHeaders adds Name: value lines to a request.
func applyHeaders(req *http.Request, list []string) {
	for _, h := range list {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch {
		case strings.EqualFold(name, "Host"):
			req.Host = value
		case value == "":
			req.Header.Del(name)
		default:
			req.Header.Set(name, value)
		}
	}
}

// isDial says whether the connection could not be made.
func isDial(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

func (w *getter) save(resp *http.Response, u *url.URL) error {
	name := w.o.value('O', "")
	if name == "" {
		name = path.Base(u.Path)
		if name == "/" || name == "." || strings.HasSuffix(u.Path, "/") {
			name = "index.html"
		}
		if p := w.o.value('P', ""); p != "" {
			name = strings.TrimSuffix(p, "/") + "/" + name
		}
	}
	f, err := outFile(w.t, name)
	if err != nil {
		return fmt.Errorf("can't open '%s': %s", name, fsys.Text(err))
	}
	if name == "-" {
		w.say("writing to stdout\n")
	} else {
		w.say("saving to '%s'\n", name)
	}
	n, err := io.Copy(f, resp.Body)
	err = errors.Join(err, f.Close())
	if err != nil {
		if isTimeout(err) {
			return errors.New("download timed out")
		}
		return fmt.Errorf("short write: %s", fsys.Text(err))
	}
	label := name
	w.say("%-20.20s 100%% |********************************| %5d  0:00:00 ETA\n", label, n)
	if name == "-" {
		w.say("written to stdout\n")
	} else {
		w.say("'%s' saved\n", name)
	}
	return nil
}
