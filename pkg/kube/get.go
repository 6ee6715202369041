package kube

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"k8s.io/client-go/rest"
)

// maxBody is how much of an answer is kept, in bytes.
const maxBody = 1 << 20

// Response is what a Service or Pod answered over HTTP.
type Response struct {
	Status int         `json:"status"`
	Header http.Header `json:"header,omitempty"`
	// Body is at most 1 MiB of the answer.
	Body []byte        `json:"body,omitempty"`
	Took time.Duration `json:"took"`
}

// GetService asks a Service with one HTTP GET, through the API server, which sends it to one of the
// Pods that answer for the Service. Port is a number or a port's name. An answer with any status is
// no error; the API server itself says 503 when no Pod answers.
func (c *Client) GetService(ctx context.Context, namespace, service, port, path string) (Response, error) {
	return c.proxyGet(ctx, namespace, "services", service, port, path)
}

// GetPod asks one Pod, as GetService does a Service.
func (c *Client) GetPod(ctx context.Context, namespace, pod, port, path string) (Response, error) {
	return c.proxyGet(ctx, namespace, "pods", pod, port, path)
}

func (c *Client) proxyGet(ctx context.Context, namespace, resource, name, port, path string) (Response, error) {
	if namespace == "" {
		namespace = c.namespace
	}
	target, err := c.url("api", "v1", "namespaces", namespace, resource, name+":"+port, "proxy")
	if err != nil {
		return Response{}, fmt.Errorf("get %s/%s: %w", resource, name, err)
	}
	asked, query, _ := strings.Cut(path, "?")
	target.Path += "/" + strings.TrimPrefix(asked, "/")
	target.RawQuery = query
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return Response{}, fmt.Errorf("get %s/%s: %w", resource, name, err)
	}
	begin := time.Now()
	answer, err := c.staying(request.URL, resource, name).Do(request)
	if err != nil {
		return Response{}, fmt.Errorf("get %s/%s: %w", resource, name, err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxBody))
	if err != nil {
		return Response{}, fmt.Errorf("read answer of %s/%s: %w", resource, name, err)
	}
	return Response{Status: answer.StatusCode, Header: answer.Header, Body: body, Took: time.Since(begin)}, nil
}

// staying is a client that goes where an answer sends it only within what was asked: a Pod must not
// lead our credentials, or a crowd of requests, elsewhere. Other redirections are themselves the answer.
func (c *Client) staying(target *url.URL, resource, name string) *http.Client {
	within, _, _ := strings.Cut(target.Path, "/"+resource+"/"+name+":")
	within += "/" + resource + "/" + name + ":"
	client := *c.http
	client.CheckRedirect = func(to *http.Request, via []*http.Request) error {
		if to.URL.Scheme != target.Scheme || to.URL.Host != target.Host || !strings.HasPrefix(to.URL.Path, within) || len(via) > 5 {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return &client
}

// url is the server's address with a path below it.
func (c *Client) url(path ...string) (*url.URL, error) {
	base, _, err := rest.DefaultServerUrlFor(c.config)
	if err != nil {
		return nil, err
	}
	return base.JoinPath(path...), nil
}

// Alive asks the server whether it is up. The duration is what the answer took.
func (c *Client) Alive(ctx context.Context) (time.Duration, error) {
	answer, err := c.Raw(ctx, "/readyz")
	if err != nil {
		return 0, err
	}
	if answer.Status != http.StatusOK {
		return answer.Took, fmt.Errorf("ask server: %d %s", answer.Status, http.StatusText(answer.Status))
	}
	return answer.Took, nil
}
