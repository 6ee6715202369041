package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

const policyClients = `
apiVersion: v1
kind: Pod
metadata: {name: friend, labels: {role: friend}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: busybox, image: "busybox:1.37", command: [sh, -c, "sleep 1d"]}]
---
apiVersion: v1
kind: Pod
metadata: {name: stranger}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: busybox, image: "busybox:1.37", command: [sh, -c, "sleep 1d"]}]
`

// reach says how a Pod fares with an address: "" when it answers, else what wget says.
func (s space) reach(pod, url string) string {
	out, err := s.try("exec", pod, "--", "wget", "-qO-", "-T", "1", url)
	if err == nil && strings.Contains(out, "Welcome to nginx!") {
		return ""
	}
	return strings.TrimSpace(out)
}

// becomes waits until a Pod can reach an address, or no longer.
func (s space) becomes(t *testing.T, pod, url string, reached bool) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s reaches %s: %v", pod, url, reached), func() bool { return (s.reach(pod, url) == "") == reached })
}

// failsWith waits until a Pod can't reach an address for the reason that is named: each node hears of a change by itself, and
// on a busy machine any request may time out.
func (s space) failsWith(t *testing.T, pod, url, reason string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s can't reach %s: %s", pod, url, reason), func() bool { return strings.Contains(s.reach(pod, url), reason) })
}

func (s space) policy(t *testing.T, name, spec string) {
	t.Helper()
	s.apply(t, "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: "+name+"}\nspec: "+spec+"\n")
}

// probes counts what the kubelets asked the Pods of web, whose node is the first address of their network.
func (s space) probes(t *testing.T) int {
	t.Helper()
	return strings.Count(s.kubectl(t, "logs", "-l", "app=web", "--tail=-1"), ".1 - - ")
}

// onlySandbox skips what the cluster of another provider may not enforce, or enforces at its own pace.
func onlySandbox(t *testing.T) {
	t.Helper()
	if provider() != "sandbox" {
		t.Skip("how policies are enforced is the network's own affair")
	}
}

// TestNetworkPolicy closes a Deployment, opens it to one Pod, and then bounds what that Pod may reach.
func TestNetworkPolicy(t *testing.T) {
	t.Parallel()
	onlySandbox(t)
	s := newSpace(t)
	s.apply(t, web)
	s.apply(t, policyClients)
	s.rollout(t, "web")
	s.waitReady(t, "pod/friend")
	s.waitReady(t, "pod/stranger")
	ip := strings.TrimSpace(s.kubectl(t, "get", "pods", "-l", "app=web", "-o", "jsonpath={.items[0].status.podIP}"))
	for _, url := range []string{"http://web/", "http://" + ip + "/"} {
		s.becomes(t, "stranger", url, true)
	}

	s.policy(t, "closed", `{podSelector: {}, policyTypes: [Ingress]}`)
	s.becomes(t, "friend", "http://web/", false)
	s.failsWith(t, "friend", "http://"+ip+"/", "timed out")
	// Probes come from the node, and go on.
	before := s.probes(t)
	eventually(t, "the Pods are probed behind a policy", func() bool { return s.probes(t) > before+3 })
	if ready := s.kubectl(t, "get", "deployment", "web", "-o", "jsonpath={.status.readyReplicas}"); ready != "3" {
		t.Errorf("%s of 3 Pods are ready behind a policy", ready)
	}

	s.policy(t, "open", `{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {role: friend}}}], ports: [{port: 80}]}]}`)
	s.becomes(t, "friend", "http://web/", true)
	s.failsWith(t, "stranger", "http://web/", "timed out")
	s.kubectl(t, "label", "pod", "stranger", "role=friend")
	s.becomes(t, "stranger", "http://web/", true)

	s.policy(t, "bounded", `{podSelector: {matchLabels: {role: friend}}, policyTypes: [Egress]}`)
	s.becomes(t, "friend", "http://"+ip+"/", false)
	s.failsWith(t, "friend", "http://web/", "bad address") // without a way to the DNS
	s.policy(t, "bounded", `{podSelector: {matchLabels: {role: friend}}, policyTypes: [Egress], egress: [
  {to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}}], ports: [{port: 53, protocol: UDP}, {port: 53}]},
  {to: [{podSelector: {matchLabels: {app: web}}}]}]}`)
	s.becomes(t, "friend", "http://web/", true)

	s.kubectl(t, "delete", "networkpolicy", "--all")
	s.kubectl(t, "label", "pod", "stranger", "role-")
	s.becomes(t, "stranger", "http://web/", true)
}

// TestPolicyAndNodePort calls from the learner's machine, which policies know as 172.18.0.1.
func TestPolicyAndNodePort(t *testing.T) {
	t.Parallel()
	onlySandbox(t)
	s := newSpace(t)
	s.apply(t, web)
	s.rollout(t, "web")
	s.apply(t, "apiVersion: v1\nkind: Service\nmetadata: {name: out}\nspec: {type: NodePort, selector: {app: web}, ports: [{port: 80}]}\n")
	port := strings.TrimSpace(s.kubectl(t, "get", "service", "out", "-o", "jsonpath={.spec.ports[0].nodePort}"))
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answers := func() bool {
		resp, err := client.Get("http://127.0.0.1:" + port + "/")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}
	eventually(t, "the node port answers", answers)
	s.policy(t, "closed", `{podSelector: {}, policyTypes: [Ingress]}`)
	eventually(t, "the node port is closed", func() bool { return !answers() })
	s.policy(t, "open", `{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 172.18.0.1/32}}]}]}`)
	eventually(t, "the node port is open to the machine", answers)
}

// TestHostPortIsAtHostIP asks for one port at the node's address and at its loopback.
func TestHostPortIsAtHostIP(t *testing.T) {
	t.Parallel()
	onlySandbox(t)
	s := newSpace(t)
	s.apply(t, `
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers: [{name: nginx, image: "nginx:1.29", ports: [{containerPort: 80, hostPort: 8099, hostIP: 127.0.0.1}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: host}
spec:
  hostNetwork: true
  terminationGracePeriodSeconds: 0
  affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {run: web}}}]}}
  containers: [{name: busybox, image: "busybox:1.37", command: [sh, -c, "sleep 1d"]}]
`)
	s.kubectl(t, "label", "pod", "web", "run=web")
	s.waitReady(t, "pod/web")
	s.waitReady(t, "pod/host")
	s.becomes(t, "host", "http://127.0.0.1:8099/", true)
	ip := strings.TrimSpace(s.kubectl(t, "get", "pod", "host", "-o", "jsonpath={.status.hostIP}"))
	s.failsWith(t, "host", "http://"+ip+":8099/", "refused")
}

// TestDNSService finds the Service that everybody looks for.
func TestDNSService(t *testing.T) {
	onlySandbox(t)
	if got := shared.run(t, "kubectl", "--", "get", "service", "-n", "kube-system", "kube-dns", "-o", "jsonpath={.spec.clusterIP}"); strings.TrimSpace(got) != "10.96.0.10" {
		t.Errorf("kube-dns is at %s", got)
	}
}
