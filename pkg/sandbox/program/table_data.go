package program

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// dataImages are databases, and what is asked for as often.
func dataImages() []family {
	return []family{
		{repository: "docker.io/library/redis", about: "Redis: server and redis-cli", releases: redisReleases()},
		{repository: "docker.io/library/postgres", about: "none: says that the sandbox has no PostgreSQL, exit code 1", releases: postgresReleases()},
		{repository: "docker.io/library/python", about: "python3 -m http.server only", releases: pythonReleases()},
	}
}

// withAlpine are the two variants of an image of several versions, newest first: that of Debian, and the
// small one.
func withAlpine(versions []string, latest []string, debian, alpine func(i *Image, version string)) []release {
	var out []release
	seen := map[string]bool{}
	for n, v := range versions {
		tags := []string{v}
		// The newest of a line has the line's tags too: 8.2, 8.
		for line := v; strings.Contains(line, "."); {
			line = line[:strings.LastIndex(line, ".")]
			if !seen[line] {
				seen[line] = true
				tags = append(tags, line)
			}
		}
		small := make([]string, len(tags))
		for i, t := range tags {
			small[i] = t + "-alpine"
		}
		short := slices.Clone(tags[1:])
		if n == 0 {
			tags, small = append(tags, latest...), append(small, "alpine")
			short = append(short, "latest")
		}
		if len(short) == 0 {
			short = tags[:1]
		}
		out = append(out,
			release{tags: tags, short: short, build: func(i *Image) { debian(i, v) }},
			release{tags: small, build: func(i *Image) { alpine(i, v) }})
	}
	return out
}

func redisReleases() []release {
	return withAlpine([]string{"8.2.2", "8.0.4", "7.4.6", "7.2.11", "6.2.20"}, []string{"latest", "bookworm"},
		func(i *Image, v string) { debianFiles(i, "bookworm"); redisFiles(i, v); i.Size = 52_400_000 },
		func(i *Image, v string) { alpineFiles(i, alpineOf("3.21")); redisFiles(i, v); i.Size = 17_100_000 })
}

func redisFiles(i *Image, version string) {
	i.Entrypoint = []string{"docker-entrypoint.sh"}
	i.Cmd = []string{"redis-server"}
	i.Env = []string{usualPath, "REDIS_VERSION=" + version}
	i.WorkingDir = "/data"
	i.ExposedPorts = []string{"6379/tcp"}
	i.dir("/data")
	for _, name := range []string{"redis-server", "redis-cli"} {
		i.binary("/usr/local/bin/"+name, task.Binary{Program: name, Version: version, Flavor: "redis"})
	}
	i.script("/usr/local/bin/docker-entrypoint.sh", "#!/bin/sh\nset -e\n# Options or a configuration alone are meant for the server.\ncase \"$1\" in\n-* | *.conf) set -- redis-server \"$@\" ;;\nesac\nexec \"$@\"\n")
	i.Programs["docker-entrypoint.sh"] = true
}

func postgresReleases() []release {
	return withAlpine([]string{"18.1", "17.7", "16.11", "15.15", "14.20"}, []string{"latest", "trixie"},
		func(i *Image, v string) { debianFiles(i, "trixie"); postgresFiles(i, v); i.Size = 160_000_000 },
		func(i *Image, v string) { alpineFiles(i, alpineOf("3.22")); postgresFiles(i, v); i.Size = 110_000_000 })
}

func postgresFiles(i *Image, version string) {
	major, _, _ := strings.Cut(version, ".")
	i.Entrypoint = []string{"docker-entrypoint.sh"}
	i.Cmd = []string{"postgres"}
	i.Env = []string{usualPath, "PG_MAJOR=" + major, "PG_VERSION=" + version, "PGDATA=/var/lib/postgresql/data"}
	i.ExposedPorts = []string{"5432/tcp"}
	i.StopSignal = "SIGINT"
	for _, name := range []string{"docker-entrypoint.sh", "postgres"} {
		i.binary("/usr/local/bin/"+name, task.Binary{Program: "postgres", Version: version, Flavor: "postgres"})
	}
}

func pythonReleases() []release {
	var out []release
	for n, v := range []string{"3.14.0", "3.13.9", "3.12.12", "3.11.14", "3.10.19", "3.9.25"} {
		minor := v[:strings.LastIndex(v, ".")]
		for _, variant := range []string{"", "-slim", "-alpine"} {
			tags := []string{v + variant, minor + variant}
			var short []string
			if n == 0 {
				tags = append(tags, "3"+variant, strings.TrimPrefix(variant, "-"))
				if variant == "" {
					tags[len(tags)-1] = "latest"
					short = []string{"3", "latest"}
				}
			}
			if variant == "" {
				short = append(short, minor)
			}
			out = append(out, release{tags: tags, short: short, build: func(i *Image) { pythonImage(i, v, variant) }})
		}
	}
	return out
}

func pythonImage(i *Image, version, variant string) {
	minor := version[:strings.LastIndex(version, ".")]
	if variant == "-alpine" {
		alpineFiles(i, alpineOf("3.22"))
		i.Size = 17_000_000
	} else {
		debianFiles(i, "trixie")
		i.Size = map[string]int64{"": 380_000_000, "-slim": 45_000_000}[variant]
	}
	i.Cmd = []string{"python3"}
	i.Env = []string{"PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "PYTHON_VERSION=" + version}
	for _, name := range []string{"python3", "python", "python" + minor} {
		i.binary(fmt.Sprintf("/usr/local/bin/%s", name), task.Binary{Program: "python3", Version: version, Flavor: "python"})
	}
}
