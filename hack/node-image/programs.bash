# The programs of Kubernetes that the node image has, etcd included. Sourced by build and update.
# shellcheck shell=bash disable=SC2034

kubernetes_programs=(
	k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kube-scheduler,kube-proxy}
	k8s.io/kubernetes/cmd/{kubelet,kubeadm,kubectl}
	go.etcd.io/etcd/server/v3
)
