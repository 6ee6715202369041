// Package storage makes, enlarges and removes the volumes of the sandbox's default StorageClass: what
// the provisioner and the resizer of a CSI driver do next to a real cluster's control plane. A volume
// is a folder in the cluster's folder, which any node can mount as if it were a disk on the network.
// The mounting is package node's.
package storage
