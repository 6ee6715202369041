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
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

const (
	// createWithin is how long kind may take once the node image is there. A slow laptop takes two minutes.
	createWithin = 10 * time.Minute
	// readyWithin is how long nodes, and the cluster's DNS, may take to become Ready.
	readyWithin = 4 * time.Minute
	// clearAgain is how often it is tried to take away what is still being made.
	clearAgain = 500 * time.Millisecond
	// clearQuiet is how many times in a row nothing may be left before it is believed: 4 s.
	clearQuiet = 8
	// clearWithin is how long taking it away may last.
	clearWithin = 2 * time.Minute
)

// build makes the cluster of a record. The lock is held, and the record is written. When it fails, or
// ctx ends, no container of ours is left.
func (h *Handle) build(ctx context.Context, p cluster.Progress) error {
	if err := h.image(ctx, p); err != nil {
		return err
	}
	if err := h.mark(ctx); err != nil {
		return err
	}
	err := h.run(ctx, p)
	if err == nil {
		err = h.finish(ctx, p)
		if err != nil && ctx.Err() != nil {
			p.Note("Taking away what was made.")
		}
	}
	if err != nil {
		return errors.Join(err, h.clear(context.WithoutCancel(ctx)))
	}
	return nil
}

// mark writes down that kind is told to make the nodes from this moment on, after a look that there are none.
func (h *Handle) mark(ctx context.Context) error {
	there, err := h.engine.nodes(ctx, h.record.Name)
	if err != nil {
		return err
	}
	if len(h.record.strangers(there)) > 0 {
		return takenName(h.record.Name)
	}
	if len(there) > 0 {
		if err := h.clear(ctx); err != nil {
			return err
		}
	}
	h.record.Begun = time.Now().UTC()
	return h.folder.write(h.record)
}

// run has kind make the nodes. kind can't be told to stop: its containers are taken away instead,
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
	ended := false
	select {
	case err = <-made:
		ended = true
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		log.close(context.Cause(ctx))
		p.Note("Taking away what was made.")
		return errors.Join(context.Cause(ctx), h.clearAll(context.WithoutCancel(ctx), made, ended))
	}
	log.end(err)
	if err != nil && !h.orphaned && strings.Contains(err.Error(), "already exist") {
		// Somebody else was faster. What is there is theirs.
		h.record.Begun = time.Time{}
		return errors.Join(takenName(h.record.Name), h.folder.write(h.record))
	}
	if err != nil {
		return h.failed(err)
	}
	return nil
}

// clearAll takes containers away until kind has given up, and then until no more come: a terminal's
// Ctrl-C ends the engine's commands too, while the engine itself goes on with what they asked for.
func (h *Handle) clearAll(ctx context.Context, made <-chan error, ended bool) error {
	ctx, cancel := context.WithTimeout(ctx, clearWithin)
	defer cancel()
	tick := time.NewTicker(clearAgain)
	defer tick.Stop()
	for empty := 0; !ended || empty < clearQuiet; {
		// kind takes away what it made too, and one may be in the other's way: it is tried again.
		left, err := h.clearOnce(ctx)
		empty++
		if left > 0 || !ended || h.orphaned && making(ctx, h.record.Name) || err != nil && !errors.Is(err, errStrangers) {
			empty = 0
		}
		select {
		case <-made:
			ended = true
		case <-ctx.Done():
			return errors.New("kind goes on making the cluster; delete it later: " + plugin.Command + " cluster delete --name " + h.record.Name)
		case <-tick.C:
		}
	}
	return nil
}

var errStrangers = errors.New("containers of its name are there that " + plugin.Command + " did not make")

// goes says of an error of a removal that the container goes, or went, by somebody else's doing.
func goes(err error) bool {
	text := strings.ToLower(err.Error())
	return strings.Contains(text, "no such") || strings.Contains(text, "already in progress")
}

// clear removes those of the cluster's containers that are ours, and says which are not.
func (h *Handle) clear(ctx context.Context) error {
	for {
		if h.orphaned {
			if err := h.clearAll(ctx, nil, true); err != nil {
				return err
			}
		}
		if removed, err := h.clearOnce(ctx); removed == 0 || !h.orphaned || err != nil {
			return err
		}
	}
}

func (h *Handle) clearOnce(ctx context.Context) (removed int, err error) {
	nodes, err := h.engine.nodes(ctx, h.record.Name)
	if err != nil {
		return 0, fmt.Errorf("find containers of cluster %s: %w", h.record.Name, err)
	}
	args := []string{"rm", "-f", "-v"}
	h.receiving.Lock()
	strangers := h.record.strangers(nodes)
	for _, n := range nodes {
		if h.record.ours(n) {
			args = append(args, n.ID)
			removed++
		}
	}
	h.receiving.Unlock()
	if removed > 0 {
		if _, err := h.engine.run(ctx, args...); err != nil && !goes(err) {
			return removed, fmt.Errorf("remove containers of cluster %s: %w", h.record.Name, err)
		}
	}
	if len(strangers) > 0 {
		return removed, fmt.Errorf("cluster %s: %w: %s. They are left alone", h.record.Name, errStrangers, strings.Join(strangers, ", "))
	}
	return removed, nil
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
	for _, word := range []string{"error:", "Error:", "Error response from daemon", "[ERROR", "error execution", "failed"} {
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
	h.receiving.Lock()
	h.record.keep(nodes)
	err = h.folder.write(h.record)
	h.receiving.Unlock()
	if err != nil {
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
	made, err := h.engine.nodes(ctx, h.record.Name)
	if err != nil {
		return err
	}
	h.record.keep(made)
	h.record.Begun = time.Time{}
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
