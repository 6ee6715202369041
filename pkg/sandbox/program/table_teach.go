package program

import "github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"

// teachingImages are the sandbox's own, made for lessons. No registry has them.
func teachingImages() []family {
	return []family{
		{
			repository: "docker.io/kubectl-learn/greeter", about: "greets in the colour of its version; 3.0 is broken and never ready",
			releases: []release{teaching("greeter", "1.0"), teaching("greeter", "2.0", "latest"), teaching("greeter", "3.0", "broken")},
		},
		{repository: "docker.io/kubectl-learn/leak", about: "takes memory every second until the limit ends it", releases: []release{teaching("leak", "1.0", "latest")}},
		{repository: "docker.io/kubectl-learn/slow-start", about: "is ready some time after it started", releases: []release{teaching("slow-start", "1.0", "latest")}},
		{repository: "docker.io/kubectl-learn/stubborn", about: "goes on when SIGTERM tells it to end", releases: []release{teaching("stubborn", "1.0", "latest")}},
		{repository: "docker.io/kubectl-learn/load", about: "sends requests and counts what fails", releases: []release{teaching("load", "1.0", "latest")}},
	}
}

func teaching(name, version string, more ...string) release {
	tags := append([]string{version}, more...)
	return release{tags: tags, short: tags, build: func(i *Image) { teachImage(i, name, version) }}
}

// teachImage is a small image: the program, and a shell to look around with.
func teachImage(i *Image, name, version string) {
	i.Entrypoint = []string{"/" + name}
	i.Env = []string{usualPath}
	i.Size = 4_000_000
	alpineFiles(i, alpineOf("3.22"))
	i.binary("/"+name, task.Binary{Program: name, Version: version, Flavor: "go"})
	delete(i.Programs, name) // not in PATH
	if name != "leak" && name != "load" {
		i.ExposedPorts = []string{"8080/tcp"}
	}
}
