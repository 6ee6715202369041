package kind

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	yaml "go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/version"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
)

// Where the API server of a node finds its audit policy and writes its log. Both folders are on the
// node, which is reached the same way with every engine; a folder of this machine is not.
const (
	auditFolder = "/etc/kubernetes/audit"
	auditPolicy = auditFolder + "/policy.yaml"
	logFolder   = "/var/log/kubernetes"
	auditLog    = logFolder + "/audit.log"
)

// settings is how a new cluster differs from what kind does by itself.
type settings struct {
	workers int
	// oldCgroups is set where the engine's machine has cgroup v1.
	oldCgroups bool
	version    string // of Kubernetes, as far as the image's tag tells
	file       string // the user's own kind config, may be empty
}

// plan is a kind config and what it leads to.
type plan struct {
	config string // YAML
	nodes  int
	// audit says that the API server is to keep an audit log.
	audit bool
	notes []string
}

// planned lays the user's file over our settings.
func planned(s settings) (plan, error) {
	c := v1alpha4.Cluster{Nodes: []v1alpha4.Node{{Role: v1alpha4.ControlPlaneRole}}}
	for range s.workers {
		c.Nodes = append(c.Nodes, v1alpha4.Node{Role: v1alpha4.WorkerRole})
	}
	c.Kind, c.APIVersion = "Cluster", "kind.x-k8s.io/v1alpha4"
	if s.file != "" {
		own, err := readConfig(s.file)
		if err != nil {
			return plan{}, err
		}
		overlay(&c, own)
	}
	p := plan{nodes: len(c.Nodes), audit: true}
	text := fmt.Sprint(c.KubeadmConfigPatches, c.KubeadmConfigPatchesJSON6902)
	switch {
	case strings.Contains(text, "extraVolumes"):
		p.audit, p.notes = false, append(p.notes, "Your kind config sets volumes of the API server, so it keeps no audit log. Stories will tell less.")
	case controlPlanes(c) > 1:
		p.audit, p.notes = false, append(p.notes, "With several control planes there is no audit log to read. Stories will tell less.")
	}
	alone := controlPlanes(c) == 1 && len(c.FeatureGates) == 0 && !strings.Contains(text, "scheduler")
	patch, err := patches(p.audit, alone)
	if err != nil {
		return plan{}, err
	}
	c.KubeadmConfigPatches = append([]string{kubelet(s)}, c.KubeadmConfigPatches...)
	c.KubeadmConfigPatchesJSON6902 = append(patch, c.KubeadmConfigPatchesJSON6902...)
	b, err := yaml.Marshal(c)
	if err != nil {
		return plan{}, fmt.Errorf("write kind config: %w", err)
	}
	p.config = string(b)
	return p, nil
}

func controlPlanes(c v1alpha4.Cluster) (n int) {
	for _, node := range c.Nodes {
		if node.Role == v1alpha4.ControlPlaneRole || node.Role == "" {
			n++
		}
	}
	return n
}

// overlay takes over all that a user's config says. Lists of patches come after ours.
func overlay(c *v1alpha4.Cluster, own *v1alpha4.Cluster) {
	ours := c.Nodes
	*c = *own
	if len(own.Nodes) == 0 {
		c.Nodes = ours
	}
}

// readConfig reads a user's kind config strictly; errors have the file and the line.
func readConfig(file string) (*v1alpha4.Cluster, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read kind config: %w", err)
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	var c v1alpha4.Cluster
	if err := d.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read kind config: %s", located(file, err))
	}
	if c.Kind != "Cluster" || c.APIVersion != "kind.x-k8s.io/v1alpha4" {
		return nil, fmt.Errorf("read kind config: %s:1: it must begin with kind: Cluster and apiVersion: kind.x-k8s.io/v1alpha4", file)
	}
	if c.Name != "" {
		return nil, fmt.Errorf("read kind config: %s: remove the name %q, and give it with --name", file, c.Name)
	}
	return &c, nil
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

// located puts the file and the line before what the YAML library says.
func located(file string, err error) string {
	var all []string
	for line := range strings.Lines(err.Error()) {
		if m := yamlLine.FindStringSubmatch(line); m != nil {
			all = append(all, fmt.Sprintf("%s:%s: %s", file, m[1], strings.Replace(m[2], " in type v1alpha4.", " in kind's ", 1)))
		}
	}
	if len(all) == 0 {
		return file + ": " + err.Error()
	}
	return strings.Join(all, "\n")
}

// failCgroupV1Since is the first kubelet that knows the setting.
var failCgroupV1Since = version.MustParseGeneric("1.31.0")

// kubelet has nodes report every second and a lost one noticed after seconds, as in the sandbox. Pods
// are looked at every 10 s: with the default of a minute a container that crashes shows Error for most of
// its pause, and CrashLoopBackOff for an instant.
// The kubelet refuses machines with cgroup v1 unless it is told not to.
func kubelet(s settings) string {
	text := "kind: KubeletConfiguration\nnodeStatusUpdateFrequency: 1s\nnodeLeaseDurationSeconds: 8\nsyncFrequency: 10s\n"
	v, err := version.ParseGeneric(s.version)
	if s.oldCgroups && (err != nil || v.AtLeast(failCgroupV1Since)) {
		text += "failCgroupV1: false\n"
	}
	return text
}

var noElection = [2]string{"leader-elect", "false"}

// arguments are those of the control plane's components. A learner does not wait six minutes for
// the Pods of a lost node. Where there is one of each component they elect no leader: after a stop
// and a start each would wait for its own old lease to run out.
func arguments(audit, alone bool) map[string][][2]string {
	api := [][2]string{{"default-not-ready-toleration-seconds", "3"}, {"default-unreachable-toleration-seconds", "3"}}
	if audit {
		api = append(api, [2]string{"audit-policy-file", auditPolicy}, [2]string{"audit-log-path", auditLog},
			[2]string{"audit-log-maxsize", "32"}, [2]string{"audit-log-maxbackup", "1"})
	}
	controllers := [][2]string{
		{"node-monitor-grace-period", "10s"}, {"node-monitor-period", "1s"},
		{"horizontal-pod-autoscaler-sync-period", "5s"}, {"horizontal-pod-autoscaler-initial-readiness-delay", "5s"},
		{"horizontal-pod-autoscaler-cpu-initialization-period", "20s"}, {"horizontal-pod-autoscaler-downscale-stabilization", "30s"},
	}
	if alone {
		controllers = append(controllers, noElection)
	}
	return map[string][][2]string{"apiServer": api, "controllerManager": controllers}
}

type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// patches are for both forms that kubeadm's configuration has had: kind applies the one that fits
// the Kubernetes of the node image. They add to lists and maps that kind fills too.
func patches(audit, alone bool) ([]v1alpha4.PatchJSON6902, error) {
	var older, newer []operation
	all := arguments(audit, alone)
	for _, component := range []string{"apiServer", "controllerManager"} {
		for _, a := range all[component] {
			path := "/" + component + "/extraArgs/"
			newer = append(newer, operation{"add", path + "-", map[string]string{"name": a[0], "value": a[1]}})
			older = append(older, operation{"add", path + a[0], a[1]})
		}
	}
	if alone { // kind leaves the scheduler's arguments empty, so there is nothing to add to
		const path = "/scheduler/extraArgs"
		newer = append(newer, operation{"add", path, []map[string]string{{"name": noElection[0], "value": noElection[1]}}})
		older = append(older, operation{"add", path, map[string]string{noElection[0]: noElection[1]}})
	}
	if audit {
		volumes := operation{"add", "/apiServer/extraVolumes", []map[string]any{
			{"name": "audit-policy", "hostPath": auditFolder, "mountPath": auditFolder, "readOnly": true, "pathType": "DirectoryOrCreate"},
			{"name": "audit-log", "hostPath": logFolder, "mountPath": logFolder, "pathType": "DirectoryOrCreate"},
		}}
		newer, older = append(newer, volumes), append(older, volumes)
	}
	var out []v1alpha4.PatchJSON6902
	for _, form := range []struct {
		version    string
		operations []operation
	}{{"v1beta3", older}, {"v1beta4", newer}} {
		b, err := json.Marshal(form.operations)
		if err != nil {
			return nil, fmt.Errorf("write kind config: %w", err)
		}
		out = append(out, v1alpha4.PatchJSON6902{Group: "kubeadm.k8s.io", Version: form.version, Kind: "ClusterConfiguration", Patch: string(b)})
	}
	return out, nil
}

// policy is the audit policy; kubernetes-admin is who acts through kind's kubeconfig.
func policy() string { return cluster.AuditPolicy("kubernetes-admin") }
