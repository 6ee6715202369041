package podnet

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"syscall"
	"time"
)

// connect opens a stream through the node's proxy. Head is what the far end has said already.
func (s *Stack) connect(ctx context.Context, proto string, source, to netip.AddrPort) (c net.Conn, head []byte, err error) {
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Host: to.String()}, Host: to.String(), Header: http.Header{}}
	c, resp, rest, err := s.ask(ctx, req, proto, source)
	if err != nil {
		return nil, nil, dialError(proto, to, err)
	}
	if resp.StatusCode == http.StatusOK {
		head, _ = rest.Peek(rest.Buffered())
		return c, head, nil
	}
	_ = c.Close()
	reason := Reason(resp.Header.Get(ErrorHeader))
	if reason == "" {
		return nil, nil, dialError(proto, to, errors.New(resp.Status))
	}
	return nil, nil, dialError(proto, to, reason)
}

// ask sends a request to the node's proxy and reads the head of the answer. The connection is the
// caller's to close.
func (s *Stack) ask(ctx context.Context, req *http.Request, proto string, source netip.AddrPort) (net.Conn, *http.Response, *bufio.Reader, error) {
	c, err := dialProxy(ctx, s.spec.Proxy)
	if err != nil {
		return nil, nil, nil, err
	}
	writeSource(req.Header, Source{Namespace: s.spec.Namespace, Addr: source}, proto)
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	rest := bufio.NewReaderSize(c, 2048)
	err = req.Write(c)
	var resp *http.Response
	if err == nil {
		resp, err = http.ReadResponse(rest, req)
	}
	if !stop() {
		err = contextError(ctx)
	}
	if err != nil {
		_ = c.Close()
		return nil, nil, nil, proxyCause(err)
	}
	return c, resp, rest, nil
}

func dialProxy(ctx context.Context, file string) (net.Conn, error) {
	for {
		c, err := new(net.Dialer).DialContext(ctx, "unix", file)
		if err == nil {
			return c, nil
		}
		if ctx.Err() != nil {
			return nil, contextError(ctx)
		}
		if !isBacklogFull(err) {
			return nil, Outside // a node without its proxy has no way to anywhere
		}
		select {
		case <-ctx.Done():
			return nil, contextError(ctx)
		case <-time.After(retryEvery / 10):
		}
	}
}

// proxyCause is what a program is told when the proxy goes away in the middle: nothing of host paths.
func proxyCause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) || errors.Is(err, net.ErrClosed) || err.Error() == "unexpected EOF" {
		return os.NewSyscallError("connect", syscall.ECONNRESET)
	}
	return err
}

// pass asks the node to sign a connection of the Pod with itself.
func (s *Stack) pass(ctx context.Context, e entry) ([]byte, error) {
	req := &http.Request{
		Method: http.MethodPost, Host: "podnet", Header: http.Header{},
		URL: &url.URL{Scheme: "http", Host: "podnet", Path: passPath, RawQuery: url.Values{"to": {e.dest.String()}}.Encode()},
	}
	c, resp, _, err := s.ask(ctx, req, e.proto, e.source)
	if err != nil {
		return nil, err
	}
	_ = c.Close()
	if reason := Reason(resp.Header.Get(ErrorHeader)); reason != "" {
		return nil, reason
	}
	return base64.StdEncoding.DecodeString(resp.Header.Get(TicketHeader))
}
