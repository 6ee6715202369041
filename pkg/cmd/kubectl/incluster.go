package kubectl

import (
	"fmt"
	"net"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

const (
	// serviceAccount is where a Pod finds the credentials of its ServiceAccount.
	serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"
	podContext     = "in-cluster"
)

// inCluster writes a kubeconfig that says what kubectl finds out by itself where it has the root of
// the container's file system as its own: the API server's Service and the ServiceAccount's files.
// Without those it is empty, and kubectl goes for localhost:8080, as anywhere.
func (p *pod) inCluster(get func(string) string, file string) (string, error) {
	c := api.NewConfig()
	server, port := get("KUBERNETES_SERVICE_HOST"), get("KUBERNETES_SERVICE_PORT")
	token, ca := serviceAccount+"/token", serviceAccount+"/ca.crt"
	if server != "" && port != "" && p.exists(token) && p.exists(ca) {
		c.Clusters[podContext] = &api.Cluster{Server: "https://" + net.JoinHostPort(server, port), CertificateAuthority: p.host(ca)}
		c.AuthInfos[podContext] = &api.AuthInfo{TokenFile: p.host(token)}
		c.Contexts[podContext] = &api.Context{Cluster: podContext, AuthInfo: podContext, Namespace: p.namespace()}
		c.CurrentContext = podContext
	}
	if err := clientcmd.WriteToFile(*c, file); err != nil {
		return "", fmt.Errorf("write the Pod's kubeconfig: %w", err)
	}
	return file, nil
}

// namespace is the Pod's.
func (p *pod) namespace() string {
	b, err := p.files.ReadFile(serviceAccount + "/namespace")
	if err != nil {
		return p.spec.Namespace
	}
	return strings.TrimSpace(string(b))
}
