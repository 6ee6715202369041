package program

import (
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// kubectlVersion is that of the kubectl which is compiled in, and so the one that images have. A test
// compares it with go.mod.
const kubectlVersion = "1.37.2"

// kubectlImages all run the kubectl that is compiled into the program which made the cluster, with the
// rights of the Pod's ServiceAccount.
func kubectlImages() []family {
	minor := kubectlVersion[:strings.LastIndex(kubectlVersion, ".")]
	const about = "kubectl, as the Pod's ServiceAccount"
	one := func(repository string, quiet bool, build func(i *Image), tags ...string) family {
		short := tags[:1]
		if last := tags[len(tags)-1]; last == "latest" {
			short = []string{tags[0], last}
		}
		return family{repository: repository, about: about, quiet: quiet, releases: []release{{tags: tags, short: short, build: build}}}
	}
	return []family{
		one("registry.k8s.io/kubectl", false, func(i *Image) { kubectlOnly(i, "/bin/kubectl") }, "v"+kubectlVersion),
		one("docker.io/bitnami/kubectl", false, kubectlBitnami, kubectlVersion, minor, "latest"),
		one("docker.io/rancher/kubectl", true, func(i *Image) { kubectlOnly(i, "/bin/kubectl") }, "v"+kubectlVersion),
		one("docker.io/alpine/kubectl", true, func(i *Image) { kubectlAlpine(i); i.Entrypoint, i.Cmd = []string{"kubectl"}, nil }, kubectlVersion, "latest"),
		one("docker.io/alpine/k8s", true, kubectlAlpine, kubectlVersion),
	}
}

func (i *Image) kubectl(p string) {
	i.binary(p, task.Binary{Program: "kubectl", Version: kubectlVersion, Flavor: "go"})
}

// kubectlOnly has the program and no shell.
func kubectlOnly(i *Image, p string) {
	i.Entrypoint = []string{p}
	i.Env = []string{usualPath}
	i.Size = 20_400_000
	i.file("/etc/passwd", "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n")
	i.dir("/root", "/tmp")
	i.kubectl(p)
}

func kubectlBitnami(i *Image) {
	debianFiles(i, "bookworm")
	i.Entrypoint = []string{"kubectl"}
	i.Cmd = []string{"--help"}
	i.Env = []string{"PATH=/opt/bitnami/kubectl/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	i.User = "1001"
	i.Size = 110_000_000
	i.kubectl("/opt/bitnami/kubectl/bin/kubectl")
}

func kubectlAlpine(i *Image) {
	v := alpineOf("3.22")
	alpineFiles(i, v)
	i.Cmd = []string{"bash"}
	i.Env = []string{usualPath}
	i.Size = 150_000_000
	i.kubectl("/usr/bin/kubectl")
	i.binary("/usr/bin/curl", task.Binary{Program: "curl", Version: v.curl, Flavor: "alpine"})
	i.binary("/bin/bash", task.Binary{Program: "bash", Version: "5.2.37(1)-release", Flavor: "gnu"})
}
