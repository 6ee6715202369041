package realness

import (
	"regexp"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
)

// MemoryVolumes is the line of `cluster status` that says how real volumes in memory are.
const MemoryVolumes = "volumes in memory"

// Parts is the table. A conformance spec stands with the emulation without which it would fail, not with
// what it happens to use.
func Parts() []Part { return parts() }

// parts makes the table, and its expressions, once: it is asked about every Pod.
var parts = sync.OnceValue(func() []Part {
	return []Part{
		{
			Name: "etcd, kube-apiserver, kube-controller-manager, kube-scheduler", Realness: cluster.Real,
			Means: "Kubernetes' own code, of the version in `go.mod`. TLS everywhere, a certificate authority a cluster, RBAC and Node authorization, the audit log on.",
			Status: []Line{
				{Name: "API server", Note: "etcd is the only one behind it, and it alone speaks to etcd"},
				{Name: "etcd", Note: "one member, no fsync: a power cut may cost the last second"},
				{Name: "scheduler"},
				{Name: "controller manager", Note: "notices a dead node in 5 s and moves its Pods after 3 s more; defaults elsewhere: 50 s and 5 min"},
			},
		},
		{
			Name: "kubelet", Realness: cluster.Real,
			Means: "Kubernetes' own code: Pod life cycle, probes, restarts with back-off, init containers, termination, status, events, volumes, logs, exec, port-forward.",
		},
		{
			Name: "metrics.k8s.io", Realness: cluster.Real,
			Means:  "metrics-server's own code, collecting from the kubelets every 5 s; the API server serves it itself, so its APIService is Local.",
			Status: []Line{{Name: "metrics", Note: "kubectl top and autoscalers; figures are 5 to 10 s old"}},
		},
		{
			Name: "container runtime", Realness: cluster.ProcessLevel,
			Means: "Our own, behind the kubelet's CRI. A container is one process of your operating system.",
			Status: []Line{{
				Name: "containers", Evidence: "a process each",
				Note: "no namespaces; users as programs see them, no CPU limits, memory limits looked at each second",
			}},
			Emulations: []Emulation{
				{
					What:  "resizing a running Pod",
					Seen:  "The status, and the files of the cgroup inside, have the new CPU and memory; no cgroup enforces them.",
					Specs: specs(`^\[sig-node\] Pod InPlace Resize Container `),
				},
				{
					What: "sysctls",
					Seen: "A safe sysctl reads as the Pod asked for; the machine's is as it was.",
					Asks: func(p *corev1.Pod) bool {
						return p.Spec.SecurityContext != nil && len(p.Spec.SecurityContext.Sysctls) > 0
					},
					Specs: specs(`^\[sig-node\] Sysctls .* should support sysctls`),
				},
			},
		},
		{
			Name: "container isolation", Realness: cluster.ProcessLevel,
			Means: "No namespaces, no cgroups. A program sees a folder of its own, the Pod's environment and nothing of yours; the program does that by itself, the kernel does not enforce it.",
			Emulations: []Emulation{
				{
					What: "users and groups",
					Seen: "`id`, `ls -l`, `ps` and the status show what `runAsUser`, `runAsGroup` and the image ask for, and built-in programs obey it; to the kernel every process and file is yours. No process is root.",
					Asks: asksForUsers,
					Specs: specs(
						`^\[sig-node\] Security Context .*(runAsUser|RunAsUser)`,
					),
				},
				{
					What: "fsGroup",
					Asks: func(p *corev1.Pod) bool {
						return p.Spec.SecurityContext != nil && p.Spec.SecurityContext.FSGroup != nil
					},
					Seen:  "Files of the volume have the mode bits that `fsGroup` gives; their group is yours.",
					Specs: specs(`^\[sig-storage\] .*fsGroup set`),
				},
				{
					What: "privileges and profiles",
					Seen: "`privileged`, `capabilities`, `allowPrivilegeEscalation`, hostPID, hostIPC, seccomp, AppArmor and SELinux settings are shown and change nothing: there is no privilege to gain or lose.",
					Asks: asksForPrivileges,
					Specs: specs(
						`^\[sig-node\] Security Context .*AllowPrivilegeEscalation should not allow privilege escalation when false`,
						`^\[sig-node\] Security Context When creating a pod with privileged should run the container as unprivileged when false`,
					),
				},
				{
					What:  "read-only root file system",
					Asks:  anyContext(func(s *corev1.SecurityContext) bool { return isTrue(s.ReadOnlyRootFilesystem) }),
					Seen:  "Programs of the images refuse to write; the kernel would let them.",
					Specs: specs(`^\[sig-node\] Kubelet when scheduling a read only busybox container should not write to root filesystem`),
				},
				{
					What:          "tmpfs",
					Seen:          "A volume of `medium: Memory` says that it is a tmpfs; it is a folder on the disk. On Linux it is a tmpfs, with its size, where the kernel lets a user mount (in a user namespace).",
					WithoutMounts: true,
					Asks: anyVolume(func(v corev1.VolumeSource) bool {
						return v.EmptyDir != nil && v.EmptyDir.Medium == corev1.StorageMediumMemory
					}),
					Specs: specs(`^\[sig-storage\] EmptyDir .*tmpfs`),
				},
			},
		},
		{
			Name: "images", Realness: cluster.Emulated,
			Means: "An image name stands for a program that is built in, or that you built. There is no registry, no layer and no pull.",
			Status: []Line{{
				Name: "images", Evidence: "built into this program", Note: "only built-in images run; pulling one takes no time",
			}},
			Emulations: []Emulation{
				{
					What:  "image volumes",
					Asks:  anyVolume(func(v corev1.VolumeSource) bool { return v.Image != nil }),
					Seen:  "The volume has the files that the table of images gives the image.",
					Specs: specs(`(?i)^\[sig-node\] ImageVolume`),
				},
			},
		},
		{
			Name: "Pod network, Services, DNS", Realness: cluster.ProcessLevel,
			Means: "Our own: addresses as in any cluster, carried by unix sockets.",
			Status: []Line{{
				Name: "Pod network, DNS, kube-proxy", Evidence: "unix sockets",
				Note: "Pods reach Pods and Services; this machine reaches them by port-forward or a node port",
			}},
		},
		{
			Name: "CPU and memory figures", Realness: cluster.ProcessLevel,
			Means: "Measured of each container's processes, those of `kubectl exec` included. A node's are its Pods' and its own process's.",
		},
		{
			Name: "limits", Realness: cluster.ProcessLevel,
			Means: "Memory is kept by this program. CPU is not limited: `cpu.max` in `/sys/fs/cgroup` and a resize are shown, and slow nothing down.",
			Emulations: []Emulation{{
				What: "CPU limits",
				Seen: "`cpu.max` in `/sys/fs/cgroup` and the status have them; a program that wants more CPU takes more.",
				Asks: asksForCPULimit,
			}},
		},
		{
			Name: "node size, disk", Realness: cluster.Emulated,
			Means:  "Declared numbers. The scheduler and the kubelet's eviction believe them; your machine's are never asked.",
			Status: []Line{{Name: "node size", Evidence: "2 CPUs, 4 GiB", Note: "declared, not reserved"}},
			Emulations: []Emulation{
				{
					What: "size of a volume",
					Seen: "Capacity and expansion of a PersistentVolume are numbers; it takes as much as your disk has.",
				},
				{
					What: "ReadWriteOnce",
					Seen: "A volume is a folder that any node mounts, so two nodes may have it at once, where an attached disk would give Multi-Attach errors.",
				},
			},
		},
	}
})

func specs(patterns ...string) []*regexp.Regexp {
	var all []*regexp.Regexp
	for _, p := range patterns {
		all = append(all, regexp.MustCompile(p))
	}
	return all
}
