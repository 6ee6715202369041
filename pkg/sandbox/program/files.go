package program

import (
	"fmt"
	"path"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

const (
	usualPath  = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	apacheRoot = "/usr/local/apache2"
)

// file adds a file to an image.
func (i *Image) file(p, content string) { i.Files[p] = File{Content: content} }

func (i *Image) dir(paths ...string) {
	for _, p := range paths {
		i.Files[p] = File{Dir: true}
	}
}

func (i *Image) link(p, target string) { i.Files[p] = File{Link: target} }

func (i *Image) script(p, content string) { i.Files[p] = File{Content: content, Mode: 0o755} }

// binary adds an executable. Its name becomes one of the image's programs.
func (i *Image) binary(p string, b task.Binary) {
	i.Files[p] = File{Content: string(b.Encode()), Mode: 0o755}
	i.Programs[path.Base(p)] = true
}

// common adds what every image but the smallest has.
func (i *Image) common(shell string) {
	i.Files["/tmp"] = File{Dir: true, Mode: 0o1777}
	i.Files["/root"] = File{Dir: true, Mode: 0o700}
	i.file("/etc/passwd", "root:x:0:0:root:/root:"+shell+"\nbin:x:1:1:bin:/bin:/sbin/nologin\ndaemon:x:2:2:daemon:/sbin:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n")
	i.file("/etc/group", "root:x:0:\nbin:x:1:\ndaemon:x:2:\nnobody:x:65534:\n")
	i.file("/etc/shells", shell+"\n")
}

// busyboxNames are the commands of busybox that there are here, by the folder that Alpine Linux has
// them in. The busybox image has all of them in /bin.
func busyboxNames() map[string]string {
	out := map[string]string{}
	for dir, names := range map[string]string{
		"/bin": "ash base64 cat chmod chown cp date dd df echo egrep false fgrep grep hostname kill ln ls mkdir mktemp mount mv chgrp " +
			"netstat ping printenv ps pwd rm rmdir sed sh ash sleep stat stty sync tar touch true uname usleep watch",
		"/usr/bin": "[ awk basename clear cut dirname du env expr find free hd head hexdump id killall less md5sum nc nproc nslookup od pgrep pkill " +
			"printf readlink realpath seq sha1sum sha256sum sort tac tail tee test time timeout top tr truncate tty uniq uptime wc wget which " +
			"whoami xargs yes",
		"/sbin": "ifconfig ip sysctl",
	} {
		for _, n := range strings.Fields(names) {
			out[n] = dir
		}
	}
	return out
}

// busyboxPrograms adds busybox and its names. They are hard links when they are unpacked, as in the
// busybox image; Alpine Linux has symbolic ones, which cost many times as much to make.
func (i *Image) busyboxPrograms(version string, split bool) {
	b := task.Binary{Program: "busybox", Version: version, Flavor: "busybox"}
	i.binary("/bin/busybox", b)
	for name, dir := range busyboxNames() {
		if !split {
			dir = "/bin"
		}
		i.binary(dir+"/"+name, b)
	}
}

func busyboxImage(i *Image, version string) {
	i.Cmd = []string{"sh"}
	i.Env = []string{usualPath}
	i.Size = 2_210_000
	i.common("/bin/sh")
	i.file("/etc/group", i.Files["/etc/group"].Content+"wheel:x:10:root\n")
	i.busyboxPrograms(version, false)
	i.binary("/bin/httpd", task.Binary{Program: "busybox", Version: version, Flavor: "busybox"}) // which Alpine Linux has in a package of its own
	i.link("/usr/bin/env", "../../bin/env")
	i.dir("/usr/sbin")
}

func alpineImage(i *Image, v alpineVersion) {
	i.Cmd = []string{"/bin/sh"}
	i.Env = []string{usualPath}
	i.Size = 3_620_000
	alpineFiles(i, v)
}

// alpineFiles is the base that the small variants of other images stand on too.
func alpineFiles(i *Image, v alpineVersion) {
	i.common("/bin/sh")
	i.file("/etc/group", "root:x:0:root\nbin:x:1:root,bin,daemon\ndaemon:x:2:root,bin,daemon\nsys:x:3:root,bin\nadm:x:4:root,daemon\ndisk:x:6:root\nwheel:x:10:root\n"+
		"floppy:x:11:root\ndialout:x:20:root\ntape:x:26:root\nvideo:x:27:root\nnobody:x:65534:\n")
	i.busyboxPrograms(v.busybox, true)
	i.file("/etc/alpine-release", v.full+"\n")
	i.file("/etc/os-release", fmt.Sprintf("NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=%s\nPRETTY_NAME=\"Alpine Linux v%s\"\nHOME_URL=\"https://alpinelinux.org/\"\nBUG_REPORT_URL=\"https://gitlab.alpinelinux.org/alpine/aports/-/issues\"\n", v.full, v.minor))
	i.file("/etc/issue", fmt.Sprintf("Welcome to Alpine Linux %s\nKernel \\r on an \\m (\\l)\n\n", v.minor))
	i.file("/etc/apk/repositories", fmt.Sprintf("https://dl-cdn.alpinelinux.org/alpine/v%s/main\nhttps://dl-cdn.alpinelinux.org/alpine/v%s/community\n", v.minor, v.minor))
	i.file("/etc/profile", "export PATH=\"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"\nexport PAGER=less\numask 022\n")
	for _, lib := range []string{"libcrypto", "libssl"} {
		name := lib + ".so." + v.ssl
		i.Files["/lib/"+name] = File{Content: library(lib, "OpenSSL "+v.openssl), Mode: 0o755}
		i.link("/usr/lib/"+name, "../../lib/"+name)
	}
	i.Files["/lib/ld-musl-x86_64.so.1"] = File{Content: library("ld-musl", "musl libc "+v.musl), Mode: 0o755}
	i.link("/lib/libc.musl-x86_64.so.1", "ld-musl-x86_64.so.1")
	i.binary("/usr/bin/getent", task.Binary{Program: "getent", Version: v.musl, Flavor: "musl"})
	i.dir("/mnt", "/opt", "/srv", "/var/log", "/var/tmp")
}

// library is the content of a file that stands for a shared library.
func library(name, version string) string {
	return fmt.Sprintf("\x7fkubectl-learn library %s: %s\n", name, version)
}

// debianFiles is the base of the nginx and httpd images.
func debianFiles(i *Image, codename string) {
	i.common("/bin/bash")
	i.link("/bin", "usr/bin")
	i.link("/sbin", "usr/sbin")
	i.link("/lib", "usr/lib")
	number, exact, coreutils, bash := "12", "12.12", "9.1", "5.2.15(1)-release"
	if codename == "trixie" {
		number, exact, coreutils, bash = "13", "13.1", "9.7", "5.2.37(1)-release"
	}
	i.file("/etc/debian_version", exact+"\n")
	i.file("/etc/os-release", fmt.Sprintf("PRETTY_NAME=\"Debian GNU/Linux %s (%s)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"%s\"\nVERSION=\"%s (%s)\"\nVERSION_CODENAME=%s\nID=debian\nHOME_URL=\"https://www.debian.org/\"\n", number, codename, number, number, codename, codename))
	// Where program is "tools" the file goes by the name that it is called by, like busybox.
	gnu := func(names, program, version string) {
		for _, n := range strings.Fields(names) {
			i.binary("/usr/bin/"+n, task.Binary{Program: program, Version: version, Flavor: "gnu"})
		}
	}
	gnu("[ base64 basename cat chgrp chmod chown cp cut date dd df dirname du echo env expr false head id ln ls md5sum mkdir mktemp mv "+
		"nproc od printenv printf pwd readlink realpath rm rmdir seq sha1sum sha256sum sleep sort stat sync tac tail tar tee test timeout touch tr true truncate tty "+
		"uname uniq wc whoami yes grep egrep fgrep sed find xargs hostname which clear getent", "tools", coreutils)
	gnu("awk", "awk", "1.3.4")
	gnu("dash sh", "dash", "0.5.12")
	gnu("bash", "bash", bash)
	i.dir("/mnt", "/opt", "/srv", "/var/log", "/var/tmp")
}

func nginxDebian(i *Image, version string) {
	codename, compiler := "bookworm", "gcc 12.2.0 (Debian 12.2.0-14+deb12u1)"
	if strings.HasPrefix(version, "1.29.") && version != "1.29.0" {
		codename, compiler = "trixie", "gcc 14.2.0 (Debian 14.2.0-19)"
	}
	debianFiles(i, codename)
	nginxFiles(i, version, compiler, "1~"+codename)
	curl := "7.88.1"
	if codename == "trixie" {
		curl = "8.14.1"
	}
	i.binary("/usr/bin/curl", task.Binary{Program: "curl", Version: curl, Flavor: "debian"})
	i.binary("/usr/bin/envsubst", task.Binary{Program: "envsubst", Version: "0.21", Flavor: "gnu"})
	i.Size = 72_300_000
}

func nginxAlpine(i *Image, version, alpine string) {
	v := alpineOf(alpine)
	alpineFiles(i, v)
	nginxFiles(i, version, "gcc 14.2.0 (Alpine 14.2.0)", "1")
	i.binary("/usr/bin/curl", task.Binary{Program: "curl", Version: v.curl, Flavor: "alpine"})
	i.binary("/usr/bin/envsubst", task.Binary{Program: "envsubst", Version: "0.24", Flavor: "gnu"})
	i.Size = 22_400_000
}

func nginxFiles(i *Image, version, compiler, pkg string) {
	i.Entrypoint = []string{"/docker-entrypoint.sh"}
	i.Cmd = []string{"nginx", "-g", "daemon off;"}
	i.Env = []string{usualPath, "NGINX_VERSION=" + version, "PKG_RELEASE=" + pkg}
	i.ExposedPorts = []string{"80/tcp"}
	i.StopSignal = "SIGQUIT"
	i.file("/etc/passwd", i.Files["/etc/passwd"].Content+"nginx:x:101:101:nginx user:/nonexistent:/bin/false\n")
	i.file("/etc/group", i.Files["/etc/group"].Content+"nginx:x:101:\n")
	i.binary("/usr/sbin/nginx", task.Binary{Program: "nginx", Version: version, Flavor: strings.ReplaceAll(compiler, " ", "_")})
	i.binary("/docker-entrypoint.sh", task.Binary{Program: "nginx-entrypoint", Version: version, Flavor: "gnu"})
	delete(i.Programs, "docker-entrypoint.sh")
	for _, s := range []string{"10-listen-on-ipv6-by-default.sh", "15-local-resolvers.envsh", "20-envsubst-on-templates.sh", "30-tune-worker-processes.sh"} {
		i.script("/docker-entrypoint.d/"+s, "#!/bin/sh\n# The entrypoint does this step itself.\n")
	}
	i.file("/etc/nginx/nginx.conf", nginxConf)
	i.file("/etc/nginx/conf.d/default.conf", nginxDefaultConf)
	i.file("/etc/nginx/mime.types", nginxMimeTypes)
	i.file("/usr/share/nginx/html/index.html", nginxWelcome)
	i.file("/usr/share/nginx/html/50x.html", nginx50x)
	i.link("/var/log/nginx/access.log", "/dev/stdout")
	i.link("/var/log/nginx/error.log", "/dev/stderr")
	i.dir("/var/cache/nginx", "/run")
}

func httpdDebian(i *Image, version string) {
	debianFiles(i, "bookworm")
	httpdFiles(i, version)
	i.Size = 58_100_000
}

func httpdAlpine(i *Image, version, alpine string) {
	alpineFiles(i, alpineOf(alpine))
	httpdFiles(i, version)
	i.Size = 23_900_000
}

func httpdFiles(i *Image, version string) {
	i.Cmd = []string{"httpd-foreground"}
	i.Env = []string{"PATH=" + apacheRoot + "/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HTTPD_PREFIX=" + apacheRoot, "HTTPD_VERSION=" + version}
	i.WorkingDir = apacheRoot
	i.ExposedPorts = []string{"80/tcp"}
	i.StopSignal = "SIGWINCH"
	i.binary(apacheRoot+"/bin/httpd", task.Binary{Program: "httpd", Version: version, Flavor: "unix"})
	i.binary(apacheRoot+"/bin/apachectl", task.Binary{Program: "httpd", Version: version, Flavor: "unix"})
	i.script("/usr/local/bin/httpd-foreground", "#!/bin/sh\nset -e\n# A pid file that a crash left behind would keep Apache from starting.\nrm -f "+apacheRoot+"/logs/httpd.pid\nexec httpd -DFOREGROUND \"$@\"\n")
	i.Programs["httpd-foreground"] = true
	i.file(apacheRoot+"/htdocs/index.html", "<html><body><h1>It works!</h1></body></html>\n")
	i.file(apacheRoot+"/conf/httpd.conf", httpdConf)
	i.file(apacheRoot+"/conf/mime.types", "# Types by extension are built in.\n")
	i.dir(apacheRoot+"/logs", apacheRoot+"/cgi-bin")
}

func curlImage(i *Image, version string, v alpineVersion) {
	i.Entrypoint = []string{"/entrypoint.sh"}
	i.Cmd = []string{"curl"}
	i.Env = []string{usualPath, "CURL_CA_BUNDLE=/cacert.pem"}
	i.User = "curl_user"
	i.Size = 9_800_000
	alpineFiles(i, v)
	i.binary("/usr/bin/curl", task.Binary{Program: "curl", Version: version, Flavor: "alpine"})
	i.script("/entrypoint.sh", "#!/bin/sh\n# Options alone are meant for curl.\ncase \"$1\" in\n-*) set -- curl \"$@\" ;;\nesac\nif ! command -v \"$1\" >/dev/null; then set -- curl \"$@\"; fi\nexec \"$@\"\n")
	i.file("/etc/passwd", i.Files["/etc/passwd"].Content+"curl_user:x:100:101:Linux User,,,:/home/curl_user:/sbin/nologin\n")
	i.file("/etc/group", i.Files["/etc/group"].Content+"curl_group:x:101:\n")
	i.dir("/home/curl_user")
}

// netshootImage starts bash, where the real one has zsh.
func netshootImage(i *Image, v alpineVersion) {
	i.Cmd = []string{"bash"}
	i.Env = []string{usualPath}
	i.WorkingDir = "/root"
	i.Size = 200_000_000
	alpineFiles(i, v)
	i.binary("/bin/bash", task.Binary{Program: "bash", Version: "5.2.37(1)-release", Flavor: "gnu"})
	i.binary("/usr/bin/curl", task.Binary{Program: "curl", Version: "8.14.1", Flavor: "alpine"})
	i.binary("/usr/bin/nc", task.Binary{Program: "nc", Version: "1.228.1", Flavor: "openbsd"})
	for _, name := range []string{"dig", "nslookup", "host"} {
		i.binary("/usr/bin/"+name, task.Binary{Program: name, Version: "9.20.15", Flavor: "gnu"})
	}
}

func echoImage(i *Image, version string) {
	i.Entrypoint = []string{"/http-echo"}
	i.Env = []string{usualPath}
	i.ExposedPorts = []string{"5678/tcp"}
	i.Size = 3_090_000
	i.binary("/http-echo", task.Binary{Program: "http-echo", Version: version, Flavor: "go"})
	i.file("/etc/passwd", "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n")
}

func pauseImage(i *Image, version string) {
	i.Entrypoint = []string{"/pause"}
	i.Env = []string{usualPath}
	i.Size = 320_000
	i.binary("/pause", task.Binary{Program: "pause", Version: version, Flavor: "c"})
}
