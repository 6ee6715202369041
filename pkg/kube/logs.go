package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// mostLog is how much of a log is read, in bytes.
const mostLog = 16 << 10

// logGone is how a kubelet answers, in place of a log and as if it were one, that it has none: the container was just removed, since a
// younger one of that name ended (kuberuntime's GetContainerLogs, and ReadLogs of k8s.io/cri-client).
var logGone = regexp.MustCompile(`^(unable to retrieve container logs for \S+://\S+|failed to (try resolving symlinks in path|open log file) "/.*)$`)

const (
	// logRetry is how long it is waited before a log is asked for again that was just gone: the kubelet looks at its containers each second.
	logRetry = 500 * time.Millisecond
	// logPatience is for how long it is asked for.
	logPatience = 4 * time.Second
)

// Logs reads the last lines of what a container wrote. The error text is the API's own. A log that is gone since the container was started
// again meanwhile is asked for anew, for up to 4 s.
func (c *Client) Logs(ctx context.Context, of snapshot.Log, lines int) ([]string, error) {
	var found []string
	gone := func() bool { return len(found) == 1 && logGone.MatchString(found[0]) }
	err := wait.PollUntilContextTimeout(ctx, logRetry, logPatience, true, func(context.Context) (done bool, err error) {
		found, err = c.logs(ctx, of, lines)
		return !gone(), err
	})
	if gone() {
		return nil, fmt.Errorf("read log of pod %s: its node has it no more: %s", of.Pod, found[0])
	}
	return found, err
}

func (c *Client) logs(ctx context.Context, of snapshot.Log, lines int) ([]string, error) {
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
