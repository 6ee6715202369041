package kind

import (
	"archive/tar"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	yaml "go.yaml.in/yaml/v3"
	"sigs.k8s.io/kind/pkg/apis/config/defaults"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
)

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kind.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func plannedConfig(t *testing.T, s settings) (plan, v1alpha4.Cluster) {
	t.Helper()
	p, err := planned(s)
	if err != nil {
		t.Fatal(err)
	}
	var c v1alpha4.Cluster
	if err := yaml.Unmarshal([]byte(p.config), &c); err != nil {
		t.Fatal(err)
	}
	return p, c
}

const head = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n"

func TestPlanned(t *testing.T) {
	p, c := plannedConfig(t, settings{workers: 2, oldCgroups: true, version: "v1.37.2"})
	if p.nodes != 3 || len(c.Nodes) != 3 || c.Nodes[0].Role != v1alpha4.ControlPlaneRole || !p.audit {
		t.Errorf("the plan is %+v of %+v", p, c)
	}
	if !strings.Contains(c.KubeadmConfigPatches[0], "failCgroupV1: false") {
		t.Error("with cgroup v1 the kubelet is not told to accept it")
	}
	for _, s := range []settings{{workers: 1, version: "v1.37.2"}, {workers: 1, oldCgroups: true, version: "v1.30.0"}} {
		if _, c := plannedConfig(t, s); strings.Contains(c.KubeadmConfigPatches[0], "failCgroupV1") {
			t.Errorf("%+v: the kubelet gets a setting that it does not need or know", s)
		}
	}
}

// TestPatchesFitBothForms applies to nothing: kind does, on a real cluster. Here each patch is JSON,
// and adds to what kind has in it.
func TestPatchesFitBothForms(t *testing.T) {
	all, err := patches(true, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		var operations []operation
		if err := json.Unmarshal([]byte(p.Patch), &operations); err != nil {
			t.Fatal(err)
		}
		text := map[string]string{"v1beta3": "/apiServer/extraArgs/audit-log-path", "v1beta4": "/apiServer/extraArgs/-"}[p.Version]
		found := false
		for _, o := range operations {
			found = found || o.Path == text
			if o.Op != "add" {
				t.Errorf("%s: %s %s may take away what kind set", p.Version, o.Op, o.Path)
			}
		}
		if text == "" || !found {
			t.Errorf("%s: no operation at %q", p.Version, text)
		}
	}
	if len(all) != 2 {
		t.Errorf("%d patches, want one for each form", len(all))
	}
}

func TestTheUsersConfigIsLaidOverOurs(t *testing.T) {
	p, c := plannedConfig(t, settings{workers: 2, file: write(t, head+`
networking: {podSubnet: 10.9.0.0/16}
kubeadmConfigPatches: ["kind: KubeletConfiguration\nmaxPods: 20\n"]
`)})
	if c.Networking.PodSubnet != "10.9.0.0/16" || len(c.Nodes) != 3 {
		t.Errorf("networking %+v, nodes %+v", c.Networking, c.Nodes)
	}
	if n := len(c.KubeadmConfigPatches); n != 2 || !strings.Contains(c.KubeadmConfigPatches[1], "maxPods") {
		t.Errorf("the user's patch must come after ours: %q", c.KubeadmConfigPatches)
	}
	if p, _ = plannedConfig(t, settings{workers: 2, file: write(t, head+"nodes: [{role: control-plane}]\n")}); p.nodes != 1 || !p.audit {
		t.Errorf("the user's nodes: %+v", p)
	}
	two := head + "nodes: [{role: control-plane}, {role: control-plane}]\n"
	volumes := head + "kubeadmConfigPatches: [\"kind: ClusterConfiguration\\napiServer: {extraVolumes: []}\\n\"]\n"
	for _, text := range []string{two, volumes} {
		if p, _ = plannedConfig(t, settings{workers: 2, file: write(t, text)}); p.audit || len(p.notes) != 1 {
			t.Errorf("an audit log that can't be had is promised, or not told of: %+v", p)
		}
	}
}

func TestMistakesInTheUsersConfigAreLocated(t *testing.T) {
	for text, want := range map[string]string{
		head + "nodes:\n- rle: worker\n":  ":4: field rle not found",
		head + "name: mine\n":             "give it with --name",
		"kind: Cluster\n":                 ":1: it must begin with",
		head + "nodes: {role: worker}\n":  ":3: cannot unmarshal",
		head + "nodes: [\n":               "yaml",
		"apiVersion: v1\nkind: ConfigMap": ":1: it must begin with",
	} {
		file := write(t, text)
		if _, err := planned(settings{workers: 1, file: file}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s\n  gives %v, want %s", text, err, want)
		}
	}
	if _, err := planned(settings{file: filepath.Join(t.TempDir(), "none.yaml")}); err == nil {
		t.Error("a file that is not there is no error")
	}
}

func TestNodeImage(t *testing.T) {
	env := func(v string) func(string) string { return func(string) string { return v } }
	for _, tt := range []struct {
		o    cluster.CreateOptions
		env  string
		want string
	}{
		{want: defaults.Image},
		{env: "own/node:v1.36.0", want: "own/node:v1.36.0"},
		{o: cluster.CreateOptions{Version: "1.36.1"}, env: "own/node:v1.36.0", want: "kindest/node:v1.36.1"},
		{o: cluster.CreateOptions{Version: "v1.36.1"}, want: "kindest/node:v1.36.1"},
		{o: cluster.CreateOptions{Image: "a/b:c"}, want: "a/b:c"},
	} {
		if got, err := nodeImage(tt.o, env(tt.env)); err != nil || got != tt.want {
			t.Errorf("%+v: %q, %v, want %q", tt.o, got, err, tt.want)
		}
	}
	if _, err := nodeImage(cluster.CreateOptions{Image: "a", Version: "1.36.1"}, env("")); err == nil {
		t.Error("an image and a version are taken together")
	}
	for image, want := range map[string]string{
		"kindest/node:v1.37.0@sha256:ab": "v1.37.0", "localhost:5000/node": "", "localhost:5000/node:v1.36.0": "v1.36.0", "node": "",
	} {
		if got := tagged(image); got != want {
			t.Errorf("the tag of %s is %q, want %q", image, got, want)
		}
	}
}

func TestArchiveTags(t *testing.T) {
	archive := func(files map[string]string) string {
		file := filepath.Join(t.TempDir(), "images.tar")
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		w := tar.NewWriter(f)
		for name, text := range files {
			if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o600}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return file
	}
	docker := archive(map[string]string{"manifest.json": `[{"RepoTags":["nginx:1.29"]},{"RepoTags":["kindest/node:v1.37.2"]}]`})
	tags, err := archiveTags(docker)
	if err != nil || len(tags) != 2 || !slices.Equal(forPods(tags), []string{"nginx:1.29"}) {
		t.Errorf("docker's archive: %v, %v", tags, err)
	}
	oci := archive(map[string]string{"index.json": `{"manifests":[{"annotations":{"io.containerd.image.name":"docker.io/library/nginx:1.29"}}]}`})
	if tags, err := archiveTags(oci); err != nil || len(tags) != 1 || len(forPods(tags)) != 1 {
		t.Errorf("an OCI archive: %v, %v", tags, err)
	}
	for _, file := range []string{write(t, "no archive"), archive(map[string]string{"x": "y"}), archive(map[string]string{"manifest.json": "{"}), "none.tar"} {
		if tags, err := archiveTags(file); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v, %v, want an error that names it", file, tags, err)
		}
	}
}
