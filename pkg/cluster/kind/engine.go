package kind

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/distribution/reference"
	kindcluster "sigs.k8s.io/kind/pkg/cluster"
)

const (
	// clusterLabel and roleLabel are what kind marks its containers with.
	clusterLabel = "io.x-k8s.kind.cluster"
	roleLabel    = "io.x-k8s.kind.role"
	controlPlane = "control-plane"
	balancer     = "external-load-balancer"

	podman = "podman"
	// namesEngine is kind's own variable for the engine to take.
	namesEngine = "KIND_EXPERIMENTAL_PROVIDER"

	// chooseWithin is how long an engine may take to answer when it may be done without, askWithin
	// when it was asked for.
	chooseWithin = 2 * time.Second
	askWithin    = 30 * time.Second
	// outputWait is how long a command's output is waited for after the command was ended.
	outputWait = 200 * time.Millisecond
)

// engine is a container engine, reached by its own command line, as kind does it.
type engine struct {
	// name is docker, nerdctl (or finch, nerdctl.lima) or podman, which is also the program.
	name   string
	option kindcluster.ProviderOption
	// host is the variable that says where docker's server is, with its value; empty where it is not set.
	host string
}

// engines are those that kind knows, in the order in which kind looks for them. kind's own
// environment variable names one.
func engines(getenv func(string) string) []engine {
	all := []engine{
		{name: "docker", option: kindcluster.ProviderWithDocker()},
		{name: "nerdctl", option: kindcluster.ProviderWithNerdctl("nerdctl")},
		{name: podman, option: kindcluster.ProviderWithPodman()},
	}
	if host := getenv("DOCKER_HOST"); host != "" {
		all[0].host = "DOCKER_HOST=" + host
	}
	named := getenv(namesEngine)
	if named == "finch" || named == "nerdctl.lima" { // nerdctl by other names
		return []engine{{name: named, option: kindcluster.ProviderWithNerdctl(named)}}
	}
	for _, e := range all {
		if named == e.name {
			return []engine{e}
		}
	}
	return all
}

// engineInfo is what an engine says of itself and of the machine it is on, which may be a virtual one.
type engineInfo struct {
	Version string
	// Memory is in bytes, 0 where it is not told.
	Memory int64
	// Cgroup is 1 or 2, 0 where it is not told.
	Cgroup   int
	Root     string // the folder of its images and containers
	Rootless bool
}

// errNoEngine says that no program of a container engine is there.
var errNoEngine = errors.New("no container engine is installed (docker, podman or nerdctl)")

// find returns the first engine that answers in time. All are asked at once. Where none answers, the
// error is that of the first one that is installed.
func find(ctx context.Context, all []engine, limit time.Duration) (engine, engineInfo, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, slow{limit})
	defer cancel()
	type answer struct {
		info engineInfo
		err  error
	}
	answers := make([]chan answer, len(all))
	for i, e := range all {
		answers[i] = make(chan answer, 1)
		go func() {
			info, err := e.info(ctx)
			answers[i] <- answer{info, err}
		}()
	}
	failed := errNoEngine
	for i, e := range all {
		a := <-answers[i]
		if a.err == nil {
			return e, a.info, nil
		}
		if errors.Is(failed, errNoEngine) && !errors.Is(a.err, exec.ErrNotFound) {
			failed = a.err
		}
	}
	return engine{}, engineInfo{}, failed
}

// slow says that an engine took longer than it was given.
type slow struct{ limit time.Duration }

func (s slow) Error() string { return fmt.Sprintf("no answer within %s", s.limit) }

// info asks the engine how it is.
func (e engine) info(ctx context.Context) (engineInfo, error) {
	out, err := e.run(ctx, "info", "--format", "{{json .}}")
	if errors.Is(err, exec.ErrNotFound) {
		return engineInfo{}, err
	}
	if err != nil {
		return engineInfo{}, e.explain(ctx, err)
	}
	info, err := parseInfo(out)
	if err != nil {
		return engineInfo{}, e.explain(ctx, err)
	}
	return info, nil
}

// parseInfo reads the answers of docker and nerdctl, and of podman, which has a form of its own.
func parseInfo(out []byte) (engineInfo, error) {
	var said struct {
		ServerVersion, CgroupVersion, DockerRootDir string
		MemTotal                                    int64
		SecurityOptions, ServerErrors               []string
		Host                                        struct {
			CgroupVersion string
			MemTotal      int64
			Security      struct{ Rootless bool }
		}
		Store   struct{ GraphRoot string }
		Version struct{ Version string }
	}
	if err := json.Unmarshal(out, &said); err != nil {
		return engineInfo{}, fmt.Errorf("read what it says of itself: %w", err)
	}
	if len(said.ServerErrors) > 0 {
		return engineInfo{}, errors.New(said.ServerErrors[0])
	}
	info := engineInfo{Version: said.ServerVersion, Memory: said.MemTotal, Root: said.DockerRootDir}
	if info.Version == "" {
		info = engineInfo{
			Version: said.Version.Version, Memory: said.Host.MemTotal, Root: said.Store.GraphRoot, Rootless: said.Host.Security.Rootless,
		}
	}
	for _, o := range said.SecurityOptions {
		info.Rootless = info.Rootless || strings.Contains(o, "rootless")
	}
	switch strings.TrimPrefix(said.CgroupVersion+said.Host.CgroupVersion, "v") {
	case "1":
		info.Cgroup = 1
	case "2":
		info.Cgroup = 2
	}
	if info.Version == "" {
		return engineInfo{}, errors.New("its server does not answer")
	}
	return info, nil
}

// explain turns what an engine says when it can't be used into what to do about it.
func (e engine) explain(ctx context.Context, err error) error {
	text := strings.ToLower(err.Error())
	if e.host != "" {
		return fmt.Errorf("%s is installed, and with %s it does not answer: %s", e.name, e.host, lastLine(err.Error()))
	}
	late, isLate := errors.AsType[slow](context.Cause(ctx))
	switch {
	case isLate:
		return fmt.Errorf("%s is installed and does not answer within %s: start it, or start it again", e.name, late.limit)
	case strings.Contains(text, "permission denied"):
		return fmt.Errorf("%s is installed, and you may not use it: join its group (sudo usermod -aG %s $USER, then log in again), or use it without root", e.name, e.name)
	case strings.Contains(text, "cannot connect"), strings.Contains(text, "is the docker daemon running"),
		strings.Contains(text, "connection refused"), strings.Contains(text, "no such file"), strings.Contains(text, "pipe/docker"):
		return fmt.Errorf("%s is installed and not running: start it (Docker Desktop, or sudo systemctl start %s)", e.name, e.name)
	}
	return fmt.Errorf("%s does not answer: %w", e.name, err)
}

// commandError is a command of an engine that failed.
type commandError struct {
	what   string
	said   string
	status error
}

func (e *commandError) Error() string {
	if e.said == "" {
		return e.what + ": " + e.status.Error()
	}
	return e.what + ": " + e.said
}

func (e *commandError) Unwrap() error { return e.status }

// run runs a command of the engine and returns what it printed. The error has the last line of
// what it said.
func (e engine) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, e.name, args...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	cmd.WaitDelay = outputWait
	if err := cmd.Run(); err != nil {
		return out.Bytes(), &commandError{e.name + " " + args[0], lastLine(said.String()), errors.Join(err, context.Cause(ctx))}
	}
	return out.Bytes(), nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// node is one of kind's containers.
type node struct {
	ID, Name, Role string
	Running        bool
	Created        time.Time
}

// nodes lists the containers of a kind cluster, the control plane first.
func (e engine) nodes(ctx context.Context, cluster string) ([]node, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, askWithin, slow{askWithin})
	defer cancel()
	found, err := e.list(ctx, cluster)
	if err != nil {
		return nil, e.explain(ctx, err)
	}
	return found, nil
}

func (e engine) list(ctx context.Context, cluster string) ([]node, error) {
	out, err := e.run(ctx, "ps", "-a", "-q", "--no-trunc", "--filter", "label="+clusterLabel+"="+cluster)
	if err != nil {
		return nil, err
	}
	ids := strings.Fields(string(out))
	if len(ids) == 0 {
		return nil, nil
	}
	// A container that goes between the two commands makes the second one fail, and is not of interest.
	const form = `{{.Id}} {{.Name}} {{.State.Running}} {{index .Config.Labels "` + roleLabel + `"}} {{json .Created}}`
	out, err = e.run(ctx, append([]string{"inspect", "--format", form}, ids...)...)
	if err != nil && len(out) == 0 && !strings.Contains(strings.ToLower(err.Error()), "no such") {
		return nil, err
	}
	return parseNodes(string(out)), nil
}

func parseNodes(out string) []node {
	var first, rest []node
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) != 5 {
			continue
		}
		n := node{ID: f[0], Name: strings.TrimPrefix(f[1], "/"), Running: f[2] == "true", Role: f[3]}
		// A time that can't be read is none, and such a container is never taken for ours by its age.
		_ = json.Unmarshal([]byte(f[4]), &n.Created)
		if n.Role == controlPlane {
			first = append(first, n)
		} else {
			rest = append(rest, n)
		}
	}
	byName(first)
	byName(rest)
	return append(first, rest...)
}

// fullName is what the engine, and kind with it, calls an image. podman wants the registry's name too.
func (e engine) fullName(image string) string {
	if e.name != podman {
		return image
	}
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return image // podman says what is wrong with it
	}
	return named.String()
}

// hasImage says whether the engine has an image.
func (e engine) hasImage(ctx context.Context, image string) bool {
	_, err := e.run(ctx, "image", "inspect", "--format", "{{.Id}}", image)
	return err == nil
}
