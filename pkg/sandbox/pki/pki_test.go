package pki

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
)

func TestAuthorityIsKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	a, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if string(a.CertPEM()) != string(b.CertPEM()) {
		t.Error("opening the folder again made another authority")
	}
	other, err := Open(filepath.Join(t.TempDir(), "pki"))
	if err != nil {
		t.Fatal(err)
	}
	if string(a.CertPEM()) == string(other.CertPEM()) {
		t.Error("two clusters have the same authority")
	}
}

// TestClockSetBack looks at certificates with clocks that go years before and after that of their making.
func TestClockSetBack(t *testing.T) {
	a, err := Open(filepath.Join(t.TempDir(), "pki"))
	if err != nil {
		t.Fatal(err)
	}
	pair, err := a.Sign(Identity{User: "kubelet"}, lifetime)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(pair.Cert)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	for _, years := range []int{-9, 0, 9} {
		o := x509.VerifyOptions{Roots: a.Pool(), CurrentTime: time.Now().AddDate(years, 0, 0), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
		if _, err := cert.Verify(o); err != nil {
			t.Errorf("%d years later: %v", years, err)
		}
	}
}

func TestIssueIsPrivateAndVerifies(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	a, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	cert, key, err := a.Issue("server", Identity{User: "server", IPs: []string{"127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", f.Name(), info.Mode())
		}
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: a.Pool(), DNSName: "127.0.0.1"}); err != nil {
		t.Errorf("as a server: %v", err)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: a.Pool(), DNSName: "127.0.0.2"}); err == nil {
		t.Error("verifies for an address that it was not issued for")
	}
	again, _, err := a.Issue("server", Identity{User: "server"})
	if err != nil {
		t.Fatal(err)
	}
	if p2, err := tls.LoadX509KeyPair(again, key); err != nil || string(p2.Certificate[0]) != string(pair.Certificate[0]) {
		t.Errorf("issuing again made another certificate (%v)", err)
	}
}

func TestClientCertificateCannotServe(t *testing.T) {
	a, err := Open(filepath.Join(t.TempDir(), "pki"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := a.Sign(Identity{User: "learner", Groups: []string{"learners"}}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(p.Cert)
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: a.Pool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}); err == nil {
		t.Error("a client's certificate is good for a server")
	}
	if leaf.Subject.CommonName != "learner" || leaf.Subject.Organization[0] != "learners" {
		t.Errorf("subject is %v", leaf.Subject)
	}
	if left := time.Until(leaf.NotAfter); left > time.Minute {
		t.Errorf("good for %v, want a minute", left)
	}
}

func TestKubeconfigHoldsItsCredentials(t *testing.T) {
	dir := t.TempDir()
	a, err := Open(filepath.Join(dir, "pki"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "kubeconfig")
	if err := a.Kubeconfig(path, "learner", Identity{User: "learner"}, "https://127.0.0.1:1", "practice"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v), want 0600", info.Mode(), err)
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Host != "https://127.0.0.1:1" || len(cfg.CertData) == 0 || len(cfg.KeyData) == 0 || string(cfg.CAData) != string(a.CertPEM()) {
		t.Errorf("kubeconfig is %v", cfg)
	}
}
