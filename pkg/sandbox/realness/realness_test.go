package realness

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

var update = flag.Bool("update", false, "write the tables into docs/sandbox.md")

// page is where the tables stand, each between a line that begins it and one that ends it.
var page = filepath.Join("..", "..", "..", "docs", "sandbox.md")

const (
	begin = "<!-- made of pkg/sandbox/realness: "
	end   = "<!-- end -->\n"
)

func TestPage(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for name, want := range map[string]string{"parts": Table(), "emulations": EmulationTable()} {
		before, rest, ok := strings.Cut(text, begin+name+" -->\n")
		got, after, closed := strings.Cut(rest, end)
		if !ok || !closed {
			t.Fatalf("%s has no lines %q and %q", page, begin+name+" -->", end)
		}
		if got != "\n"+want+"\n" && !*update {
			t.Errorf("%s is not as the table has it: go test ./pkg/sandbox/realness -update. It has:\n%s\nand should have:\n%s", page, got, want)
		}
		text = before + begin + name + " -->\n\n" + want + "\n" + end + after
	}
	if *update {
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFind(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Parts() {
		for _, l := range p.Status {
			if seen[l.Name] {
				t.Errorf("two lines of `cluster status` are called %s", l.Name)
			}
			seen[l.Name] = true
			if got, realness := Find(l.Name); got != l || realness != p.Realness {
				t.Errorf("Find(%q) = %v, %s", l.Name, got, realness)
			}
			if n := utf8.RuneCountInString(l.Note); n > 100 {
				t.Errorf("the note of %s has %d characters, too many for a terminal", l.Name, n)
			}
		}
	}
	if l, realness := Find("nothing"); l.Note != "" || realness != "absent" {
		t.Errorf("Find of what is not there = %v, %s", l, realness)
	}
}

func TestEmulated(t *testing.T) {
	for spec, want := range map[string]string{
		"[sig-storage] EmptyDir volumes should support (root,0777,tmpfs) [LinuxOnly] [Conformance] [NodeConformance]":                                                 "tmpfs",
		"[sig-storage] EmptyDir volumes should support (root,0777,default) [LinuxOnly] [Conformance] [NodeConformance]":                                               "",
		"[sig-node] Security Context When creating a container with runAsUser should run the container with uid 65534 [LinuxOnly] [Conformance]":                      "users and groups",
		"[sig-node] Sysctls [LinuxOnly] should reject invalid sysctls [Conformance] [NodeConformance]":                                                                "",
		"[sig-storage] Secrets should be consumable from pods in volume as non-root with defaultMode and fsGroup set [LinuxOnly] [Conformance]":                       "fsGroup",
		"[sig-node] Security Context When creating a pod with readOnlyRootFilesystem should run the container with writable rootfs when readOnlyRootFilesystem=false": "",
	} {
		if got, ok := Emulated(spec, false); got.What != want || ok != (want != "") {
			t.Errorf("Emulated(%q) = %q, want %q", spec, got.What, want)
		}
		if want == "tmpfs" {
			want = ""
		}
		if got, ok := Emulated(spec, true); got.What != want || ok != (want != "") {
			t.Errorf("Emulated(%q) = %q where nodes have mounts of their own, want %q", spec, got.What, want)
		}
	}
}

func TestAsked(t *testing.T) {
	yes, user := true, int64(1000)
	for name, c := range map[string]struct {
		pod  corev1.PodSpec
		want string
	}{
		"nothing": {corev1.PodSpec{Containers: []corev1.Container{{}}}, ""},
		"a user, and a limit of an init container": {corev1.PodSpec{
			SecurityContext: &corev1.PodSecurityContext{RunAsUser: &user},
			InitContainers:  []corev1.Container{{Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{"cpu": resource.MustParse("1")}}}},
		}, "users and groups, CPU limits"},
		"a limit of memory": {corev1.PodSpec{
			Containers: []corev1.Container{{Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{"memory": resource.MustParse("1Gi")}}}},
		}, ""},
		"privileges": {corev1.PodSpec{Containers: []corev1.Container{{SecurityContext: &corev1.SecurityContext{Privileged: &yes}}}}, "privileges and profiles"},
		"a volume in memory": {corev1.PodSpec{Volumes: []corev1.Volume{
			{VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
			{VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory}}},
		}}, "tmpfs"},
	} {
		p := &corev1.Pod{Spec: c.pod}
		if got := strings.Join(Asked(p, false), ", "); got != c.want {
			t.Errorf("%s: asked for %q, want %q", name, got, c.want)
		}
		if got, want := strings.Join(Asked(p, true), ", "), strings.TrimPrefix(c.want, "tmpfs"); got != want {
			t.Errorf("%s: asked for %q where nodes have mounts of their own, want %q", name, got, want)
		}
	}
}
