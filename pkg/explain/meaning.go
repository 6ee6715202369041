package explain

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// meaning says in a paragraph what an object of a kind is, in our words; empty for kinds that we have none for.
func meaning(o *unstructured.Unstructured) string {
	return map[string]string{
		"Pod":                     "A Pod is one or more containers that start together on one node and share its kernel, one address and volumes. It is made once, runs on one node, and never moves: what replaces it is another Pod.",
		"Deployment":              "A Deployment keeps a number of equal Pods of one version running. For each version it makes a ReplicaSet, and to change the version it lets one grow while the other shrinks.",
		"ReplicaSet":              "A ReplicaSet keeps a number of equal Pods. It counts those that have its labels, makes those that are missing and deletes those that are too many.",
		"StatefulSet":             "A StatefulSet keeps Pods that are not alike: each has a number in its name and its own volume, and gets both back when it is made again. They start and end in order.",
		"DaemonSet":               "A DaemonSet keeps one Pod on each node that fits, new nodes included.",
		"Job":                     "A Job makes Pods until enough of them have done their work, and then stops.",
		"CronJob":                 "A CronJob makes a Job whenever its clock says so.",
		"Service":                 "A Service is one lasting name and address for Pods that come and go. It sends each connection to one of the Pods that have its labels and are ready.",
		"EndpointSlice":           "An EndpointSlice lists the addresses that stand behind a Service, and which of them are ready. A controller keeps it up to date.",
		"Ingress":                 "An Ingress says which host names and paths of HTTP lead to which Service. A controller that runs in the cluster must carry it out.",
		"IngressClass":            "An IngressClass says which controller carries out the Ingresses that name it.",
		"ConfigMap":               "A ConfigMap keeps settings that are no secret, for Pods to read as files or variables.",
		"Secret":                  "A Secret keeps what only some may read, for Pods to read as files or variables. It is encoded, not encrypted: whoever may read Secrets reads it.",
		"ServiceAccount":          "A ServiceAccount is who a Pod is when it talks to the API server.",
		"PersistentVolumeClaim":   "A PersistentVolumeClaim asks for storage that outlives Pods. It is bound to one volume, which is made for it or waits for it.",
		"PersistentVolume":        "A PersistentVolume is a piece of storage in the cluster, bound to at most one claim.",
		"StorageClass":            "A StorageClass says how volumes are made for claims that name it.",
		"Namespace":               "A Namespace is a drawer for objects: names are unique in it, and rights and quotas can be given for it.",
		"Node":                    "A Node is a machine of the cluster, real or virtual. Its kubelet starts the Pods that the scheduler puts there, and says how they are.",
		"NetworkPolicy":           "A NetworkPolicy says who may connect to Pods, or to whom they may. As soon as one selects a Pod, what none allows is forbidden to it.",
		"HorizontalPodAutoscaler": "A HorizontalPodAutoscaler changes the number of replicas of something so that a measured value stays near the one that is wanted.",
		"PodDisruptionBudget":     "A PodDisruptionBudget says how many Pods of an application may be away at once when somebody drains nodes. It stops evictions, not deletions.",
		"ResourceQuota":           "A ResourceQuota bounds what all objects of a namespace may ask for together.",
		"LimitRange":              "A LimitRange gives containers of a namespace their limits where they name none, and bounds those that they may name.",
		"Role":                    "A Role is a list of rights in one namespace. It does nothing until a RoleBinding gives it to somebody.",
		"ClusterRole":             "A ClusterRole is a list of rights that can be given in any namespace, or everywhere.",
		"RoleBinding":             "A RoleBinding gives a Role to users, groups or ServiceAccounts, in its namespace.",
		"ClusterRoleBinding":      "A ClusterRoleBinding gives a ClusterRole to users, groups or ServiceAccounts, in all namespaces.",
		"PriorityClass":           "A PriorityClass says which Pods come first when room is short: others may be ended for them.",
		"Lease":                   "A Lease says who holds a role and until when: kubelets renew one to show that they live, controllers to lead.",
		"Event":                   "An Event is a note about another object: who noticed what, how often, and when last. Events are forgotten after an hour.",
		"ControllerRevision":      "A ControllerRevision remembers an earlier version of a StatefulSet's or DaemonSet's Pods.",
	}[o.GetKind()]
}
