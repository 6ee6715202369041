package program

import (
	"fmt"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// tutorialImages are those of Kubernetes' own tutorials, and what other tutorials use.
func tutorialImages() []family {
	return []family{
		{repository: "registry.k8s.io/hpa-example", about: "computes for each request, for autoscaling", releases: []release{{tags: []string{"latest"}, short: []string{"latest"}, build: hpaImage}}},
		{repository: "registry.k8s.io/echoserver", about: "repeats the request", releases: echoServerReleases()},
		{repository: "registry.k8s.io/nginx-slim", about: "web server", releases: nginxSlimReleases()},
		{repository: "gcr.io/google-samples/hello-app", about: "says hello, its version and its Pod", releases: helloAppReleases()},
		{repository: "gcr.io/google-samples/kubernetes-bootcamp", about: "says its Pod and its version", releases: bootcampReleases()},
		{repository: "docker.io/rakyll/hey", about: "hey, a load generator", releases: []release{{tags: []string{"latest"}, short: []string{"latest"}, build: heyImage}}},
		{repository: "docker.io/kicbase/echo-server", about: "repeats the request", releases: []release{{tags: []string{"1.0"}, short: []string{"1.0"}, build: echoRequestImage}}},
		{repository: "registry.k8s.io/pause", about: "does nothing", releases: pauseReleases()},
		// Other names of the same images.
		{repository: "docker.io/jocatalin/kubernetes-bootcamp", about: "says its Pod and its version", releases: bootcampReleases(), quiet: true},
		{repository: "us-docker.pkg.dev/google-samples/containers/gke/hello-app", about: "says hello, its version and its Pod", releases: helloAppReleases(), quiet: true},
		{repository: "k8s.gcr.io/echoserver", about: "repeats the request", releases: echoServerReleases(), quiet: true},
		{repository: "gcr.io/google_containers/echoserver", about: "repeats the request", releases: echoServerReleases(), quiet: true},
		{repository: "k8s.gcr.io/hpa-example", about: "computes for each request, for autoscaling", releases: []release{{tags: []string{"latest"}, short: []string{"latest"}, build: hpaImage}}, quiet: true},
		{repository: "docker.io/williamyeh/hey", about: "hey, a load generator", releases: []release{{tags: []string{"latest"}, short: []string{"latest"}, build: heyImage}}, quiet: true},
	}
}

// hpaImage is Apache on an older Debian, with one page.
func hpaImage(i *Image) {
	debianFiles(i, "bookworm")
	i.Cmd = []string{"apache2-foreground"}
	i.Env = []string{usualPath, "PHP_VERSION=5.6.14"}
	i.WorkingDir = "/var/www/html"
	i.ExposedPorts = []string{"80/tcp"}
	i.Size = 157_000_000
	i.binary("/usr/local/bin/apache2-foreground", task.Binary{Program: "hpa-example", Version: "5.6.14", Flavor: "apache"})
	i.file("/var/www/html/index.php", "<?php // The sandbox's server does what this page says, without PHP.\n$x = 0.0001;\nfor ($i = 0; $i < 2000000; $i++) { $x += sqrt($x); }\necho \"OK!\";\n")
}

func echoServerReleases() []release {
	var out []release
	for _, v := range []string{"1.10", "1.9", "1.8", "1.5", "1.4"} {
		out = append(out, release{tags: []string{v}, short: []string{v}, build: func(i *Image) {
			debianFiles(i, "bookworm")
			i.Cmd = []string{"/usr/local/bin/run.sh"}
			i.Env = []string{usualPath}
			i.ExposedPorts = []string{"8080/tcp"}
			i.Size = 43_000_000
			i.binary("/usr/local/bin/run.sh", task.Binary{Program: "echoserver", Version: v, Flavor: "nginx"})
		}})
	}
	return out
}

func echoRequestImage(i *Image) {
	i.Entrypoint = []string{"/bin/echo-server"}
	i.Env = []string{usualPath}
	i.ExposedPorts = []string{"8080/tcp"}
	i.Size = 4_900_000
	i.binary("/bin/echo-server", task.Binary{Program: "echo-server", Version: "1.0", Flavor: "go"})
}

// nginxSlimReleases are those of the StatefulSet tutorial.
func nginxSlimReleases() []release {
	var out []release
	for _, v := range []struct{ tag, nginx string }{{"0.27", "1.27.0"}, {"0.24", "1.25.5"}, {"0.21", "1.25.2"}, {"0.8", "1.25.0"}, {"0.7", "1.25.0"}} {
		out = append(out, release{tags: []string{v.tag}, short: []string{v.tag}, build: func(i *Image) {
			nginxDebian(i, v.nginx)
			i.Entrypoint, i.Cmd = nil, []string{"nginx", "-g", "daemon off;"}
		}})
	}
	return out
}

func helloAppReleases() []release {
	var out []release
	for _, v := range []string{"2.0", "1.0"} {
		out = append(out, release{tags: []string{v}, short: []string{v}, build: func(i *Image) {
			i.Cmd = []string{"./hello-app"}
			i.Env = []string{usualPath, "PORT=8080"}
			i.ExposedPorts = []string{"8080/tcp"}
			i.Size = 11_500_000
			i.binary("/hello-app", task.Binary{Program: "hello-app", Version: v + ".0", Flavor: "go"})
			delete(i.Programs, "hello-app") // not in PATH
		}})
	}
	return out
}

func bootcampReleases() []release {
	var out []release
	for _, v := range []string{"2", "1"} {
		out = append(out, release{tags: []string{"v" + v}, short: []string{"v" + v}, build: func(i *Image) {
			debianFiles(i, "bookworm")
			i.Cmd = []string{"node", "server.js"}
			i.Env = []string{usualPath, "NPM_CONFIG_LOGLEVEL=info", "NODE_VERSION=6.3.1"}
			i.ExposedPorts = []string{"8080/tcp"}
			i.Size = 83_000_000
			i.binary("/usr/local/bin/node", task.Binary{Program: "node", Version: v, Flavor: "node"})
			i.binary("/usr/bin/curl", task.Binary{Program: "curl", Version: "7.88.1", Flavor: "debian"})
			i.file("/server.js", bootcampSource(v))
		}})
	}
	return out
}

// bootcampSource is what a learner sees who looks into the container.
func bootcampSource(version string) string {
	return strings.ReplaceAll(`// The sandbox's node does what this file says. It runs no other.
var http = require('http');
http.createServer(function (request, response) {
  response.setHeader('Content-Type', 'text/plain');
  response.end('Hello Kubernetes bootcamp! | Running on: ' + process.env.HOSTNAME + ' | v=VERSION\n');
}).listen(8080);
`, "VERSION", version)
}

func heyImage(i *Image) {
	i.Entrypoint = []string{"/usr/local/bin/hey"}
	i.Env = []string{usualPath}
	i.Size = 8_000_000
	alpineFiles(i, alpineOf("3.22"))
	i.binary("/usr/local/bin/hey", task.Binary{Program: "hey", Version: "0.1.4", Flavor: "go"})
}

// picture is the content of a file that stands for a picture: nobody looks at it.
func picture(name string) string {
	return fmt.Sprintf("\xff\xd8\xff\xe0 kubectl-learn: %s is not here\n", name)
}
