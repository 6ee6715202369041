package kubectl

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"
	"k8s.io/component-base/cli"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/role"
)

const (
	codeError  = 1
	codeKilled = 137 // the node is gone: as if by SIGKILL
	// controlWithin is how long the node may take to answer.
	controlWithin = 5 * time.Second
)

// pod is kubectl as a program in a container of the sandbox. It must see nothing of the machine that it
// runs on: files are the container's, and connections go over the Pod's network.
type pod struct {
	spec    *container.Spec
	files   *fsys.FS
	net     *podnet.Stack
	streams genericiooptions.IOStreams
	tunnel  *tunnel
	exit    func(code int)
}

// InPod runs kubectl in a container if args[0] says so, and returns its exit code. handled is false when
// args are those of another program. version is what the API server is told; prepare is called before
// Kubernetes' code runs, and exit (os.Exit) where kubectl or the node ends the process.
func InPod(args []string, version string, prepare func(), exit func(code int)) (handled bool, code int) {
	if role.Of(args) != role.Kubectl {
		return false, 0
	}
	spec := &container.Spec{}
	if err := json.Unmarshal([]byte(os.Getenv(container.KubectlSpec)), spec); err != nil || len(spec.Args) == 0 {
		fmt.Fprintln(os.Stderr, args[0], "is a program of a practice container and is started by it")
		return true, 2
	}
	prepare()
	if !holdOn(spec.Control, exit) {
		return true, codeKilled
	}
	p := &pod{spec: spec, files: fsys.New(spec, nil), net: podnet.NewStack(spec), exit: exit}
	names := p.names()
	p.streams = genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: &renamed{w: os.Stderr, names: names}}
	p.tunnel = &tunnel{dial: p.net.DialContext}
	if err := p.environment(); err != nil {
		fmt.Fprintln(p.streams.ErrOut, "error:", err)
		return true, codeError
	}
	// What is fetched by URL (kubectl apply -f http://…) comes over the Pod's network too.
	http.DefaultTransport = &http.Transport{DialContext: p.net.DialContext}
	return true, p.run(version, spec.Args[1:])
}

// holdOn ends the process when its node does. It is false when there is no node.
func holdOn(control string, exit func(code int)) bool {
	if control == "" {
		return true
	}
	c, err := net.DialTimeout("unix", control, controlWithin)
	if err != nil {
		return false
	}
	go func() {
		b := make([]byte, 64)
		for {
			if _, err := c.Read(b); err != nil {
				exit(codeKilled)
				return
			}
		}
	}()
	return true
}

func (p *pod) run(version string, args []string) int {
	flags := configFlags(version, p.streams)
	wrap := flags.WrapConfigFn
	flags.WrapConfigFn = func(c *rest.Config) *rest.Config { return p.connect(wrap(c)) }
	root := newRoot(flags, p.streams, args)
	root.SetContext(context.Background())
	cmdutil.BehaviorOnFatal(func(text string, code int) {
		if text != "" {
			fmt.Fprintln(p.streams.ErrOut, strings.TrimSuffix(text, "\n"))
		}
		p.exit(code)
	})
	p.adapt(root, flags)
	if err := cli.RunNoErrOutput(root); err != nil {
		fmt.Fprintf(p.streams.ErrOut, "error: %v\n", err)
		return codeError
	}
	return 0
}

// connect makes a client's settings those of the Pod: its network, its files, and no programs of the
// machine.
func (p *pod) connect(c *rest.Config) *rest.Config {
	c.Dial = p.net.DialContext
	c.Proxy = p.tunnel.proxy
	for _, file := range []*string{&c.BearerTokenFile, &c.CAFile, &c.CertFile, &c.KeyFile} {
		if *file != "" && !p.inside(*file) {
			*file = p.host(*file)
		}
	}
	if c.ExecProvider != nil || c.AuthProvider != nil {
		c.ExecProvider, c.AuthProvider = nil, nil
		c.Wrap(func(http.RoundTripper) http.RoundTripper {
			return refusal("the sandbox's kubectl starts no credential plugins in containers: use a token or a certificate")
		})
	}
	return c
}

// refusal is a transport that refuses all.
type refusal string

func (r refusal) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("%s", string(r))
}

// host is the path on the machine of a file of the container. What cannot be one (a device, a loop of
// links) becomes a path at which there is nothing.
func (p *pod) host(name string) string {
	if !strings.HasPrefix(name, "/") {
		name = strings.TrimSuffix(p.spec.Dir, "/") + "/" + name
	}
	h, err := p.files.Host(name)
	if err != nil {
		return filepath.Join(p.spec.Root, "none", filepath.Base(name))
	}
	return h
}

// inside says that a path of the machine is that of one of the container's files.
func (p *pod) inside(file string) bool {
	in := func(folder string) bool {
		return file == folder || strings.HasPrefix(file, folder+string(filepath.Separator))
	}
	return in(filepath.Dir(p.spec.Root)) || slices.ContainsFunc(p.spec.Mounts, func(m container.Mount) bool { return in(m.Source) })
}

// environment replaces the process's by the part of the container's that kubectl reads, with paths as
// they are on the machine.
func (p *pod) environment() error {
	get := func(key string) string { return lookup(p.spec.Env, key) }
	os.Clearenv()
	home := get("HOME")
	if home == "" {
		home = "/"
	}
	state := filepath.Dir(p.spec.Root) // the node's folder of the container, which the container does not see
	env := map[string]string{"HOME": p.host(home), "KUBECACHEDIR": filepath.Join(state, "kubectl-cache"), "KUBERC": "off"}
	for _, key := range []string{"KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "TZ"} {
		env[key] = get(key)
	}
	switch config := get("KUBECONFIG"); {
	case config != "":
		var files []string
		for _, f := range strings.Split(config, ":") {
			files = append(files, p.host(f))
		}
		env["KUBECONFIG"] = strings.Join(files, string(filepath.ListSeparator))
	case !p.exists(strings.TrimSuffix(home, "/") + "/.kube/config"):
		file, err := p.inCluster(get, filepath.Join(state, "kubeconfig"))
		if err != nil {
			return err
		}
		env["KUBECONFIG"] = file
	}
	for k, v := range env {
		if v == "" {
			continue
		}
		if err := os.Setenv(k, v); err != nil {
			return fmt.Errorf("set %s: %w", k, err)
		}
	}
	return nil
}

func lookup(env []string, key string) string {
	for i := len(env) - 1; i >= 0; i-- {
		if k, v, _ := strings.Cut(env[i], "="); k == key {
			return v
		}
	}
	return ""
}

func (p *pod) exists(name string) bool {
	_, err := p.files.Stat(name)
	return err == nil
}

// names are the paths of the machine with what they are in the container, for messages.
func (p *pod) names() *strings.Replacer {
	mounts := slices.Clone(p.spec.Mounts)
	slices.SortFunc(mounts, func(a, b container.Mount) int { return len(b.Source) - len(a.Source) })
	var pairs []string
	for _, m := range mounts {
		pairs = append(pairs, m.Source, m.Path)
	}
	return strings.NewReplacer(append(pairs, p.spec.Root, "")...)
}

// renamed writes messages with the container's paths.
type renamed struct {
	w     *os.File
	names *strings.Replacer
}

func (r *renamed) Write(b []byte) (int, error) {
	_, err := r.names.WriteString(r.w, string(b))
	return len(b), err
}
