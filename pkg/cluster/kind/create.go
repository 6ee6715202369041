package kind

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	kindcluster "sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"
	kinderrors "sigs.k8s.io/kind/pkg/errors"
	"sigs.k8s.io/kind/pkg/exec"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
)

const (
	// createWithin is how long kind may take once the node image is there. A slow laptop takes two minutes.
	createWithin = 10 * time.Minute
	// readyWithin is how long nodes, and the cluster's DNS, may take to become Ready.
	readyWithin = 4 * time.Minute
	// clearAgain is how often it is tried to take away what is still being made.
	clearAgain = 500 * time.Millisecond
	// clearWithin is how long taking it away may last.
	clearWithin = 2 * time.Minute
)

// build makes the cluster of a record. The lock is held, the record is written, and no container of
// the cluster is there. When it fails, or ctx ends, none is left.
func (h *Handle) build(ctx context.Context, p cluster.Progress) error {
	if err := h.image(ctx, p); err != nil {
		return err
	}
	if err := h.run(ctx, p); err != nil {
		return err
	}
	if err := h.finish(ctx, p); err != nil {
		if ctx.Err() != nil {
			p.Note("Taking away what was made.")
		}
		return errors.Join(err, h.clear(context.WithoutCancel(ctx)))
	}
	return nil
}

// run has kind make the cluster. kind can't be told to stop: its containers are taken away instead,
// upon which it fails.
func (h *Handle) run(ctx context.Context, p cluster.Progress) error {
	ctx, cancel := context.WithTimeoutCause(ctx, createWithin, fmt.Errorf("it took more than %s", createWithin))
	defer cancel()
	log := &logger{progress: p, before: h.hook(p)}
	made := make(chan error, 1)
	go func() {
		made <- kindcluster.NewProvider(h.engine.option, kindcluster.ProviderWithLogger(log)).Create(h.record.Name,
			kindcluster.CreateWithRawConfig([]byte(h.record.Config)),
			kindcluster.CreateWithNodeImage(h.record.Image),
			kindcluster.CreateWithKubeconfigPath(h.folder.kubeconfig()),
			kindcluster.CreateWithDisplayUsage(false), kindcluster.CreateWithDisplaySalutation(false),
		)
	}()
	var err error
	select {
	case err = <-made:
	case <-ctx.Done():
		log.close(context.Cause(ctx))
		p.Note("Taking away what was made.")
		err = errors.Join(context.Cause(ctx), h.clearUntil(context.WithoutCancel(ctx), made))
	}
	log.end(err)
	if err == nil {
		return nil
	}
	return errors.Join(h.failed(err), h.clear(context.WithoutCancel(ctx)))
}

// clearUntil takes containers away until kind has given up.
func (h *Handle) clearUntil(ctx context.Context, made <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, clearWithin)
	defer cancel()
	tick := time.NewTicker(clearAgain)
	defer tick.Stop()
	for {
		if err := h.clear(ctx); err != nil {
			return err
		}
		select {
		case <-made:
			return nil
		case <-ctx.Done():
			return errors.New("kind goes on making the cluster; delete it later: kubectl learn cluster delete --name " + h.record.Name)
		case <-tick.C:
		}
	}
}

// clear removes the cluster's containers.
func (h *Handle) clear(ctx context.Context) error {
	nodes, err := h.engine.nodes(ctx, h.record.Name)
	if err != nil {
		return fmt.Errorf("find containers of cluster %s: %w", h.record.Name, err)
	}
	if strangers := h.record.strangers(nodes); len(strangers) > 0 {
		return fmt.Errorf("cluster %s has containers that kubectl learn did not make: %s. They are left alone; remove them with %s rm -f, then try again",
			h.record.Name, strings.Join(strangers, ", "), h.engine.name)
	}
	if len(nodes) == 0 {
		return nil
	}
	args := []string{"rm", "-f", "-v"}
	for _, n := range nodes {
		args = append(args, n.ID)
	}
	if _, err := h.engine.run(ctx, nil, args...); err != nil && !strings.Contains(strings.ToLower(err.Error()), "no such") {
		return fmt.Errorf("remove containers of cluster %s: %w", h.record.Name, err)
	}
	return nil
}

// failed keeps what kind's command said in a file, and says the one line that matters.
func (h *Handle) failed(err error) error {
	said := exec.RunErrorForError(err)
	if said == nil {
		return err
	}
	text := fmt.Sprintf("%v\n\n%s\n", kinderrors.Errors(err), said.Output)
	if os.WriteFile(h.folder.log(), []byte(text), 0o600) == nil {
		return fmt.Errorf("%w: %s\n  All that was said: %s%s", err, telling(string(said.Output)), h.folder.log(), advice(string(said.Output)))
	}
	return fmt.Errorf("%w: %s", err, telling(string(said.Output)))
}

// telling is the line of a command's output that says most.
func telling(output string) string {
	for _, word := range []string{"error:", "Error:", "[ERROR", "error execution", "failed"} {
		for line := range strings.Lines(output) {
			if strings.Contains(line, word) {
				return strings.TrimSpace(line)
			}
		}
	}
	return lastLine(output)
}

// advice is for what is known to go wrong.
func advice(output string) string {
	switch few := inotify(); {
	case strings.Contains(output, "too many open files"), few > 0 && few <= fewInotify && strings.Contains(output, "kubelet"):
		return "\n  " + inotifyAdvice(few)
	case strings.Contains(output, "port is already allocated"):
		return "\n  Another program has the API server's port. Try again, and another is taken."
	}
	return ""
}

// hook is called before each of kind's stages: once the containers run, and before the control
// plane is started, they are taken down as ours, and the control plane's gets its audit policy.
func (h *Handle) hook(p cluster.Progress) func(stage string) {
	ready := false
	return func(stage string) {
		if ready || !strings.HasPrefix(stage, "Writing configuration") && !strings.HasPrefix(stage, "Starting") {
			return
		}
		if err := h.receive(); err != nil {
			p.Note("The nodes can't be prepared: %v", err)
			return
		}
		ready = true
	}
}

func (h *Handle) receive() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	nodes, err := h.engine.nodes(ctx, h.record.Name)
	if err != nil {
		return err
	}
	h.record.keep(nodes)
	if err := h.folder.write(h.record); err != nil {
		return err
	}
	if !h.record.Audit {
		return nil
	}
	for _, n := range h.record.Nodes {
		if n.ControlPlane {
			return h.writeFile(ctx, n.Name, auditPolicy, policy())
		}
	}
	return errors.New("there is no control plane")
}

// finish waits until all nodes take Pods and DNS answers: kind waits for the control plane alone.
func (h *Handle) finish(ctx context.Context, p cluster.Progress) error {
	if err := h.waitNodes(ctx, h.record.names(), time.Time{}, p); err != nil {
		return err
	}
	if err := h.waitParts(ctx, nil, time.Time{}, p); err != nil {
		return err
	}
	for _, file := range h.record.Archives {
		if err := h.loadImages(ctx, file, p); err != nil {
			return err
		}
	}
	var err error
	if h.record.Version, err = h.version(); err != nil {
		return err
	}
	h.record.State, h.record.Started = cluster.Running, time.Now().UTC()
	if err := h.writeServer(); err != nil {
		return err
	}
	return h.look(ctx)
}

// version is what the control plane's node image holds.
func (h *Handle) version() (string, error) {
	nodes, err := h.kinds()
	if err != nil {
		return "", err
	}
	v, err := nodeutils.KubeVersion(nodes[0])
	if err != nil {
		return "", fmt.Errorf("read the Kubernetes version of node %s: %w", nodes[0], err)
	}
	return v, nil
}

// within runs f with a limit, and says when it was the limit that ended it.
func within(ctx context.Context, d time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, d, fmt.Errorf("not within %s", d))
	defer cancel()
	return f(ctx)
}
