package pki

import (
	"fmt"
	"os"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Kubeconfig issues the certificate called name for id and writes a kubeconfig to path (0600) that
// holds it. The context, the cluster and the user in it are called as context says.
func (a *Authority) Kubeconfig(path, name string, id Identity, server, context string) error {
	if _, _, err := a.Issue(name, id); err != nil {
		return err
	}
	pair, err := readPair(a.dir, name)
	if err != nil {
		return err
	}
	return WriteKubeconfig(path, pair, a.CertPEM(), server, context)
}

// WriteKubeconfig writes a kubeconfig with one context, mode 0600, replacing what is there whole.
func WriteKubeconfig(path string, pair Pair, ca []byte, server, context string) error {
	c := clientcmdapi.NewConfig()
	c.Clusters[context] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: ca}
	c.AuthInfos[context] = &clientcmdapi.AuthInfo{ClientCertificateData: pair.Cert, ClientKeyData: pair.Key}
	c.Contexts[context] = &clientcmdapi.Context{Cluster: context, AuthInfo: context}
	c.CurrentContext = context
	b, err := clientcmd.Write(*c)
	if err != nil {
		return fmt.Errorf("encode kubeconfig: %w", err)
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	return nil
}
