package program_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program"
)

func TestLookup(t *testing.T) {
	for ref, want := range map[string]string{
		"nginx": "docker.io/library/nginx 1.29.3", "nginx:1.27": "docker.io/library/nginx 1.27.5", "nginx:1.27.2": "docker.io/library/nginx 1.27.2",
		"docker.io/nginx:stable": "docker.io/library/nginx 1.28.0", "docker.io/library/nginx:latest": "docker.io/library/nginx 1.29.3", "index.docker.io/library/nginx": "docker.io/library/nginx 1.29.3",
		"nginx:alpine": "docker.io/library/nginx 1.29.3-alpine", "httpd:2.4": "docker.io/library/httpd 2.4.65", "busybox:1.36": "docker.io/library/busybox 1.36.1",
		"busybox:musl": "docker.io/library/busybox 1.37.0", "busybox:1.36.1-glibc": "docker.io/library/busybox 1.36.1", "alpine:3.16": "docker.io/library/alpine 3.16.9",
		"curlimages/curl": "docker.io/curlimages/curl 8.16.0", "hashicorp/http-echo:1.0": "docker.io/hashicorp/http-echo 1.0.0", "registry.k8s.io/pause:3.10": "registry.k8s.io/pause 3.10",
	} {
		img, err := program.Lookup(ref)
		if err != nil {
			t.Errorf("%s: %v", ref, err)
			continue
		}
		if got := img.Repository + " " + img.Tags[0]; got != want {
			t.Errorf("%s is %s, want %s", ref, got, want)
		}
		again, err := program.Lookup(img.Repository + "@" + img.Digest)
		if err != nil || again.Tags[0] != img.Tags[0] {
			t.Errorf("%s by digest: %v", ref, err)
		}
		if again, err = program.Lookup(img.Digest); err != nil || again.Repository != img.Repository {
			t.Errorf("%s by digest alone: %v", ref, err)
		}
	}
}

func TestNotFound(t *testing.T) {
	for ref, want := range map[string][]string{
		"ngnix:1.29":       {`failed to resolve reference "docker.io/library/ngnix:1.29": docker.io/library/ngnix:1.29: not found; did you mean nginx? The sandbox has its own images; all and their tags: kubectl learn cluster images`},
		"nginx:1.92":       {`failed to resolve reference "docker.io/library/nginx:1.92": docker.io/library/nginx:1.92: not found; did you mean nginx:1.29? the sandbox has these tags of nginx: 1.29, latest, `},
		"quay.io/me/app:2": {`"quay.io/me/app:2"`, "the sandbox runs its own images: nginx (1.29, latest, "},
		"localhost:5000/x": {`"localhost:5000/x:latest"`},
		"nginx@sha256:" + strings.Repeat("0", 64): {"the sandbox has nginx by tag only"},
		"library/nginx:no":                        {`"docker.io/library/nginx:no"`},
	} {
		_, err := program.Lookup(ref)
		var nf *program.NotFound
		if !errors.As(err, &nf) {
			t.Errorf("%s: %v", ref, err)
			continue
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v\nlacks %s", ref, err, w)
			}
		}
	}
	if _, err := program.Lookup("quay.io/me/app:2"); strings.Contains(err.Error(), "did you mean") {
		t.Errorf("a wild guess: %v", err)
	}
}

// Each image unpacks, its command can be looked up, and its tags are its own.
func TestImages(t *testing.T) {
	digest := regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	seen := map[string]string{}
	for _, img := range program.Images() {
		name := img.Repository + ":" + img.Tags[0]
		for _, tag := range img.Tags {
			if other := seen[img.Repository+":"+tag]; other != "" {
				t.Errorf("%s:%s is both %s and %s", img.Repository, tag, other, name)
			}
			seen[img.Repository+":"+tag] = name
		}
		if !digest.MatchString(img.Digest) || img.Size <= 0 {
			t.Errorf("%s: digest %s, size %d", name, img.Digest, img.Size)
		}
		root := t.TempDir()
		if err := program.Unpack(img, root); err != nil {
			t.Fatal(err)
		}
		spec := &container.Spec{Root: root, Env: img.Env, Dir: img.WorkingDir}
		command := append(append([]string{}, img.Entrypoint...), img.Cmd...)[0]
		if err := img.LookPath(spec, command); err != nil {
			t.Errorf("%s cannot start its own %s: %v", name, command, err)
		}
		for p := range img.Programs {
			if p == "http-echo" || p == "pause" {
				continue
			}
			if err := img.LookPath(spec, p); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// What an image lacks is lacking here.
func TestImagesLack(t *testing.T) {
	for ref, names := range map[string][]string{
		"nginx:1.27": {"ps", "wget", "ping", "vi", "nslookup", "top"}, "httpd:2.4": {"curl", "wget", "ps"}, "curlimages/curl": {"nginx", "bash"}, "busybox": {"curl", "bash", "nginx"},
		"alpine": {"curl", "bash"}, "hashicorp/http-echo": {"sh", "ls"}, "registry.k8s.io/pause": {"sh"},
	} {
		img, err := program.Lookup(ref)
		if err != nil {
			t.Fatal(err)
		}
		root := t.TempDir()
		if err := program.Unpack(img, root); err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			err := img.LookPath(&container.Spec{Root: root, Env: img.Env}, n)
			if want := `exec: "` + n + `": executable file not found in $PATH`; err == nil || err.Error() != want || img.Programs[n] {
				t.Errorf("%s %s: %v", ref, n, err)
			}
		}
	}
}

func TestLookPath(t *testing.T) {
	p := newPod(t, "busybox")
	vol := t.TempDir()
	must(t, os.WriteFile(filepath.Join(vol, "run.sh"), []byte("#!/bin/sh\necho from the volume $1\n"), 0o755))
	must(t, os.WriteFile(filepath.Join(vol, "plain"), []byte("text"), 0o644))
	p.spec.Mounts = []container.Mount{{Path: "/scripts", Source: vol, ReadOnly: true}}
	for command, want := range map[string]string{
		"foo": `exec: "foo": executable file not found in $PATH`, "/app/foo": `exec: "/app/foo": stat /app/foo: no such file or directory`,
		"/scripts/plain": `exec: "/scripts/plain": permission denied`, "/etc": `exec: "/etc": permission denied`,
		"/scripts/run.sh": "", "sh": "", "/bin/sh": "", "./bin/ls": "",
	} {
		got := ""
		if err := p.image.LookPath(&p.spec, command); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
	r := p.main("/scripts/run.sh", "x")
	if code := r.wait(); code != 0 || r.out.String() != "from the volume x\n" {
		t.Errorf("code %d, %q %q", code, r.out, r.err)
	}
}

// Two versions of one dependency, each in its own image.
func TestLibraries(t *testing.T) {
	for ref, want := range map[string]string{"alpine:3.16": "libcrypto.so.1.1\nlibssl.so.1.1\n3.16.9\n", "alpine:3.20": "libcrypto.so.3\nlibssl.so.3\n3.20.8\n"} {
		p := newPod(t, ref)
		if out, errs, _ := p.sh("cd /lib; ls | grep -E '^lib(crypto|ssl)'; cat /etc/alpine-release"); out != want {
			t.Errorf("%s: %q %s", ref, out, errs)
		}
	}
}

func TestVersions(t *testing.T) {
	for _, c := range []struct{ ref, script, want string }{
		{"nginx:1.25", "nginx -v 2>&1", "nginx version: nginx/1.25.5\n"},
		{"nginx:1.26.1-alpine", "nginx -v 2>&1; echo $NGINX_VERSION", "nginx version: nginx/1.26.1\n1.26.1\n"},
		{"busybox:1.36", "busybox | head -n 1", "BusyBox v1.36.1 (2023-05-18 22:34:17 UTC) multi-call binary.\n"},
		{"alpine:3.18", "grep PRETTY /etc/os-release", "PRETTY_NAME=\"Alpine Linux v3.18\"\n"},
		{"nginx:1.27", "grep VERSION_CODENAME /etc/os-release", "VERSION_CODENAME=bookworm\n"},
		{"curlimages/curl:8.10.1", "curl --version | head -n 1; whoami", "curl 8.10.1 (x86_64-alpine-linux-musl) libcurl/8.10.1\ncurl_user\n"},
		{"httpd:2.4.62", "httpd -v", "Server version: Apache/2.4.62 (Unix)\n"},
	} {
		p := newPod(t, c.ref)
		out, errs, _ := p.sh(c.script)
		if strings.Replace(out, "aarch64", "x86_64", 1) != c.want {
			t.Errorf("%s: %s: %q %s, want %q", c.ref, c.script, out, errs, c.want)
		}
	}
}

func TestCurlImage(t *testing.T) {
	p := newPod(t, "curlimages/curl")
	for _, args := range [][]string{{"/entrypoint.sh", "--version"}, {"/entrypoint.sh", "curl", "--version"}} {
		r := p.main(args...)
		if code := r.wait(); code != 0 || !strings.HasPrefix(r.out.String(), "curl 8.16.0") {
			t.Errorf("%q: %d %s%s", args, code, r.out, r.err)
		}
	}
}

func BenchmarkUnpack(b *testing.B) {
	for _, ref := range []string{"nginx:1.27", "busybox", "alpine", "hashicorp/http-echo"} {
		b.Run(ref, func(b *testing.B) {
			img, err := program.Lookup(ref)
			if err != nil {
				b.Fatal(err)
			}
			dir := b.TempDir()
			for i := 0; b.Loop(); i++ {
				if err := program.Unpack(img, filepath.Join(dir, strconv.Itoa(i))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
