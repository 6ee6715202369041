package explain_test

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// crowd is a namespace of many Deployments with a Service each; of every tenth no Pod finds a node.
func crowd(tb testing.TB, deployments, pods int) *snapshot.Snapshot {
	tb.Helper()
	s := &snapshot.Snapshot{At: time.Date(2026, 5, 4, 12, 1, 0, 0, time.UTC), Namespace: "shop"}
	put := func(format string, args ...any) {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(fmt.Appendf(nil, format, args...), o); err != nil {
			tb.Fatal(err)
		}
		s.Objects = append(s.Objects, o)
	}
	for i := range 100 {
		put("{apiVersion: v1, kind: Node, metadata: {name: n%d, uid: n%d}, status: {allocatable: {cpu: '4'}, conditions: [{type: Ready, status: 'True'}]}}", i, i)
	}
	for i := range deployments {
		put("{apiVersion: apps/v1, kind: Deployment, metadata: {name: d%d, namespace: shop, uid: d%d}, spec: {replicas: %d}, status: {readyReplicas: %d}}", i, i, pods, pods)
		put("{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: d%d-1, namespace: shop, uid: r%d, ownerReferences: [{kind: Deployment, name: d%d, uid: d%d, controller: true}]}, spec: {replicas: %d}, status: {readyReplicas: %d}}", i, i, i, i, pods, pods)
		put("{apiVersion: v1, kind: Service, metadata: {name: s%d, namespace: shop, uid: s%d}, spec: {selector: {app: d%d}, ports: [{port: 80}]}}", i, i, i)
		put("{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s%d-1, namespace: shop, uid: e%d, labels: {kubernetes.io/service-name: s%d}}, endpoints: [{addresses: [10.0.0.1], conditions: {ready: true}}]}", i, i, i)
		for j := range pods {
			status, node := "{phase: Running, conditions: [{type: Ready, status: 'True'}]}", fmt.Sprintf("nodeName: n%d, ", (i+j)%100)
			if i%10 == 0 {
				node, status = "", "{phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: '0/100 nodes are available: 100 Insufficient cpu.'}]}"
			}
			put("{apiVersion: v1, kind: Pod, metadata: {name: d%d-1-%d, namespace: shop, uid: p%d-%d, labels: {app: d%d}, ownerReferences: [{kind: ReplicaSet, name: d%d-1, uid: r%d, controller: true}]}, "+
				"spec: {%scontainers: [{name: c, image: nginx, resources: {requests: {cpu: 500m}}}]}, status: %s}", i, j, i, j, i, i, i, node, status)
		}
	}
	return s
}

// BenchmarkWhy judges a namespace of 5,000 Pods, of which 500 have no node.
func BenchmarkWhy(b *testing.B) {
	s := crowd(b, 500, 10)
	for b.Loop() {
		d, err := explain.Why(snapshot.Query{}, s)
		if err != nil {
			b.Fatal(err)
		}
		if n := len(d.Causes()); n != 50 {
			b.Fatalf("%d causes", n)
		}
	}
}
