package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
)

// maxRaw is how much of an answer of the API server itself is kept, in bytes: a document of its API may take a few megabytes.
const maxRaw = 32 << 20

// Raw asks the API server for one of its own paths, for example /readyz?verbose, with GET. An answer with any status is no error.
func (c *Client) Raw(ctx context.Context, path string) (Response, error) {
	asked, err := url.Parse(path)
	if err != nil {
		return Response{}, fmt.Errorf("get %s: %w", path, err)
	}
	target, err := c.url(asked.Path)
	if err != nil {
		return Response{}, fmt.Errorf("get %s: %w", path, err)
	}
	target.RawQuery = asked.RawQuery
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return Response{}, fmt.Errorf("get %s: %w", path, err)
	}
	began := time.Now()
	answer, err := c.http.Do(request)
	if err != nil {
		return Response{}, fmt.Errorf("get %s: %w", path, err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxRaw))
	if err != nil {
		return Response{}, fmt.Errorf("get %s: %w", path, err)
	}
	return Response{Status: answer.StatusCode, Header: answer.Header, Body: body, Took: time.Since(began)}, nil
}

// ServerVersion is the API server's version, for example v1.37.2.
func (c *Client) ServerVersion(ctx context.Context) (string, error) {
	answer, err := c.Raw(ctx, "/version")
	if err != nil {
		return "", err
	}
	var v struct {
		GitVersion string `json:"gitVersion"`
	}
	if err := json.Unmarshal(answer.Body, &v); err != nil || v.GitVersion == "" {
		return "", fmt.Errorf("get /version: the answer (status %d) names no version", answer.Status)
	}
	return v.GitVersion, nil
}

// podPage is how many Pods are asked for at once: what is decoded of them, some kilobytes each, is let go before the next ones come.
const podPage = 2500

// EachPod calls f with each Pod of a namespace, or of all where that is empty. The Pods come in pages and in the
// binary form, so that thousands take little memory; f must not keep them.
func (c *Client) EachPod(ctx context.Context, namespace string, f func(*corev1.Pod)) error {
	config := rest.CopyConfig(c.config)
	config.ContentType, config.AcceptContentTypes = runtime.ContentTypeProtobuf, runtime.ContentTypeProtobuf+","+runtime.ContentTypeJSON
	pods, err := corev1client.NewForConfigAndClient(config, c.http)
	if err != nil {
		return fmt.Errorf("make client of %s: %w", c.config.Host, err)
	}
	page := metav1.ListOptions{Limit: podPage}
	for {
		list, err := pods.Pods(namespace).List(ctx, page)
		if err != nil {
			return err
		}
		for i := range list.Items {
			f(&list.Items[i])
		}
		if page.Continue = list.Continue; page.Continue == "" {
			return nil
		}
	}
}
