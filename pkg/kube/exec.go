package kube

import (
	"context"
	"fmt"
	"io"
	"net/url"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/streaming/pkg/httpstream"
)

// ExecOptions says what to run in which container.
type ExecOptions struct {
	Namespace string // empty: the client's own
	Pod       string
	Container string // empty: the Pod's first or its default
	Command   []string
	Stdin     io.Reader // may be nil
	Stdout    io.Writer
	Stderr    io.Writer // must be nil with TTY
	TTY       bool
	Sizes     remotecommand.TerminalSizeQueue // may be nil
}

// Exec runs a command in a container and returns when it ended. The error of a command that ended
// with another exit code than 0 is a k8s.io/client-go/util/exec.CodeExitError.
func (c *Client) Exec(ctx context.Context, o ExecOptions) error {
	namespace := o.Namespace
	if namespace == "" {
		namespace = c.namespace
	}
	target, err := c.url("api", "v1", "namespaces", namespace, "pods", o.Pod, "exec")
	if err != nil {
		return fmt.Errorf("exec in pod %s: %w", o.Pod, err)
	}
	target.RawQuery = execQuery(o).Encode()
	executor, err := c.executor(target)
	if err != nil {
		return fmt.Errorf("exec in pod %s: %w", o.Pod, err)
	}
	err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{
		Stdin: o.Stdin, Stdout: o.Stdout, Stderr: o.Stderr, Tty: o.TTY, TerminalSizeQueue: o.Sizes,
	})
	if err != nil {
		return fmt.Errorf("exec in pod %s: %w", o.Pod, err)
	}
	return nil
}

func execQuery(o ExecOptions) url.Values {
	params, err := scheme.ParameterCodec.EncodeParameters(&corev1.PodExecOptions{
		Container: o.Container, Command: o.Command,
		Stdin: o.Stdin != nil, Stdout: o.Stdout != nil, Stderr: o.Stderr != nil, TTY: o.TTY,
	}, corev1.SchemeGroupVersion)
	if err != nil { // a struct of the scheme's own always encodes
		return url.Values{"command": o.Command}
	}
	return params
}

// executor speaks websockets, and SPDY to servers and proxies that do not.
func (c *Client) executor(target *url.URL) (remotecommand.Executor, error) {
	spdy, err := remotecommand.NewSPDYExecutor(c.config, "POST", target)
	if err != nil {
		return nil, err
	}
	socket, err := remotecommand.NewWebSocketExecutor(c.config, "GET", target.String())
	if err != nil {
		return nil, err
	}
	return remotecommand.NewFallbackExecutor(socket, spdy, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
}
