package kubectl

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"
	"k8s.io/kubectl/pkg/proxy"
)

// adapt changes those commands that would touch the machine: paths in flags become those of the
// container's files, proxy listens on the Pod's network, and what cannot be had is refused.
func (p *pod) adapt(root *cobra.Command, flags *genericclioptions.ConfigFlags) {
	for _, set := range flagSets(root) {
		set.VisitAll(func(f *pflag.Flag) {
			if toPath := p.pathOf(f.Name); toPath != nil {
				f.Value = &pathValue{Value: f.Value, to: toPath}
			}
		})
	}
	for _, c := range root.Commands() {
		switch c.Name() {
		case "proxy":
			c.Run = func(c *cobra.Command, _ []string) { cmdutil.CheckErr(p.serveProxy(c, flags)) }
		case "port-forward":
			refuse(c, "the sandbox's kubectl has no port-forward in containers, which have no ports of the machine: ask the Pod by its address, or by its Service")
		case "edit":
			refuse(c, "the sandbox has no editor in containers: use kubectl patch, apply or set")
		case "cp":
			run := c.Run
			c.Run = func(c *cobra.Command, args []string) {
				for i, a := range args {
					if !strings.Contains(a, ":") {
						args[i] = p.host(a)
					}
				}
				run(c, args)
			}
		}
	}
}

// flagSets are those of a command and of all below it.
func flagSets(c *cobra.Command) []*pflag.FlagSet {
	all := []*pflag.FlagSet{c.Flags(), c.PersistentFlags()}
	for _, sub := range c.Commands() {
		all = append(all, flagSets(sub)...)
	}
	return all
}

func refuse(c *cobra.Command, why string) {
	c.Run = func(*cobra.Command, []string) { cmdutil.CheckErr(errors.New(why)) }
}

// pathOf is how a flag's value is to be changed; nil where it holds no path.
func (p *pod) pathOf(flag string) func(string) string {
	switch flag {
	case "filename", "kustomize", "kubeconfig", "cache-dir", "certificate-authority", "client-certificate", "client-key",
		"from-env-file", "env-file", "patch-file", "cert", "key", "template-file", "subresource-file", "output-directory", "custom", "www", "embed-certs-file":
		return p.local
	case "from-file":
		return func(v string) string {
			if key, file, both := strings.Cut(v, "="); both {
				return key + "=" + p.local(file)
			}
			return p.local(v)
		}
	}
	return nil
}

// local is p.host for what is a path, and not standard input or a URL.
func (p *pod) local(v string) string {
	switch {
	case v == "" || v == "-" || strings.HasPrefix(v, "http://") || strings.HasPrefix(v, "https://"):
		return v
	case v == "/dev/stdin":
		return v
	}
	var all []string
	for _, one := range strings.Split(v, ",") { // -f a.yaml,b.yaml
		h := p.host(one)
		if strings.HasSuffix(one, "/") {
			h += "/"
		}
		all = append(all, h)
	}
	return strings.Join(all, ",")
}

// pathValue is a flag whose value is a path of the container.
type pathValue struct {
	pflag.Value
	to func(string) string
}

func (v *pathValue) Set(s string) error { return v.Value.Set(v.to(s)) }

// serveProxy is kubectl proxy on a port of the Pod.
func (p *pod) serveProxy(c *cobra.Command, flags *genericclioptions.ConfigFlags) error {
	if socket, _ := c.Flags().GetString("unix-socket"); socket != "" {
		return errors.New("the sandbox's kubectl has no --unix-socket in containers")
	}
	config, err := flags.ToRESTConfig()
	if err != nil {
		return err
	}
	text := func(name string) string { v, _ := c.Flags().GetString(name); return v }
	prefix := func(name string) string { return strings.TrimSuffix(text(name), "/") + "/" }
	var filter *proxy.FilterServer
	if off, _ := c.Flags().GetBool("disable-filter"); !off {
		filter = &proxy.FilterServer{
			AcceptPaths: proxy.MakeRegexpArrayOrDie(text("accept-paths")), RejectPaths: proxy.MakeRegexpArrayOrDie(text("reject-paths")),
			AcceptHosts: proxy.MakeRegexpArrayOrDie(text("accept-hosts")), RejectMethods: proxy.MakeRegexpArrayOrDie(text("reject-methods")),
		}
	}
	keepalive, _ := c.Flags().GetDuration("keepalive")
	whole, _ := c.Flags().GetBool("append-server-path")
	server, err := proxy.NewServer(text("www"), prefix("api-prefix"), prefix("www-prefix"), filter, config, keepalive, whole)
	if err != nil {
		return err
	}
	port, _ := c.Flags().GetInt("port")
	l, err := p.net.Listen(c.Context(), "tcp", net.JoinHostPort(text("address"), fmt.Sprint(port)))
	if err != nil {
		return err
	}
	fmt.Fprintf(p.streams.Out, "Starting to serve on %s\n", net.JoinHostPort(text("address"), fmt.Sprint(port)))
	return server.ServeOnListener(l)
}
