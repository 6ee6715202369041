package snapshot

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Kind is one built-in resource of Kubernetes: its names, and whether its objects live in a namespace.
type Kind struct {
	Kind       string   // Pod
	Resource   string   // pods
	Singular   string   // pod
	Short      []string // po
	Group      string   // empty for the core group
	Version    string
	Namespaced bool
}

// GVK is the kind as an object names it.
func (k Kind) GVK() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: k.Group, Version: k.Version, Kind: k.Kind}
}

// GVR is the kind as the API server's paths name it.
func (k Kind) GVR() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: k.Group, Version: k.Version, Resource: k.Resource}
}

// Kinds returns the resources that a Query can name, in a fixed order.
func Kinds() []Kind {
	const namespaced, clusterWide = true, false
	return []Kind{
		{"Pod", "pods", "pod", []string{"po"}, "", "v1", namespaced},
		{"Deployment", "deployments", "deployment", []string{"deploy"}, "apps", "v1", namespaced},
		{"ReplicaSet", "replicasets", "replicaset", []string{"rs"}, "apps", "v1", namespaced},
		{"StatefulSet", "statefulsets", "statefulset", []string{"sts"}, "apps", "v1", namespaced},
		{"DaemonSet", "daemonsets", "daemonset", []string{"ds"}, "apps", "v1", namespaced},
		{"ControllerRevision", "controllerrevisions", "controllerrevision", nil, "apps", "v1", namespaced},
		{"Job", "jobs", "job", nil, "batch", "v1", namespaced},
		{"CronJob", "cronjobs", "cronjob", []string{"cj"}, "batch", "v1", namespaced},
		{"Service", "services", "service", []string{"svc"}, "", "v1", namespaced},
		{"Endpoints", "endpoints", "endpoints", []string{"ep"}, "", "v1", namespaced},
		{"EndpointSlice", "endpointslices", "endpointslice", nil, "discovery.k8s.io", "v1", namespaced},
		{"Ingress", "ingresses", "ingress", []string{"ing"}, "networking.k8s.io", "v1", namespaced},
		{"IngressClass", "ingressclasses", "ingressclass", nil, "networking.k8s.io", "v1", clusterWide},
		{"NetworkPolicy", "networkpolicies", "networkpolicy", []string{"netpol"}, "networking.k8s.io", "v1", namespaced},
		{"ConfigMap", "configmaps", "configmap", []string{"cm"}, "", "v1", namespaced},
		{"Secret", "secrets", "secret", nil, "", "v1", namespaced},
		{"ServiceAccount", "serviceaccounts", "serviceaccount", []string{"sa"}, "", "v1", namespaced},
		{"PersistentVolumeClaim", "persistentvolumeclaims", "persistentvolumeclaim", []string{"pvc"}, "", "v1", namespaced},
		{"PersistentVolume", "persistentvolumes", "persistentvolume", []string{"pv"}, "", "v1", clusterWide},
		{"StorageClass", "storageclasses", "storageclass", []string{"sc"}, "storage.k8s.io", "v1", clusterWide},
		{"Node", "nodes", "node", []string{"no"}, "", "v1", clusterWide},
		{"Namespace", "namespaces", "namespace", []string{"ns"}, "", "v1", clusterWide},
		{"Event", "events", "event", []string{"ev"}, "", "v1", namespaced},
		{"ReplicationController", "replicationcontrollers", "replicationcontroller", []string{"rc"}, "", "v1", namespaced},
		{"ResourceQuota", "resourcequotas", "resourcequota", []string{"quota"}, "", "v1", namespaced},
		{"LimitRange", "limitranges", "limitrange", []string{"limits"}, "", "v1", namespaced},
		{"HorizontalPodAutoscaler", "horizontalpodautoscalers", "horizontalpodautoscaler", []string{"hpa"}, "autoscaling", "v2", namespaced},
		{"PodDisruptionBudget", "poddisruptionbudgets", "poddisruptionbudget", []string{"pdb"}, "policy", "v1", namespaced},
		{"Role", "roles", "role", nil, "rbac.authorization.k8s.io", "v1", namespaced},
		{"RoleBinding", "rolebindings", "rolebinding", nil, "rbac.authorization.k8s.io", "v1", namespaced},
		{"ClusterRole", "clusterroles", "clusterrole", nil, "rbac.authorization.k8s.io", "v1", clusterWide},
		{"ClusterRoleBinding", "clusterrolebindings", "clusterrolebinding", nil, "rbac.authorization.k8s.io", "v1", clusterWide},
		{"PriorityClass", "priorityclasses", "priorityclass", []string{"pc"}, "scheduling.k8s.io", "v1", clusterWide},
		{"Lease", "leases", "lease", nil, "coordination.k8s.io", "v1", namespaced},
	}
}

// KindNamed finds a kind by any of its names, in any case: Pod, pods, po, deployments.apps.
func KindNamed(name string) (Kind, bool) {
	resource, group, grouped := strings.Cut(strings.ToLower(name), ".")
	for _, k := range Kinds() {
		if grouped && group != k.Group {
			continue
		}
		if resource == k.Resource || resource == k.Singular {
			return k, true
		}
		for _, s := range k.Short {
			if resource == s {
				return k, true
			}
		}
	}
	return Kind{}, false
}

// KindOf finds the kind of an object by its apiVersion and kind; the version may be any of the group.
func KindOf(gvk schema.GroupVersionKind) (Kind, bool) {
	for _, k := range Kinds() {
		if k.Group == gvk.Group && k.Kind == gvk.Kind {
			return k, true
		}
	}
	return Kind{}, false
}
