// Package sandbox holds what the parts of the embedded cluster agree on: where each file stands,
// and what the cluster is asked to be. The parts are in the packages below it: controlplane,
// node, runtime, program, podnet, service, storage, pki. Package cluster/sandbox starts and ends them.
package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Layout says where the files of one cluster are. Names are short since a unix socket's path may
// have no more than 104 bytes on some systems.
type Layout struct {
	// Dir is the cluster's folder, an absolute path, mode 0700.
	Dir string
}

// Config is the file that holds the cluster's Config.
func (l Layout) Config() string { return filepath.Join(l.Dir, "cluster.json") }

// Lock is held by whoever changes the cluster.
func (l Layout) Lock() string { return filepath.Join(l.Dir, "lock") }

// Starting is there from the moment that a command starts parts until all nodes can take Pods.
func (l Layout) Starting() string { return filepath.Join(l.Dir, "starting") }

// Kubeconfig is the learner's.
func (l Layout) Kubeconfig() string { return filepath.Join(l.Dir, "kubeconfig") }

// PKI is the folder of certificates and of the components' kubeconfigs.
func (l Layout) PKI() string { return filepath.Join(l.Dir, "pki") }

// Identity is the kubeconfig of one component.
func (l Layout) Identity(name string) string { return filepath.Join(l.PKI(), name+".kubeconfig") }

// Etcd is the folder of etcd's data.
func (l Layout) Etcd() string { return filepath.Join(l.Dir, "etcd") }

// AuditLog is the API server's audit log.
func (l Layout) AuditLog() string { return filepath.Join(l.Logs(), "audit.log") }

// Logs is the folder of the parts' logs.
func (l Layout) Logs() string { return filepath.Join(l.Dir, "logs") }

// Log is the log of one part: ControlPlane or a node's name.
func (l Layout) Log(part string) string { return filepath.Join(l.Logs(), part+".log") }

// Alive is a file with the process ID of a running part, which holds the file beside it locked.
func (l Layout) Alive(part string) string { return filepath.Join(l.Dir, "run", part) }

// AliveLockSuffix is what the name of the locked file has more than that of Alive.
const AliveLockSuffix = ".lock"

func (l Layout) aliveLock(part string) string { return l.Alive(part) + AliveLockSuffix }

// Net is the folder of the Pod network (package podnet).
func (l Layout) Net() string { return filepath.Join(l.Dir, "net") }

// Egress is the socket of the proxy through which the API server reaches nodes and Pods.
func (l Layout) Egress() string { return filepath.Join(l.Dir, "egress.sock") }

// Images is the folder of the images that were built for the cluster (package image).
func (l Layout) Images() string { return filepath.Join(l.Dir, "images") }

// Node is the folder of one node, which is its kubelet's root folder too.
func (l Layout) Node(index int) string { return filepath.Join(l.Dir, "k", strconv.Itoa(index)) }

// Control is the control socket of one node (package runtime).
func (l Layout) Control(index int) string { return filepath.Join(l.Node(index), "control.sock") }

// Volume is the folder of a PersistentVolume of StorageDriver, by its handle. A handle that is no name
// of a folder is an error: anybody who may make a PersistentVolume may write one.
func (l Layout) Volume(handle string) (string, error) {
	if handle != filepath.Base(handle) || !filepath.IsLocal(handle) || handle == "." {
		return "", fmt.Errorf("volume handle %q is not the name of a volume", handle)
	}
	return filepath.Join(l.Dir, "volumes", handle), nil
}

// Bin is the folder for programs taken out of the binary, shared by all clusters.
func (l Layout) Bin() string { return filepath.Join(filepath.Dir(filepath.Dir(l.Dir)), "bin") }

// HasOwnMounts says whether a node's process has mounts of its own.
func (l Layout) HasOwnMounts(index int) bool {
	_, err := os.Stat(l.OwnMounts(index))
	return err == nil
}

// OwnMounts is there while a node's process has mounts of its own (package node).
func (l Layout) OwnMounts(index int) string { return filepath.Join(l.Node(index), "own-mounts") }

// LongestSocket is the length of the longest socket path that the cluster will make, in bytes.
func (l Layout) LongestSocket() int {
	return max(len(filepath.Join(l.Node(99), "pod-resources", "kubelet.sock")),
		len(filepath.Join(l.Net(), "10.244.99.250", "lo-65535.udp.sock")))
}
