package program

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// Image is what an image name stands for. Nothing is downloaded: all images come with the binary.
type Image struct {
	// Repository is the full name without a tag: docker.io/library/nginx.
	Repository string
	// Tags are all tags of this image, the most exact one first.
	Tags []string
	// Usual are those of Tags that people use; none for a version that nobody asks for by itself.
	Usual []string
	// Entrypoint and Cmd are what a container runs unless the Pod says otherwise.
	Entrypoint []string
	Cmd        []string
	// Env holds KEY=value, PATH among them if the image sets it.
	Env []string
	// WorkingDir is where programs start; empty stands for /.
	WorkingDir string
	// ExposedPorts is what the image declares, 80/tcp.
	ExposedPorts []string
	// StopSignal is what the image asks to be ended by; empty stands for SIGTERM.
	StopSignal string
	// User is who the image's programs run as; empty stands for root.
	User string
	// Files is what the image carries, by absolute path.
	Files map[string]File
	// Programs is the set of command names that exist in the image.
	Programs map[string]bool
	// About says in a few words what the image runs.
	About string
	// Size is in bytes, about that of the real image as it is downloaded.
	Size int64
	// Digest is made up but stable: sha256:<64 hexadecimal digits>.
	Digest string
}

// File is a file, folder or link of an image.
type File struct {
	Content string
	// Mode is the permission bits; 0 stands for 0644, or 0755 for a folder.
	Mode uint32
	// Link is the target of a symbolic link.
	Link string
	// Dir is true for a folder.
	Dir bool
	// Source is the path of a file of the host whose content it is, instead of Content. Containers share
	// it: it is linked, not copied, where that is possible.
	Source string
}

// NotFound is the error for an image that the sandbox does not have.
type NotFound struct {
	// Reference is the full form of what was asked for.
	Reference string
	// Hint says what there is instead.
	Hint string
}

func (e *NotFound) Error() string {
	text := fmt.Sprintf("failed to resolve reference %q: %s: not found", e.Reference, e.Reference)
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// reference is a normalised image reference.
type reference struct {
	repository string
	tag        string
	digest     string
}

func (r reference) String() string {
	s := r.repository
	if r.tag != "" {
		s += ":" + r.tag
	}
	if r.digest != "" {
		s += "@" + r.digest
	}
	return s
}

const (
	dockerHub = "docker.io"
	official  = "library"
)

// normalise completes a reference as Docker and containerd do: nginx is docker.io/library/nginx:latest.
func normalise(ref string) reference {
	var r reference
	ref, r.digest, _ = strings.Cut(ref, "@")
	if i := strings.LastIndex(ref, ":"); i > strings.LastIndex(ref, "/") {
		ref, r.tag = ref[:i], ref[i+1:]
	}
	host, rest, ok := strings.Cut(ref, "/")
	if !ok || !strings.ContainsAny(host, ".:") && host != "localhost" {
		host, rest = dockerHub, ref
	}
	if host == "index.docker.io" || host == "registry-1.docker.io" {
		host = dockerHub
	}
	if host == dockerHub && !strings.Contains(rest, "/") {
		rest = official + "/" + rest
	}
	r.repository = host + "/" + rest
	if r.tag == "" && r.digest == "" {
		r.tag = "latest"
	}
	return r
}

// Familiar returns a repository as people write it: nginx for docker.io/library/nginx.
func Familiar(repository string) string {
	return strings.TrimPrefix(strings.TrimPrefix(repository, dockerHub+"/"), official+"/")
}

// Reference completes a reference as a node's runtime reports it: nginx:1.29 is
// docker.io/library/nginx:1.29.
func Reference(ref string) string { return normalise(ref).String() }

// Lookup finds the image that ref names: nginx, nginx:1.29, docker.io/library/nginx:1.29, or the
// digest of an image. The error is a *NotFound.
func Lookup(ref string) (*Image, error) {
	if strings.HasPrefix(ref, "sha256:") {
		return byDigest(ref)
	}
	want := normalise(ref)
	families := table()
	for i := range families {
		f := &families[i]
		if f.repository != want.repository {
			continue
		}
		for j := range f.releases {
			r := &f.releases[j]
			if want.digest != "" && r.digest(f.repository) != want.digest || want.digest == "" && !r.has(want.tag) {
				continue
			}
			return r.image(f), nil
		}
		return nil, &NotFound{want.String(), tagHint(f, want)}
	}
	return nil, &NotFound{want.String(), repositoryHint(families, want)}
}

func byDigest(digest string) (*Image, error) {
	families := table()
	for j := range families {
		f := &families[j]
		for i := range f.releases {
			if f.releases[i].digest(f.repository) == digest {
				return f.releases[i].image(f), nil
			}
		}
	}
	return nil, &NotFound{Reference: digest}
}

// tagHint names the tags that a repository has.
func tagHint(f *family, want reference) string {
	name := Familiar(f.repository)
	if want.digest != "" {
		return fmt.Sprintf("the sandbox has %s by tag only: %s", name, strings.Join(f.shortTags(), ", "))
	}
	hint := fmt.Sprintf("the sandbox has these tags of %s: %s", name, strings.Join(f.shortTags(), ", "))
	if near := nearest(want.tag, f.allTags()); near != "" {
		return fmt.Sprintf("did you mean %s:%s? %s", name, near, hint)
	}
	return hint
}

// repositoryHint names the images there are, the best known with their tags: an event's message is cut
// off where it gets long.
func repositoryHint(families []family, want reference) string {
	const withTags = 4
	var names, all []string
	for i := range families {
		f := &families[i]
		name := Familiar(f.repository)
		names = append(names, name)
		switch {
		case f.quiet:
		case len(all) < withTags:
			all = append(all, fmt.Sprintf("%s (%s)", name, strings.Join(f.shortTags(), ", ")))
		default:
			all = append(all, name)
		}
	}
	const list = "all and their tags: " + plugin.Command + " cluster images"
	if near := nearest(Familiar(want.repository), names); near != "" {
		return "did you mean " + near + "? The sandbox has its own images; " + list
	}
	return "the sandbox runs its own images: " + strings.Join(all, ", ") + "; " + list
}

// nearest returns the candidate that is at most two typing errors away, or "".
func nearest(word string, candidates []string) string {
	best, at := "", 3
	for _, c := range candidates {
		if d := distance(word, c); d < at && d < len(c) {
			best, at = c, d
		}
	}
	return best
}

// distance is how many characters must be added, removed, replaced or swapped with their neighbour.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// Images returns all images, by repository and version.
func Images() []*Image {
	var out []*Image
	families := table()
	for j := range families {
		for i := range families[j].releases {
			out = append(out, families[j].releases[i].image(&families[j]))
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Repository < out[j].Repository })
	return out
}

func digestOf(repository, tag string) string {
	sum := sha256.Sum256([]byte("kubectl-learn image " + repository + ":" + tag))
	return "sha256:" + hex.EncodeToString(sum[:])
}
