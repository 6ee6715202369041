// Package service knows where a Service leads: it is kube-proxy's table of rules and the cluster's
// DNS in one, kept up to date by watches on Services and EndpointSlices.
//
// Table answers the questions (it is a podnet.Resolver) as kube-proxy v1.37 in nftables mode and
// CoreDNS with kubeadm's configuration would. NodePorts listens on the machine's loopback for
// Services that have node ports. Carrying bytes is package podnet's part.
package service
