package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// host is who has a cluster that visitors adopt.
type host struct{ learn }

func newHost(t *testing.T) host {
	t.Helper()
	h := host{newLearn(t)}
	h.run(t, "cluster", "create", "--provider", "sandbox")
	return h
}

// visitor is a program with a home of its own that adopts a host's cluster.
type visitor struct {
	learn
	kubeconfig string
}

func (h host) visitor(t *testing.T) visitor {
	t.Helper()
	v := visitor{learn: newLearn(t)}
	v.kubeconfig = filepath.Join(v.home, "kubeconfig")
	v.write(t, h.run(t, "kubectl", "--", "config", "view", "--raw", "--minify", "--flatten"))
	return v
}

func (v visitor) write(t *testing.T, kubeconfig string) {
	t.Helper()
	if err := os.WriteFile(v.kubeconfig, []byte(kubeconfig), 0o600); err != nil {
		t.Fatal(err)
	}
}

// context is the one that the kubeconfig names.
func (v visitor) context(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(v.run(t, "kubectl", "--", "--kubeconfig", v.kubeconfig, "config", "current-context"))
}

// adopt says yes to that context.
func (v visitor) adopt(t *testing.T, more ...string) {
	t.Helper()
	args := append([]string{"cluster", "adopt", "--kubeconfig", v.kubeconfig, "--context", v.context(t), "--learner", "ann", "--yes"}, more...)
	t.Log(v.run(t, args...))
}

// restless are kinds whose objects change by themselves, and one that the API server warns of.
var restless = []string{"endpoints", "events", "events.events.k8s.io", "leases.coordination.k8s.io", "nodes", "componentstatuses"}

// inventory is every object of the cluster by its resource version; of
// nodes, what others may set.
func (h host) inventory(t *testing.T) map[string]string {
	t.Helper()
	kinds := strings.Fields(h.run(t, "kubectl", "--", "api-resources", "--verbs=list", "-o", "name"))
	kinds = slices.DeleteFunc(kinds, func(k string) bool { return slices.Contains(restless, k) || strings.HasSuffix(k, "metrics.k8s.io") })
	var list struct {
		Items []struct {
			Kind     string
			Metadata struct{ Namespace, Name, ResourceVersion string }
			Spec     struct {
				Unschedulable bool
				Taints        []any
			}
		}
	}
	out := h.run(t, "kubectl", "--", "get", strings.Join(append(kinds, "nodes"), ","), "-A", "-o", "json")
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, o := range list.Items {
		version := o.Metadata.ResourceVersion
		if o.Kind == "Node" {
			version = fmt.Sprint(o.Spec)
		}
		found[o.Kind+" "+o.Metadata.Namespace+"/"+o.Metadata.Name] = version
	}
	if len(found) < 20 {
		t.Fatalf("the inventory has %d objects only", len(found))
	}
	return found
}

// settled is the inventory once the cluster has made what it makes by itself in new namespaces, and nothing changes any more.
func (h host) settled(t *testing.T) (found map[string]string) {
	t.Helper()
	eventually(t, "a cluster in which nothing changes", func() bool {
		before := found
		found = h.inventory(t)
		for name := range found {
			if ns, ok := strings.CutPrefix(name, "Namespace /"); ok && (found["ServiceAccount "+ns+"/default"] == "" || found["ConfigMap "+ns+"/kube-root-ca.crt"] == "") {
				return false
			}
		}
		return maps.Equal(before, found)
	})
	return found
}

// unchanged compares with an inventory of before. What was made when its owner was deleted just then is the
// cluster's own garbage collector's to remove.
func (h host) unchanged(t *testing.T, before map[string]string) {
	t.Helper()
	after := h.inventory(t)
	for deadline := time.Now().Add(time.Minute); !maps.Equal(before, after) && time.Now().Before(deadline); after = h.inventory(t) {
		time.Sleep(pollEvery)
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if was, is := before[name], after[name]; was != is {
			t.Errorf("%s: was %q, is %q", name, was, is)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, there := before[name]; !there {
			t.Errorf("%s was left behind", name)
		}
	}
}

// TestAdopt has lessons played on a cluster that belongs to somebody else, and finds that nothing but
// the lessons' namespaces was ever changed.
func TestAdopt(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.visitor(t)
	before := h.settled(t)
	v.adopt(t)
	for _, lesson := range []string{"containers", "deploy"} {
		t.Log(v.run(t, "run", lesson))
	}
	if out := v.fails(t, 2, "run", "scale"); !strings.Contains(out, "it cordons or drains nodes") {
		t.Errorf("a lesson that drains nodes: %s", out)
	}
	h.unchanged(t, before)

	v.run(t, "start", "deploy", "--no-shell")
	const space = "learn-deploy-ann"
	t.Run("bounds", func(t *testing.T) { v.bounds(t) })
	t.Run("learner", func(t *testing.T) { v.confined(t) })
	if out := v.run(t, "cluster", "status"); !strings.Contains(out, space) {
		t.Errorf("the status does not show the lesson:\n%s", out)
	}
	v.run(t, "cluster", "forget")
	h.unchanged(t, before)
	if left, err := os.ReadDir(filepath.Join(v.home, "adopted")); err != nil || len(left) > 0 {
		t.Errorf("left in the home: %v %v", left, err)
	}
}

// kubectl is what a learner types.
func (v visitor) kubectl(args ...string) (string, error) {
	return v.output(append([]string{"kubectl", "--"}, args...)...)
}

// apply has the learner apply a manifest.
func (v visitor) apply(manifest string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := v.command(ctx, "kubectl", "--", "apply", "-f", "-")
	c.Stdin = strings.NewReader(manifest)
	out, err := c.CombinedOutput()
	return string(out), err
}

// bounds has the API server enforce what a lesson's namespace is bounded by.
func (v visitor) bounds(t *testing.T) {
	const pod = "{apiVersion: v1, kind: Pod, metadata: {name: %s}, spec: {containers: [{name: c, image: 'busybox:1.37', command: [sleep, 1d], %s}]}}"
	for what, tc := range map[string]struct{ settings, says string }{
		"privileged": {"securityContext: {privileged: true}", "violates PodSecurity \"baseline"},
		"hostports":  {"ports: [{containerPort: 80, hostPort: 80}]", "violates PodSecurity \"baseline"},
		"large":      {"resources: {limits: {memory: 8Gi}}", "maximum memory usage per Container is 1Gi"},
		"greedy":     {"resources: {requests: {cpu: 1900m}, limits: {cpu: 2}}", ""},
	} {
		out, err := v.apply(fmt.Sprintf(pod, what, tc.settings))
		if (err == nil) != (tc.says == "") || !strings.Contains(out, tc.says) {
			t.Errorf("%s: %v\n%s", what, err, out)
		}
	}
	if out, err := v.apply(fmt.Sprintf(pod, "greedier", "resources: {requests: {cpu: 1900m}, limits: {cpu: 2}}")); err == nil || !strings.Contains(out, "exceeded quota: kubectl-learn") {
		t.Errorf("a second Pod that takes nearly all: %v\n%s", err, out)
	}
	if out, err := v.kubectl("create", "service", "loadbalancer", "costly", "--tcp=80"); err == nil || !strings.Contains(out, "exceeded quota") {
		t.Errorf("a load balancer: %v\n%s", err, out)
	}
	if out, err := v.kubectl("run", "modest", "--image=busybox:1.37", "--", "sleep", "1d"); err != nil {
		t.Errorf("a Pod that says nothing of what it takes: %v\n%s", err, out)
	}
	if out, err := v.kubectl("get", "pod", "modest", "-o", "jsonpath={.spec.containers[0].resources.requests.cpu}"); err != nil || out != "25m" {
		t.Errorf("it was given %q, %v", out, err)
	}
}

// confined has the API server keep a learner within the lesson's namespace.
func (v visitor) confined(t *testing.T) {
	for line, allowed := range map[string]bool{
		"get pods": true,
		"create deployment mine --image=nginx:1.29": true,
		"auth can-i create pods/exec":               true,
		"auth can-i create pods/portforward":        true,
		"auth can-i update deployments/scale":       true,
		"auth can-i list events":                    true,
		"auth can-i list endpointslices":            true,
		"get nodes":                                 false,
		"get pods -n kube-system":                   false,
		"get secrets -A":                            false,
		"get namespaces":                            false,
		"create namespace mine":                     false,
		"delete namespace learn-deploy-ann":         false,
		"delete resourcequota kubectl-learn":        false,
		"delete limitrange kubectl-learn":           false,
		"create rolebinding more --clusterrole=cluster-admin --serviceaccount=learn-deploy-ann:learner": false,
		"label namespace learn-deploy-ann pod-security.kubernetes.io/enforce=privileged --overwrite":    false,
		"drain worker-1": false,
	} {
		if out, err := v.kubectl(strings.Fields(line)...); (err == nil) != allowed {
			t.Errorf("kubectl %s: %v, want allowed %v\n%s", line, err, allowed, out)
		}
	}
	v.run(t, "reset")
	if out, err := v.kubectl("get", "deployments", "-o", "name"); err != nil || strings.Contains(out, "mine") {
		t.Errorf("after reset: %v\n%s", err, out)
	}
}

// TestAdoptNamespace has a learner with rights in one namespace alone do a lesson there.
func TestAdoptNamespace(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	s := h.space(t)
	s.kubectl(t, "create", "serviceaccount", "ann")
	s.kubectl(t, "create", "rolebinding", "ann", "--clusterrole=edit", "--serviceaccount="+s.name+":ann")
	s.kubectl(t, "create", "configmap", "theirs")
	v := h.visitor(t)
	token := strings.TrimSpace(s.kubectl(t, "create", "token", "ann"))
	for _, args := range [][]string{
		{"set-credentials", "ann", "--token=" + token}, {"set-context", "--current", "--user=ann"},
	} {
		h.run(t, append([]string{"kubectl", "--", "--kubeconfig", v.kubeconfig, "config"}, args...)...)
	}
	before := h.settled(t)
	if out := v.fails(t, 2, "cluster", "adopt", "--kubeconfig", v.kubeconfig, "--context", v.context(t), "--yes"); !strings.Contains(out, "--namespace") {
		t.Errorf("without a namespace: %s", out)
	}
	v.adopt(t, "--namespace", s.name)
	t.Log(v.run(t, "run", "deploy"))
	if out := v.fails(t, 2, "run", "containers"); !strings.Contains(out, "it asks about nodes, which you may not list") {
		t.Errorf("a lesson that looks at nodes: %s", out)
	}
	h.unchanged(t, before)

	v.run(t, "start", "deploy", "--no-shell")
	if out, err := v.kubectl("create", "deployment", "mine", "--image=nginx:1.29"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	v.run(t, "cluster", "forget")
	h.unchanged(t, before)
}

// TestAdoptKilled kills the program while it makes a lesson's namespace; forgetting leaves nothing.
func TestAdoptKilled(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	before := h.settled(t)
	for _, after := range []time.Duration{300 * time.Millisecond, 700 * time.Millisecond, 1500 * time.Millisecond} {
		v := h.visitor(t)
		v.adopt(t)
		ctx, cancel := context.WithTimeout(context.Background(), after)
		_ = v.command(ctx, "start", "deploy", "--no-shell").Run() // ends by SIGKILL
		cancel()
		v.run(t, "cluster", "forget")
		h.unchanged(t, before)
	}
}
