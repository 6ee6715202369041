package e2e

import (
	"strings"
	"testing"
)

const kubectlPod = `
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects: [{kind: ServiceAccount, name: reader}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: manifests}
data:
  made.yaml: |
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: made}
    data: {by: a Pod}
---
apiVersion: v1
kind: Pod
metadata: {name: tool}
spec:
  serviceAccountName: reader
  terminationGracePeriodSeconds: 0
  containers:
  - name: tool
    image: bitnami/kubectl
    command: [sh, -c, "sleep 1d"]
    volumeMounts: [{name: manifests, mountPath: /manifests}]
  volumes: [{name: manifests, configMap: {name: manifests}}]
---
apiVersion: v1
kind: Pod
metadata: {name: job}
spec:
  restartPolicy: Never
  containers: [{name: job, image: "registry.k8s.io/kubectl:v1.37.2", args: [get, pods]}]
`

// TestKubectlInPods runs kubectl in containers: as the Pod's ServiceAccount, with the container's files.
func TestKubectlInPods(t *testing.T) {
	t.Parallel()
	if provider() != "sandbox" {
		t.Skip("these images come from the sandbox")
	}
	s := newSpace(t)
	s.apply(t, kubectlPod)
	s.waitReady(t, "pod/tool")
	in := func(script string) string { return s.kubectl(t, "exec", "tool", "--", "sh", "-c", script) }
	if out := in("kubectl get pods -o name; kubectl auth whoami -o jsonpath='{.status.userInfo.username}'"); !strings.Contains(out, "pod/tool\n") || !strings.Contains(out, "system:serviceaccount:"+s.name+":reader") {
		t.Errorf("it is %q", out)
	}
	in("kubectl apply -f /manifests; kubectl create configmap own --from-file=/etc/passwd; echo '{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"typed\"}}' | kubectl apply -f -")
	if out := s.kubectl(t, "get", "configmap", "made", "own", "typed", "-o", "jsonpath={.items[*].data}"); !strings.Contains(out, `"by":"a Pod"`) || !strings.Contains(out, "root:x:0:0:root:/root:/bin/bash") {
		t.Errorf("it made %s", out)
	}
	if out := in("kubectl exec tool -- hostname; kubectl get nodes 2>&1; kubectl apply -f /manifests/none.yaml 2>&1; ls -d /root/.kube 2>&1; true"); !strings.HasPrefix(out, "tool\n") ||
		!strings.Contains(out, "cannot list resource \"nodes\"") || !strings.Contains(out, `the path "/manifests/none.yaml" does not exist`) || !strings.Contains(out, "cannot access '/root/.kube'") {
		t.Errorf("it said %q", out)
	}
	// An account without rights is refused by the API server, and the Pod fails.
	eventually(t, "the Pod job fails", func() bool {
		out, _ := s.try("get", "pod", "job", "-o", "jsonpath={.status.phase}")
		return out == "Failed"
	})
	if out := s.kubectl(t, "logs", "job"); !strings.Contains(out, `pods is forbidden: User "system:serviceaccount:`+s.name+`:default" cannot list resource "pods"`) {
		t.Errorf("job said %q", out)
	}
}
