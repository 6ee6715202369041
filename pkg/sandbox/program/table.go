package program

import "slices"

// family is a repository with its images, newest first.
type family struct {
	repository string
	// about says in a few words what the image runs.
	about    string
	releases []release
	// quiet is true for what messages about a missing image do not name: other names of an image, and
	// those that only Kubernetes' own tests ask for.
	quiet bool
}

// release is one image. Only the tags are made for all of them; the rest when it is looked up.
type release struct {
	// tags has the exact version first.
	tags []string
	// short are the tags to name in messages.
	short []string
	build func(i *Image)
}

func (r *release) has(tag string) bool { return slices.Contains(r.tags, tag) }

func (r *release) digest(repository string) string { return digestOf(repository, r.tags[0]) }

func (r *release) image(f *family) *Image {
	i := &Image{
		Repository: f.repository, About: f.about, Tags: slices.Clone(r.tags), Usual: slices.Clone(r.short), Digest: r.digest(f.repository),
		Files: map[string]File{}, Programs: map[string]bool{},
	}
	r.build(i)
	return i
}

func (f *family) allTags() []string {
	var out []string
	for i := range f.releases {
		out = append(out, f.releases[i].tags...)
	}
	return out
}

func (f *family) shortTags() []string {
	var out []string
	for i := range f.releases {
		out = append(out, f.releases[i].short...)
	}
	return out
}

// table is all there is: the one place where an image name is given a meaning.
func table() []family {
	return slices.Concat(
		[]family{
			{repository: "docker.io/library/nginx", about: "web server", releases: nginxReleases()},
			{repository: "docker.io/library/httpd", about: "web server (Apache)", releases: httpdReleases()},
			{repository: "docker.io/library/busybox", about: "shell and small commands", releases: busyboxReleases()},
			{repository: "docker.io/library/alpine", about: "shell and small commands", releases: alpineReleases()},
			{repository: "docker.io/curlimages/curl", about: "curl", releases: curlReleases()},
			{repository: "docker.io/nicolaka/netshoot", about: "shell, curl, dig and other commands for networks", releases: netshootReleases()},
			{repository: "docker.io/hashicorp/http-echo", about: "answers with a text of yours", releases: echoReleases()},
		},
		teachingImages(), dataImages(), tutorialImages(), kubectlImages(), e2eImages(),
	)
}

// nginxReleases: the versions that 1.25 to 1.29 of the official image have had; each line's newest
// has the short tag.
func nginxReleases() []release {
	lines := []struct {
		minor   string
		patches []string // newest first
		extra   []string
		alpine  string
		alpineX []string
	}{
		{"1.29", []string{"1.29.3", "1.29.2", "1.29.1", "1.29.0"}, []string{"latest", "mainline", "1", "trixie", "1.29-trixie"}, "3.22", []string{"alpine", "mainline-alpine", "1-alpine"}},
		{"1.28", []string{"1.28.0"}, []string{"stable", "1.28-bookworm", "stable-bookworm"}, "3.21", []string{"stable-alpine"}},
		{"1.27", []string{"1.27.5", "1.27.4", "1.27.3", "1.27.2", "1.27.1", "1.27.0"}, []string{"1.27-bookworm"}, "3.21", nil},
		{"1.26", []string{"1.26.3", "1.26.2", "1.26.1", "1.26.0"}, []string{"1.26-bookworm"}, "3.20", nil},
		{"1.25", []string{"1.25.5", "1.25.4", "1.25.3", "1.25.2", "1.25.1", "1.25.0"}, []string{"1.25-bookworm"}, "3.19", nil},
	}
	var out []release
	for _, l := range lines {
		for n, v := range l.patches {
			debian := release{tags: []string{v}, build: func(i *Image) { nginxDebian(i, v) }}
			small := release{tags: []string{v + "-alpine"}, build: func(i *Image) { nginxAlpine(i, v, l.alpine) }}
			if n == 0 {
				debian.tags = append(append(debian.tags, l.minor), l.extra...)
				debian.short = []string{l.minor}
				small.tags = append(append(small.tags, l.minor+"-alpine", l.minor+"-alpine"+l.alpine, v+"-alpine"+l.alpine), l.alpineX...)
				for _, s := range []string{"latest", "stable"} {
					if slices.Contains(l.extra, s) {
						debian.short = append(debian.short, s)
					}
				}
				small.short = []string{l.minor + "-alpine"}
				if slices.Contains(l.alpineX, "alpine") {
					small.short = append(small.short, "alpine")
				}
			}
			out = append(out, debian, small)
		}
	}
	return out
}

func httpdReleases() []release {
	var out []release
	for n, v := range []string{"2.4.65", "2.4.64", "2.4.63", "2.4.62"} {
		debian := release{tags: []string{v}, build: func(i *Image) { httpdDebian(i, v) }}
		small := release{tags: []string{v + "-alpine"}, build: func(i *Image) { httpdAlpine(i, v, "3.22") }}
		if n == 0 {
			debian.tags = append(debian.tags, "2.4", "2", "latest", "bookworm", "2.4-bookworm")
			debian.short = []string{"2.4", "latest"}
			small.tags = append(small.tags, "2.4-alpine", "2-alpine", "alpine")
			small.short = []string{"2.4-alpine"}
		}
		out = append(out, debian, small)
	}
	return out
}

func busyboxReleases() []release {
	variants := func(names ...string) []string {
		out := slices.Clone(names)
		for _, libc := range []string{"musl", "glibc", "uclibc"} {
			for _, n := range names {
				if n == "latest" {
					out = append(out, libc)
					continue
				}
				out = append(out, n+"-"+libc)
			}
		}
		return out
	}
	return []release{
		{tags: variants("1.37.0", "1.37", "1", "latest", "stable"), short: []string{"1.37", "latest", "stable"}, build: func(i *Image) { busyboxImage(i, "1.37.0") }},
		{tags: variants("1.36.1", "1.36"), short: []string{"1.36"}, build: func(i *Image) { busyboxImage(i, "1.36.1") }},
		{tags: variants("1.35.0", "1.35"), short: []string{"1.35"}, build: func(i *Image) { busyboxImage(i, "1.35.0") }},
		{tags: variants("1.28.4", "1.28"), short: []string{"1.28"}, build: func(i *Image) { busyboxImage(i, "1.28.4") }},
	}
}

// alpineVersion is what a release of Alpine Linux has.
type alpineVersion struct{ minor, full, busybox, curl, ssl, openssl, musl string }

func alpineVersions() []alpineVersion {
	return []alpineVersion{
		{"3.22", "3.22.2", "1.37.0", "8.14.1", "3", "3.5.4", "1.2.5"},
		{"3.21", "3.21.5", "1.37.0", "8.11.1", "3", "3.3.5", "1.2.5"},
		{"3.20", "3.20.8", "1.36.1", "8.7.1", "3", "3.3.5", "1.2.5"},
		{"3.19", "3.19.9", "1.36.1", "8.5.0", "3", "3.1.8", "1.2.4"},
		{"3.18", "3.18.12", "1.36.1", "8.1.1", "3", "3.1.8", "1.2.4"},
		{"3.17", "3.17.10", "1.35.0", "7.86.0", "3", "3.0.15", "1.2.3"},
		{"3.16", "3.16.9", "1.35.0", "7.83.1", "1.1", "1.1.1w", "1.2.3"},
	}
}

func alpineOf(minor string) alpineVersion {
	for _, v := range alpineVersions() {
		if v.minor == minor {
			return v
		}
	}
	return alpineVersions()[0]
}

func alpineReleases() []release {
	var out []release
	for n, v := range alpineVersions() {
		r := release{tags: []string{v.full, v.minor}, short: []string{v.minor}, build: func(i *Image) { alpineImage(i, v) }}
		if n == 0 {
			r.tags = append(r.tags, "3", "latest")
			r.short = append(r.short, "latest")
		}
		out = append(out, r)
	}
	return out
}

func curlReleases() []release {
	var out []release
	for n, v := range []struct{ curl, alpine string }{{"8.16.0", "3.22"}, {"8.14.1", "3.22"}, {"8.12.1", "3.21"}, {"8.10.1", "3.20"}, {"8.8.0", "3.20"}, {"8.5.0", "3.19"}} {
		r := release{tags: []string{v.curl}, short: []string{v.curl}, build: func(i *Image) { curlImage(i, v.curl, alpineOf(v.alpine)) }}
		if n == 0 {
			r.tags = append(r.tags, "latest")
			r.short = append(r.short, "latest")
		}
		out = append(out, r)
	}
	return out
}

func netshootReleases() []release {
	return []release{
		{tags: []string{"v0.14", "latest"}, short: []string{"v0.14", "latest"}, build: func(i *Image) { netshootImage(i, alpineOf("3.22")) }},
		{tags: []string{"v0.13"}, short: []string{"v0.13"}, build: func(i *Image) { netshootImage(i, alpineOf("3.20")) }},
	}
}

func echoReleases() []release {
	return []release{
		{tags: []string{"1.0.0", "1.0", "1", "latest"}, short: []string{"1.0", "latest"}, build: func(i *Image) { echoImage(i, "1.0.0") }},
		{tags: []string{"0.2.3"}, short: []string{"0.2.3"}, build: func(i *Image) { echoImage(i, "0.2.3") }},
	}
}

func pauseReleases() []release {
	var out []release
	for n, v := range []string{"3.10.2", "3.10.1", "3.10", "3.9", "3.8", "3.7", "3.6", "3.5"} {
		r := release{tags: []string{v}, short: []string{v}, build: func(i *Image) { pauseImage(i, v) }}
		if n == 0 {
			r.tags = append(r.tags, "latest")
		}
		out = append(out, r)
	}
	return out
}
