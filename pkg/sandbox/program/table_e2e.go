package program

import (
	"fmt"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

const e2eRegistry = "registry.k8s.io/e2e-test-images/"

// e2eImages are those that Kubernetes' end-to-end tests run (test/utils/image/manifest.go of
// k8s.io/kubernetes), but for agnhost.
func e2eImages() []family {
	one := func(name, about string, build func(i *Image), tags ...string) family {
		return family{repository: e2eRegistry + name, about: about, quiet: true, releases: []release{{tags: tags, short: tags, build: build}}}
	}
	return []family{
		one("busybox", "shell and small commands", func(i *Image) { busyboxImage(i, "1.37.0") }, "1.37.0-2", "1.37.0-1", "1.36.1-1"),
		{repository: e2eRegistry + "nginx", about: "web server", quiet: true, releases: []release{
			{tags: []string{"1.28.0-2"}, short: []string{"1.28.0-2"}, build: func(i *Image) { nginxAlpine(i, "1.28.0", "3.21") }},
			{tags: []string{"1.27.0-2"}, short: []string{"1.27.0-2"}, build: func(i *Image) { nginxAlpine(i, "1.27.0", "3.21") }},
		}},
		{repository: e2eRegistry + "httpd", about: "web server (Apache)", quiet: true, releases: []release{
			{tags: []string{"2.4.39-4"}, short: []string{"2.4.39-4"}, build: func(i *Image) { httpdAlpine(i, "2.4.39", "3.16") }},
			{tags: []string{"2.4.38-4"}, short: []string{"2.4.38-4"}, build: func(i *Image) { httpdAlpine(i, "2.4.38", "3.16") }},
		}},
		one("kitten", "serves its files", webserverImage("kitten"), "1.8"),
		one("nautilus", "serves its files", webserverImage("nautilus"), "1.8"),
		one("nonewprivs", "prints its effective user", nonewprivsImage, "1.4"),
		one("nonroot", "shell and small commands, as user 1234", nonrootImage, "1.5"),
		one("ipc-utils", "shell and small commands", func(i *Image) { alpineImage(i, alpineOf("3.22")) }, "1.4"),
		one("glibc-dns-testing", "dig and other commands for DNS", dnsImage("bookworm"), "2.1.1"),
		one("jessie-dnsutils", "dig and other commands for DNS", dnsImage("bookworm"), "1.7", "1.5", "1.3"),
	}
}

// webserverImage is agnhost with a picture and a file that names it, with the one command that serves them.
func webserverImage(name string) func(i *Image) {
	return func(i *Image) {
		i.Entrypoint = []string{"/agnhost"}
		i.Cmd = []string{"test-webserver"}
		i.Env = []string{usualPath}
		i.ExposedPorts = []string{"80/tcp"}
		i.Size = 51_000_000
		alpineFiles(i, alpineOf("3.22"))
		i.binary("/agnhost", task.Binary{Program: "test-webserver", Version: "2.66.1", Flavor: "go"})
		delete(i.Programs, "agnhost") // not in PATH
		i.file("/data.json", fmt.Sprintf("{\n  \"image\": \"%s.jpg\"\n}\n", name))
		i.file("/"+name+".jpg", picture(name+".jpg"))
	}
}

func nonewprivsImage(i *Image) {
	alpineImage(i, alpineOf("3.22"))
	i.Cmd = []string{"nnp"}
	i.binary("/usr/local/bin/nnp", task.Binary{Program: "nnp", Version: "1.4", Flavor: "go"})
}

func nonrootImage(i *Image) {
	debianFiles(i, "bookworm")
	i.Cmd = []string{"bash"}
	i.Env = []string{usualPath}
	i.User = "1234"
	i.Size = 31_000_000
}

// dnsImage is Debian with the tools of BIND.
func dnsImage(codename string) func(i *Image) {
	return func(i *Image) {
		debianFiles(i, codename)
		i.Cmd = []string{"bash"}
		i.Env = []string{usualPath}
		i.Size = 70_000_000
		for _, name := range []string{"dig", "nslookup", "host"} {
			i.binary("/usr/bin/"+name, task.Binary{Program: name, Version: "9.18.41", Flavor: "gnu"})
		}
	}
}
