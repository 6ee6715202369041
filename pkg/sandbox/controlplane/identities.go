package controlplane

import (
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/pki"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/storage"
)

const (
	apiServerAddress = "172.18.0.2" // the control plane node's, where Pods find the API server
	apiServerPort    = 6443
	serviceAddress   = "10.96.0.1" // of the Service "kubernetes"
)

// learner is the one identity with every right.
var learner = pki.Identity{User: "learner", Groups: []string{"learners"}}

// clients are the components that speak to the API server, by the name of their kubeconfig. Their
// rights come from the roles that Kubernetes itself ships for them, bound by its own bootstrap; those of
// the provisioner, which Kubernetes does not know, from package storage.
var clients = map[string]pki.Identity{
	"controller-manager": {User: "system:kube-controller-manager"},
	"scheduler":          {User: "system:kube-scheduler"},
	"proxy":              {User: "system:kube-proxy"},
	"provisioner":        {User: storage.User},
}

// files are the paths that the API server is given.
type files struct {
	apiCert, apiKey         string
	kubeletCert, kubeletKey string
	frontCert, frontKey     string
	accountKey              string
}

// Issue makes every certificate of the control plane that is not there yet, and the kubeconfigs of
// the components and of the learner for the API server at c.Server.
func Issue(l sandbox.Layout, c *sandbox.Config) error {
	a, err := pki.Open(l.PKI())
	if err != nil {
		return err
	}
	if _, err := issueFiles(a); err != nil {
		return err
	}
	for name, id := range clients {
		if err := a.Kubeconfig(l.Identity(name), name, id, c.Server(), "practice"); err != nil {
			return err
		}
	}
	return a.Kubeconfig(l.Kubeconfig(), "learner", learner, c.Server(), "kubectl-learn-"+c.Name)
}

// IssueNode makes the certificates and the kubeconfig of one node.
func IssueNode(l sandbox.Layout, c *sandbox.Config, n sandbox.Node) error {
	a, err := pki.Open(l.PKI())
	if err != nil {
		return err
	}
	_, _, err = a.Issue(n.Name+"-serving", pki.Identity{User: "system:node:" + n.Name, Groups: []string{"system:nodes"}, DNSNames: []string{n.Name}, IPs: []string{n.IP(), "127.0.0.1"}})
	if err != nil {
		return err
	}
	return a.Kubeconfig(l.Identity(n.Name), n.Name, pki.Identity{User: "system:node:" + n.Name, Groups: []string{"system:nodes"}}, c.Server(), "practice")
}

func issueFiles(a *pki.Authority) (f files, err error) {
	for _, s := range []struct {
		name      string
		id        pki.Identity
		cert, key *string
	}{
		{"apiserver", pki.Identity{
			User:     "kube-apiserver",
			DNSNames: []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"},
			IPs:      []string{"127.0.0.1", serviceAddress, apiServerAddress},
		}, &f.apiCert, &f.apiKey},
		{"apiserver-kubelet-client", pki.Identity{User: "kube-apiserver-kubelet-client"}, &f.kubeletCert, &f.kubeletKey},
		{"front-proxy-client", pki.Identity{User: "front-proxy-client"}, &f.frontCert, &f.frontKey},
		{"service-accounts", pki.Identity{User: "service-accounts"}, new(string), &f.accountKey},
	} {
		if *s.cert, *s.key, err = a.Issue(s.name, s.id); err != nil {
			return f, err
		}
	}
	return f, nil
}
