package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// ErrNoConsent says that a cluster was not made by this program, and that nobody agreed to its
// being changed.
var ErrNoConsent = errors.New("it was not made by " + plugin.Command + ", and nobody agreed to its being changed")

// Permit decides which writes reach a cluster. A Client without one only reads.
type Permit interface {
	// Allow is asked before each write, by many goroutines at once. Its error keeps the write from
	// being sent, and reaches whoever wanted it.
	Allow(ctx context.Context, w Write) error
}

// Unconditional is the Permit for clusters that this program made: every write passes.
type Unconditional struct{}

// Allow implements Permit.
func (Unconditional) Allow(context.Context, Write) error { return nil }

// Write is a request that may change a cluster, by the parts of its path. Requests that reach into
// a Pod or a Service count as writes, whatever their method: exec, attach, portforward, proxy.
type Write struct {
	Method                      string
	Group, Version              string
	Namespace                   string // empty for what belongs to none, and for a namespace itself
	Resource, Name, Subresource string // all empty where the path is none of an object
	Path                        string
	request                     *http.Request
}

// Body is what the request would send.
func (w Write) Body() ([]byte, error) {
	if w.request == nil || w.request.Body == nil || w.request.Body == http.NoBody {
		return nil, nil
	}
	if w.request.GetBody == nil {
		return nil, errors.New("what is sent can't be looked at")
	}
	body, err := w.request.GetBody()
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	var all bytes.Buffer
	_, err = io.Copy(&all, io.LimitReader(body, maxBody))
	return all.Bytes(), err
}

// String is the request as its sender would write it.
func (w Write) String() string { return w.Method + " " + w.Path }

// Refused is a write that was not sent.
type Refused struct {
	Write  Write
	Server string
	Cause  error
}

func (e *Refused) Error() string {
	return fmt.Sprintf("refused to change the cluster at %s: %v (%s)", e.Server, e.Cause, e.Write)
}

// Unwrap implements errors.Unwrap.
func (e *Refused) Unwrap() error { return e.Cause }

// guard is the one way by which requests of a Client leave. It stands next to the wire, so that it
// sees what is sent, and not what was asked for.
type guard struct {
	next   http.RoundTripper
	permit Permit
	server string
	base   string // the part of each path that leads to the server
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	w := g.parse(r)
	if onlyReads(w, r) || onlyAsks(w) {
		return g.next.RoundTrip(r)
	}
	err := ErrNoConsent
	if g.permit != nil {
		err = g.permit.Allow(r.Context(), w)
	}
	if err == nil {
		return g.next.RoundTrip(r)
	}
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return nil, &Refused{Write: w, Server: g.server, Cause: err}
}

// WrappedRoundTripper lets client-go find what it wrapped itself.
func (g *guard) WrappedRoundTripper() http.RoundTripper { return g.next }

// onlyReads says that a request changes nothing. What can't be understood counts as a write, and so
// does what asks for the connection itself.
func onlyReads(w Write, r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
	default:
		return false
	}
	if strange(r) || r.Header.Get("Upgrade") != "" {
		return false
	}
	return !slices.Contains([]string{"exec", "attach", "portforward", "proxy"}, w.Subresource) && w.Resource != "proxy"
}

// strange says that whoever stands between us and the server may understand a path otherwise.
func strange(r *http.Request) bool {
	if r.URL.Path != "" && r.URL.Path != "/" && path.Clean("/"+r.URL.Path) != strings.TrimSuffix(r.URL.Path, "/") {
		return true
	}
	escaped := strings.ToLower(r.URL.EscapedPath())
	return slices.ContainsFunc([]string{"%2f", "%2e", "%5c"}, func(s string) bool { return strings.Contains(escaped, s) })
}

// onlyAsks says that a request is a question which has to be posted, and of which nothing is kept:
// who am I, and what may I do?
func onlyAsks(w Write) bool {
	if w.Method != http.MethodPost || w.Namespace != "" || w.Name != "" {
		return false
	}
	switch w.Group {
	case "authentication.k8s.io":
		return w.Resource == "selfsubjectreviews"
	case "authorization.k8s.io":
		return w.Resource == "selfsubjectaccessreviews" || w.Resource == "selfsubjectrulesreviews"
	}
	return false
}

// parse takes a path apart: /api/v1/... or /apis/GROUP/VERSION/..., below the server's own.
func (g *guard) parse(r *http.Request) Write {
	w := Write{Method: r.Method, Path: r.URL.Path, request: r}
	under, ok := strings.CutPrefix(r.URL.Path, strings.TrimSuffix(g.base, "/")+"/")
	if !ok || strange(r) {
		return w
	}
	parts := strings.Split(strings.TrimSuffix(under, "/"), "/")
	switch {
	case len(parts) > 2 && parts[0] == "api":
		w.Version, parts = parts[1], parts[2:]
	case len(parts) > 3 && parts[0] == "apis":
		w.Group, w.Version, parts = parts[1], parts[2], parts[3:]
	default:
		return w
	}
	// /namespaces/NAME/status and /finalize are of the namespace; all else below it is in it.
	if parts[0] == "namespaces" && len(parts) > 2 && parts[2] != "status" && parts[2] != "finalize" {
		w.Namespace, parts = parts[1], parts[2:]
	}
	w.Resource = parts[0]
	if len(parts) > 1 {
		w.Name = parts[1]
	}
	if len(parts) > 2 {
		w.Subresource = parts[2]
	}
	return w
}
