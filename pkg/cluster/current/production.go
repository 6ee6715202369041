package current

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
)

const (
	// manyNodes is more than people start on a machine of their own.
	manyNodes = 5
	// oldAge is how old a cluster is that somebody keeps.
	oldAge = 30 * 24 * time.Hour
)

// productive finds names of what people depend on: prod, prod-eu, my-production, live. Product is none.
var productive = regexp.MustCompile(`(?i)prod(uction)?([^a-z]|$)|(^|[^a-z])(prd|live)([^a-z]|$)`)

// clouds are the ends of host names, the labels of nodes and the beginnings of their provider IDs by
// which managed clusters are known.
var clouds = []struct{ name, host, label, provider string }{
	{"Amazon EKS", ".eks.amazonaws.com", "eks.amazonaws.com/", "aws://"},
	{"Google GKE", ".gke.goog", "cloud.google.com/gke-", "gce://"},
	{"Azure AKS", ".azmk8s.io", "kubernetes.azure.com/", "azure://"},
	{"DigitalOcean", ".k8s.ondigitalocean.com", "doks.digitalocean.com/", "digitalocean://"},
	{"Akamai (Linode)", ".linodelke.net", "lke.linode.com/", "linode://"},
	{"Scaleway", ".k8s.scw.cloud", "k8s.scaleway.com/", "scaleway://"},
	{"OVHcloud", ".k8s.ovh.net", "k8s.ovh.net/", "openstack://"},
	{"IBM Cloud", ".containers.cloud.ibm.com", "ibm-cloud.kubernetes.io/", "ibm://"},
	{"Oracle OKE", ".clusters.oci.oraclecloud.com", "oke.oraclecloud.com/", "ocid1."},
	{"Hetzner", ".hetzner.cloud", "instance.hetzner.cloud/", "hcloud://"},
	{"VMware", "", "run.tanzu.vmware.com/", "vsphere://"},
	{"OpenShift", ".openshiftapps.com", "node.openshift.io/", ""},
}

// production says what speaks for a cluster that people depend on, a clause each. One strong sign is
// enough; that others work there, and that it is old, count together only, since a cluster on a
// desk can be either.
func production(s *cluster.Survey, all []corev1.Node, names []string) []string {
	found := managed(s.Server, all)
	if len(all) > manyNodes {
		found = append(found, fmt.Sprintf("it has %d nodes", len(all)))
	}
	for _, name := range names {
		if productive.MatchString(name) {
			found = append(found, fmt.Sprintf("a name says so: %s", name))
		}
	}
	if s.Others > 0 && s.Age > oldAge {
		found = append(found, fmt.Sprintf("%d Pods of others run there, and it is %d days old", s.Others, int(s.Age.Hours()/24)))
	}
	return found
}

// managed names the cloud that runs the cluster, once, by the first sign of it.
func managed(server string, all []corev1.Node) []string {
	host := server
	if u, err := url.Parse(server); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	for _, c := range clouds {
		if c.host != "" && strings.HasSuffix(host, c.host) {
			return []string{fmt.Sprintf("it is run by %s: its server is %s", c.name, host)}
		}
		for _, n := range all {
			if c.provider != "" && strings.HasPrefix(n.Spec.ProviderID, c.provider) {
				return []string{fmt.Sprintf("it runs on %s: node %s has providerID %s", c.name, n.Name, n.Spec.ProviderID)}
			}
			for label := range n.Labels {
				if strings.HasPrefix(label, c.label) {
					return []string{fmt.Sprintf("it is run by %s: node %s has label %s", c.name, n.Name, label)}
				}
			}
		}
	}
	return nil
}
