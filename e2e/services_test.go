package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// echoes are three Pods that say their names, behind Services of several kinds.
const echoes = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: echo}
spec:
  serviceName: head
  replicas: 3
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: echo}}
  template:
    metadata: {labels: {app: echo}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: echo
        image: gcr.io/google-samples/hello-app:1.0
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: head}
spec: {clusterIP: None, selector: {app: echo}, ports: [{name: http, port: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: any}
spec: {selector: {app: echo}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: same}
spec: {selector: {app: echo}, sessionAffinity: ClientIP, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: c, image: "nicolaka/netshoot:v0.14", command: [sleep, 1d]}]
`

// echoSpace is a namespace in which the echoes and their client run.
func echoSpace(t *testing.T) space {
	t.Helper()
	s := newSpace(t)
	s.apply(t, echoes)
	s.kubectl(t, "rollout", "status", "statefulset/echo", "--timeout=60s")
	s.waitReady(t, "pod/client")
	return s
}

func (s space) ask(t *testing.T, script string) string {
	t.Helper()
	return s.kubectl(t, "exec", "client", "--", "sh", "-c", script)
}

var saysName = regexp.MustCompile(`Hostname: (\S+)`)

// answers are the names of the Pods that answered to a number of requests, and how often each did.
func (s space) answers(t *testing.T, n, url string) map[string]int {
	t.Helper()
	found := map[string]int{}
	for _, m := range saysName.FindAllStringSubmatch(s.ask(t, "for i in $(seq "+n+"); do curl -s -m 20 "+url+"; done; true"), -1) {
		found[m[1]]++
	}
	return found
}

// becomesReachable waits for news that come to a node in their own time.
func (s space) becomesReachable(t *testing.T, url, pod string) {
	t.Helper()
	eventually(t, url+" answered by "+pod, func() bool {
		out, err := s.try("exec", "client", "--", "curl", "-s", "-m", "5", url)
		return err == nil && strings.Contains(out, "Hostname: "+pod)
	})
}

// TestSessionAffinity has one Pod answer to a client, until it is gone.
func TestSessionAffinity(t *testing.T) {
	t.Parallel()
	s := echoSpace(t)
	for _, pod := range []string{"echo-0", "echo-1", "echo-2"} {
		s.becomesReachable(t, "http://any/", pod)
	}
	s.becomesReachable(t, "http://same/", "echo-")
	if got := s.answers(t, "60", "http://any/"); len(got) != 3 {
		t.Errorf("without affinity 60 requests were answered by %v", got)
	}
	only := func() string {
		t.Helper()
		got := s.answers(t, "20", "http://same/")
		for pod, n := range got {
			if n == 20 {
				return pod
			}
		}
		t.Fatalf("with affinity 20 requests were answered by %v", got)
		return ""
	}
	pod := only()
	if again := only(); again != pod {
		t.Errorf("%s answered, then %s", pod, again)
	}
	s.kubectl(t, "scale", "statefulset", "echo", "--replicas=0")
	s.kubectl(t, "wait", "--for=delete", "pod/"+pod, "--timeout=60s")
	s.kubectl(t, "scale", "statefulset", "echo", "--replicas=3")
	s.kubectl(t, "rollout", "status", "statefulset/echo", "--timeout=60s")
	s.becomesReachable(t, "http://same/", "echo-")
	only()
	if out := s.kubectl(t, "describe", "service", "same"); !regexp.MustCompile(`Session Affinity: +ClientIP`).MatchString(out) {
		t.Errorf("it is described as\n%s", out)
	}
}

// TestServiceNames asks the DNS for Services without an address of their own.
func TestServiceNames(t *testing.T) {
	t.Parallel()
	s := echoSpace(t)
	zone := "." + s.name + ".svc.cluster.local"
	s.apply(t, `
apiVersion: v1
kind: Service
metadata: {name: far}
spec: {type: ExternalName, externalName: far.example.com}
---
apiVersion: v1
kind: Service
metadata: {name: near}
spec: {type: ExternalName, externalName: any`+zone+`}
`)
	lines := func(question string) []string {
		out := strings.Fields(s.ask(t, "dig +short "+question))
		slices.Sort(out)
		return out
	}
	ips := strings.Fields(s.kubectl(t, "get", "pods", "-l", "app=echo", "-o", "jsonpath={.items[*].status.podIP}"))
	slices.Sort(ips)
	if len(ips) != 3 {
		t.Fatalf("the Pods' addresses are %q", ips)
	}
	clusterIP := s.kubectl(t, "get", "service", "any", "-o", "jsonpath={.spec.clusterIP}")
	for question, want := range map[string][]string{
		"head" + zone:                     ips,
		"echo-1.head" + zone:              strings.Fields(s.kubectl(t, "get", "pod", "echo-1", "-o", "jsonpath={.status.podIP}")),
		"echo-3.head" + zone:              nil,
		"any" + zone:                      {clusterIP},
		"CNAME far" + zone:                {"far.example.com."},
		"near" + zone:                     {clusterIP, "any" + zone + "."},
		"_http._tcp.head" + zone + " SRV": {"0", "0", "0", "33", "33", "33", "8080", "8080", "8080", "echo-0.head" + zone + ".", "echo-1.head" + zone + ".", "echo-2.head" + zone + "."},
		"nosuch" + zone:                   nil,
		"-x " + clusterIP:                 {"any" + zone + "."},
	} {
		slices.Sort(want)
		eventually(t, fmt.Sprintf("dig %s says %q", question, want), func() bool { return slices.Equal(lines(question), want) })
	}
	s.becomesReachable(t, "http://echo-2.head:8080/", "echo-2")
	s.becomesReachable(t, "http://near/", "echo-")
	// A name of a headless Service goes with its Pod.
	s.kubectl(t, "scale", "statefulset", "echo", "--replicas=2")
	eventually(t, "two addresses of the headless Service", func() bool { return len(lines("head"+zone)) == 2 })
}

// TestServiceWithoutSelector reaches what an EndpointSlice made by hand says.
func TestServiceWithoutSelector(t *testing.T) {
	t.Parallel()
	s := echoSpace(t)
	s.apply(t, `
apiVersion: v1
kind: Service
metadata: {name: made}
spec: {ports: [{name: http, port: 80}]}
`)
	slice := func(pod string) {
		t.Helper()
		ip := s.kubectl(t, "get", "pod", pod, "-o", "jsonpath={.status.podIP}")
		s.apply(t, `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: made-by-hand, labels: {kubernetes.io/service-name: made}}
addressType: IPv4
ports: [{name: http, port: 8080, protocol: TCP}]
endpoints: [{addresses: [`+ip+`], conditions: {ready: true}}]
`)
	}
	if out, err := s.try("exec", "client", "--", "curl", "-s", "-m", "5", "http://made/"); err == nil {
		t.Errorf("without endpoints it answers %q", out)
	}
	for _, pod := range []string{"echo-1", "echo-2"} {
		slice(pod)
		s.becomesReachable(t, "http://made/", pod)
		if got := s.answers(t, "10", "http://made/"); got[pod] != 10 {
			t.Errorf("10 requests were answered by %v", got)
		}
	}
	s.kubectl(t, "delete", "endpointslice", "made-by-hand")
	eventually(t, "no answer without endpoints", func() bool {
		_, err := s.try("exec", "client", "--", "curl", "-s", "-m", "5", "http://made/")
		return err != nil
	})
}

// TestServiceUDP sends datagrams to a Service, and gets answers.
func TestServiceUDP(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, client)
	s.apply(t, `
apiVersion: v1
kind: Pod
metadata: {name: hears, labels: {app: hears}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: c, image: "busybox:1.37", command: [sh, -c, "while true; do echo heard | nc -u -l -p 7000 -w 1; done"]}]
---
apiVersion: v1
kind: Service
metadata: {name: hears}
spec: {selector: {app: hears}, ports: [{port: 53, targetPort: 7000, protocol: UDP}]}
`)
	s.waitReady(t, "pod/hears")
	s.waitReady(t, "pod/client")
	for _, host := range []string{"hears", s.kubectl(t, "get", "service", "hears", "-o", "jsonpath={.spec.clusterIP}")} {
		eventually(t, "an answer from "+host, func() bool {
			out, err := s.try("exec", "client", "--", "sh", "-c", "echo hello to "+host+" | nc -u -w 2 "+host+" 53")
			return err == nil && strings.Contains(out, "heard\n")
		})
		if out := s.kubectl(t, "logs", "hears"); !strings.Contains(out, "hello to "+host+"\n") {
			t.Errorf("it heard %q", out)
		}
	}
	// The Service has no such port for TCP.
	if out, err := s.try("exec", "client", "--", "nc", "-z", "-w", "2", "hears", "53"); err == nil {
		t.Errorf("its TCP port is open: %s", out)
	}
}

// TestHostAliases has names for addresses that the DNS does not know.
func TestHostAliases(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, debugged)
	s.waitReady(t, "pod/web")
	ip := s.kubectl(t, "get", "pod", "web", "-o", "jsonpath={.status.podIP}")
	s.apply(t, `
apiVersion: v1
kind: Pod
metadata: {name: client}
spec:
  terminationGracePeriodSeconds: 0
  hostAliases:
  - {ip: 10.1.2.3, hostnames: [far.example.com, far]}
  - {ip: `+ip+`, hostnames: [shop.example.com]}
  containers: [{name: c, image: "busybox:1.37", command: [sleep, 1d]}]
`)
	s.waitReady(t, "pod/client")
	hosts := s.ask(t, "cat /etc/hosts")
	own := s.kubectl(t, "get", "pod", "client", "-o", "jsonpath={.status.podIP}")
	for _, line := range []string{"10.1.2.3\tfar.example.com\tfar\n", ip + "\tshop.example.com\n", own + "\tclient\n", "127.0.0.1\tlocalhost\n"} {
		if !strings.Contains(hosts, line) {
			t.Errorf("/etc/hosts has no line %q:\n%s", line, hosts)
		}
	}
	if out := s.ask(t, "wget -qO- http://shop.example.com/"); !strings.Contains(out, "Welcome to nginx!") {
		t.Errorf("http://shop.example.com/ answered %q", out)
	}
}
