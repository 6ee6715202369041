package kubectl

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
)

// newPod is a container with a volume of manifests and a ServiceAccount.
func newPod(t *testing.T) (p *pod, dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{
		"c/root/root/x": "", "c/root/app/own.yaml": "own", "manifests/web.yaml": "web", "account/token": "secret", "account/ca.crt": "ca", "account/namespace": "shop",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	spec := &container.Spec{
		Namespace: "shop", Dir: "/app", Root: filepath.Join(dir, "c", "root"), Env: []string{"HOME=/root", "KUBERNETES_SERVICE_HOST=10.96.0.1", "KUBERNETES_SERVICE_PORT=443", "EDITOR=/bin/sh"},
		Mounts: []container.Mount{{Path: "/manifests", Source: filepath.Join(dir, "manifests")}, {Path: serviceAccount, Source: filepath.Join(dir, "account")}},
	}
	p = &pod{spec: spec, files: fsys.New(spec, nil), net: podnet.NewStack(spec), streams: genericiooptions.NewTestIOStreamsDiscard()}
	p.tunnel = &tunnel{dial: p.net.DialContext}
	t.Cleanup(p.files.Close)
	return p, dir
}

// keepEnvironment puts the process's environment back.
func keepEnvironment(t *testing.T) {
	t.Helper()
	before := os.Environ()
	t.Cleanup(func() {
		os.Clearenv()
		for _, kv := range before {
			k, v, _ := strings.Cut(kv, "=")
			if err := os.Setenv(k, v); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestInClusterConfig(t *testing.T) {
	p, dir := newPod(t)
	keepEnvironment(t)
	if err := p.environment(); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("EDITOR") != "" || os.Getenv("PATH") != "" || os.Getenv("HOME") != filepath.Join(dir, "c", "root", "root") {
		t.Errorf("the environment is %q", os.Environ())
	}
	c, err := clientcmd.LoadFromFile(os.Getenv("KUBECONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	if x := c.Contexts[c.CurrentContext]; x == nil || x.Namespace != "shop" || c.Clusters[x.Cluster].Server != "https://10.96.0.1:443" || c.AuthInfos[x.AuthInfo].TokenFile != filepath.Join(dir, "account", "token") {
		t.Errorf("the kubeconfig is %+v", c)
	}
	// Without the files of a ServiceAccount there is nobody to be.
	p.spec.Mounts = p.spec.Mounts[:1]
	p.files = fsys.New(p.spec, nil)
	if err := p.environment(); err != nil {
		t.Fatal(err)
	}
	if c, err = clientcmd.LoadFromFile(os.Getenv("KUBECONFIG")); err != nil || len(c.Contexts) != 0 {
		t.Errorf("without an account: %+v, %v", c, err)
	}
	p.spec.Env = append(p.spec.Env, "KUBECONFIG=/manifests/web.yaml:/etc/none")
	if err := p.environment(); err != nil || os.Getenv("KUBECONFIG") != filepath.Join(dir, "manifests", "web.yaml")+string(filepath.ListSeparator)+filepath.Join(dir, "c", "root", "none", "none") {
		t.Errorf("KUBECONFIG is %s, %v", os.Getenv("KUBECONFIG"), err)
	}
}

// Every flag of kubectl that names a file names one of the container.
func TestFlagsNameTheContainersFiles(t *testing.T) {
	p, dir := newPod(t)
	flags := configFlags("v0", p.streams)
	root := newRoot(flags, p.streams, nil)
	p.adapt(root, flags)
	web, own := filepath.Join(dir, "manifests", "web.yaml"), filepath.Join(dir, "c", "root", "app", "own.yaml")
	for line, want := range map[string]string{
		"apply --filename /manifests/web.yaml": "[" + web + "]", "apply --filename own.yaml": "[" + own + "]", "apply --filename -": "[-]", "apply --filename https://x/y": "[https://x/y]",
		"create configmap --from-file k=/manifests/web.yaml": "[k=" + web + "]", "create configmap --from-file own.yaml": "[" + own + "]", "create secret generic --from-env-file own.yaml": "[" + own + "]",
		"apply --kustomize /manifests": filepath.Join(dir, "manifests"), "apply --filename /manifests/web.yaml,own.yaml": "[" + web + "," + own + "]",
		"get --filename /dev/mem": "[" + filepath.Join(dir, "c", "root", "dev", "mem") + "]",
	} {
		words := strings.Fields(line)
		c, _, err := root.Find(words[:len(words)-2])
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(words[len(words)-2], "--")
		f := c.Flags().Lookup(name)
		if f == nil {
			t.Fatalf("%s: no flag %s", line, name)
		}
		fresh := f.Value.String()
		if err := f.Value.Set(words[len(words)-1]); err != nil || f.Value.String() != want {
			t.Errorf("%s: %s, %v; want %s (before: %s)", line, f.Value, err, want, fresh)
		}
		reset(f.Value)
	}
}

// reset empties a list, so that the next value stands alone.
func reset(v interface{ Set(string) error }) {
	if x, ok := v.(*pathValue); ok {
		if s, ok := x.Value.(interface{ Replace([]string) error }); ok {
			_ = s.Replace(nil)
		}
	}
}

// A flag of kubectl that looks as if it named a file is one that adapt knows, or stands here.
func TestNoFlagIsForgotten(t *testing.T) {
	p, _ := newPod(t)
	// unix-socket is refused by serveProxy; the others hold no paths of files.
	harmless := []string{"unix-socket", "append-server-path", "accept-paths", "reject-paths"}
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		for _, set := range []*pflag.FlagSet{c.Flags(), c.PersistentFlags()} {
			for _, word := range []string{"file", "dir", "directory", "path", "cert", "socket"} {
				for _, f := range named(set, word) {
					if p.pathOf(f) == nil && !slices.Contains(harmless, f) {
						t.Errorf("%s --%s: does it name a file?", c.CommandPath(), f)
					}
				}
			}
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(newRoot(configFlags("v0", p.streams), p.streams, nil))
}

func TestConnect(t *testing.T) {
	p, dir := newPod(t)
	c := p.connect(&rest.Config{BearerTokenFile: "/manifests/web.yaml", TLSClientConfig: rest.TLSClientConfig{CAFile: filepath.Join(dir, "account", "ca.crt"), KeyFile: "/etc/shadow"}, ExecProvider: &api.ExecConfig{Command: "/bin/sh"}})
	if c.BearerTokenFile != filepath.Join(dir, "manifests", "web.yaml") || c.CAFile != filepath.Join(dir, "account", "ca.crt") || strings.HasPrefix(c.KeyFile, "/etc") || c.ExecProvider != nil || c.Dial == nil {
		t.Errorf("%+v", c)
	}
	_, err := c.WrapTransport(nil).RoundTrip(nil)
	if err == nil || !strings.Contains(err.Error(), "no credential plugins") {
		t.Errorf("a plugin: %v", err)
	}
}

func TestMessagesHaveTheContainersPaths(t *testing.T) {
	p, dir := newPod(t)
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	w := &renamed{w: file, names: p.names()}
	fmt.Fprintf(w, "error: the path %q does not exist, nor %s\n", filepath.Join(dir, "c", "root", "app", "no.yaml"), filepath.Join(dir, "manifests", "no.yaml"))
	b, err := os.ReadFile(file.Name())
	if want := "error: the path \"/app/no.yaml\" does not exist, nor /manifests/no.yaml\n"; err != nil || string(b) != want && runtime.GOOS != "windows" {
		t.Errorf("%q, %v", b, err)
	}
	_ = file.Close()
}

// The way to the Pod network is open to kubectl alone.
func TestTunnel(t *testing.T) {
	asked := ""
	tn := &tunnel{dial: func(_ context.Context, _, addr string) (net.Conn, error) {
		asked = addr
		near, far := net.Pipe()
		go func() { _, _ = io.Copy(far, far) }()
		return near, nil
	}}
	plain, err := tn.proxy(&http.Request{Header: http.Header{}})
	if plain != nil || err != nil {
		t.Errorf("an ordinary request goes by %v, %v", plain, err)
	}
	at, err := tn.proxy(&http.Request{Header: http.Header{"Upgrade": {"websocket"}}})
	if err != nil {
		t.Fatal(err)
	}
	connect := func(password string) (*http.Response, net.Conn, *bufio.Reader) {
		c, err := net.Dial("tcp", at.Host)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		r, err := http.NewRequest(http.MethodConnect, "http://10.96.0.1:443", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth("kubectl", password)
		fmt.Fprintf(c, "CONNECT 10.96.0.1:443 HTTP/1.1\r\nHost: 10.96.0.1:443\r\nProxy-Authorization: %s\r\n\r\n", r.Header.Get("Authorization"))
		in := bufio.NewReader(c)
		resp, err := http.ReadResponse(in, r)
		if err != nil {
			t.Fatal(err)
		}
		return resp, c, in
	}
	if resp, _, _ := connect("guess"); resp.StatusCode != http.StatusProxyAuthRequired || asked != "" {
		t.Errorf("a stranger: %s, %s", resp.Status, asked)
	}
	password, _ := at.User.Password()
	resp, c, in := connect(password)
	if resp.StatusCode != http.StatusOK || asked != "10.96.0.1:443" {
		t.Errorf("kubectl: %s, %s", resp.Status, asked)
	}
	fmt.Fprintf(c, "hello\n")
	if line, err := in.ReadString('\n'); line != "hello\n" {
		t.Errorf("%q, %v", line, err)
	}
}

func TestOtherProgramsAreNotHandled(t *testing.T) {
	if handled, _ := InPod([]string{"/usr/bin/kubectl-learn", "get"}, "v0", func() { t.Error("prepared") }, func(int) { t.Error("ended") }); handled {
		t.Error("kubectl-learn was taken for kubectl in a container")
	}
}

// named are the flags of a set in whose name a word stands.
func named(set *pflag.FlagSet, word string) (names []string) {
	set.VisitAll(func(f *pflag.Flag) {
		if slices.Contains(strings.Split(f.Name, "-"), word) {
			names = append(names, f.Name)
		}
	})
	return names
}
