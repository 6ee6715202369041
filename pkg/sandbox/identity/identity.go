// Package identity says who is who in a cluster: the certificates and kubeconfigs of its control plane, its
// nodes and its learner, and the addresses that they are made out for. How they are signed is package pki's.
package identity

import (
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/pki"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/storage"
)

// APIServerAddress is the control plane node's, where Pods find the API server, and APIServerPort its port there.
const (
	APIServerAddress = "172.18.0.2"
	APIServerPort    = 6443
)

const serviceAddress = "10.96.0.1" // of the Service "kubernetes"

// Learner is the one identity with every right.
var Learner = pki.Identity{User: "learner", Groups: []string{"learners"}}

// Proxy is who a node asks as for Services and policies.
var Proxy = pki.Identity{User: "system:kube-proxy"}

// clients are the components that speak to the API server, by the name of their kubeconfig. Their
// rights come from the roles that Kubernetes itself ships for them, bound by its own bootstrap; those of
// the provisioner, which Kubernetes does not know, from package storage.
var clients = map[string]pki.Identity{
	"controller-manager": {User: "system:kube-controller-manager"},
	"scheduler":          {User: "system:kube-scheduler"},
	"proxy":              Proxy,
	"provisioner":        {User: storage.User},
}

// Files are the paths of what the API server is given.
type Files struct {
	APICert, APIKey         string
	KubeletCert, KubeletKey string // as a client of kubelets
	FrontCert, FrontKey     string // as a client of aggregated API servers
	AccountKey              string // of ServiceAccounts' tokens
}

// Issue makes every certificate of the control plane that is not there yet, and the kubeconfigs of
// the components and of the learner for the API server at c.Server.
func Issue(l sandbox.Layout, c *sandbox.Config) error {
	a, err := pki.Open(l.PKI())
	if err != nil {
		return err
	}
	if _, err := IssueFiles(a); err != nil {
		return err
	}
	for name, id := range clients {
		if err := a.Kubeconfig(l.Identity(name), name, id, c.Server(), "practice"); err != nil {
			return err
		}
	}
	return a.Kubeconfig(l.Kubeconfig(), "learner", Learner, c.Server(), "kubectl-learn-"+c.Name)
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

// IssueFiles makes those certificates of the API server that are not there yet.
func IssueFiles(a *pki.Authority) (f Files, err error) {
	for _, s := range []struct {
		name      string
		id        pki.Identity
		cert, key *string
	}{
		{"apiserver", pki.Identity{
			User:     "kube-apiserver",
			DNSNames: []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"},
			IPs:      []string{"127.0.0.1", serviceAddress, APIServerAddress},
		}, &f.APICert, &f.APIKey},
		{"apiserver-kubelet-client", pki.Identity{User: "kube-apiserver-kubelet-client"}, &f.KubeletCert, &f.KubeletKey},
		{"front-proxy-client", pki.Identity{User: "front-proxy-client"}, &f.FrontCert, &f.FrontKey},
		{"service-accounts", pki.Identity{User: "service-accounts"}, new(string), &f.AccountKey},
	} {
		if *s.cert, *s.key, err = a.Issue(s.name, s.id); err != nil {
			return f, err
		}
	}
	return f, nil
}
