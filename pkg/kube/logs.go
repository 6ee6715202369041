package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// mostLog is how much of a log is read, in bytes.
const mostLog = 16 << 10

// Logs reads the last lines of what a container wrote. The error text is the API's own.
func (c *Client) Logs(ctx context.Context, of snapshot.Log, lines int) ([]string, error) {
	namespace := of.Namespace
	if namespace == "" {
		namespace = c.namespace
	}
	target, err := c.url("api", "v1", "namespaces", namespace, "pods", of.Pod, "log")
	if err != nil {
		return nil, fmt.Errorf("read log of pod %s: %w", of.Pod, err)
	}
	target.RawQuery = url.Values{
		"container": {of.Container}, "previous": {strconv.FormatBool(of.Previous)},
		"tailLines": {strconv.Itoa(lines)}, "limitBytes": {strconv.Itoa(mostLog)},
	}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("read log of pod %s: %w", of.Pod, err)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("read log of pod %s: %w", of.Pod, err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, mostLog))
	if err != nil {
		return nil, fmt.Errorf("read log of pod %s: %w", of.Pod, err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read log of pod %s: %s", of.Pod, statusMessage(body, answer.Status))
	}
	text := strings.TrimRight(string(body), "\n")
	if text == "" {
		return nil, nil
	}
	return strings.Split(text, "\n"), nil
}

// statusMessage is what the API server says in an answer that is no success.
func statusMessage(body []byte, otherwise string) string {
	var s metav1.Status
	if json.Unmarshal(body, &s) == nil && s.Message != "" {
		return s.Message
	}
	return otherwise
}
