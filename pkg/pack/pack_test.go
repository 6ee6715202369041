package pack_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/catalog"
	"github.com/kubectl-learn/kubectl-learn/pkg/pack"
)

const text = "---\nid: %s\ntitle: T\nsummary: S.\nminutes: 5\n---\n## Look\n```yaml given\nfile: page.yaml\n```\n"

const page = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: page}\n"

// entry is one thing in a bundle. One without a kind is a file.
type entry struct {
	name, data string
	kind       byte
}

func good() []entry {
	return []entry{
		{name: "one/", kind: tar.TypeDir},
		{name: "one/lesson.md", data: fmt.Sprintf(text, "one")},
		{name: "./one/page.yaml", data: page},
		{name: "deep/two/lesson.md", data: fmt.Sprintf(text, "two")},
		{name: "deep/two/page.yaml", data: page},
		{name: "__MACOSX/one/lesson.md", data: "not text of a lesson"},
		{name: ".git/lesson.md", data: "nor this"},
		{name: "README.md", data: "About the pack."},
	}
}

// bundle writes a bundle of a name and returns its path.
func bundle(t *testing.T, name string, entries ...entry) string {
	t.Helper()
	var b bytes.Buffer
	if strings.HasSuffix(name, ".zip") {
		zipped(t, &b, entries)
	} else {
		tarred(t, &b, entries)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func tarred(t *testing.T, w io.Writer, entries []entry) {
	t.Helper()
	g := gzip.NewWriter(w)
	tw := tar.NewWriter(g)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: e.kind, Mode: 0o644}
		switch e.kind {
		case 0, tar.TypeReg:
			h.Typeflag, h.Size = tar.TypeReg, int64(len(e.data))
		case tar.TypeSymlink, tar.TypeLink:
			h.Linkname = e.data
		}
		if err := tw.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := io.WriteString(tw, e.data); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
}

func zipped(t *testing.T, w io.Writer, entries []entry) {
	t.Helper()
	z := zip.NewWriter(w)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		switch e.kind {
		case tar.TypeSymlink:
			h.SetMode(fs.ModeSymlink | 0o777)
		case tar.TypeFifo:
			h.SetMode(fs.ModeNamedPipe | 0o644)
		}
		f, err := z.CreateHeader(h)
		if err == nil && e.kind != tar.TypeDir {
			_, err = io.WriteString(f, e.data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

// folder writes the files of entries into a folder and returns its path.
func folder(t *testing.T, entries ...entry) string {
	t.Helper()
	root := t.TempDir()
	for _, e := range entries {
		path := filepath.Join(root, filepath.FromSlash(e.name))
		if e.kind == tar.TypeDir {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(e.data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func open(t *testing.T, path string) *pack.Pack {
	t.Helper()
	p, err := pack.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// Whatever holds them, the lessons are the same, and so are the files beside them.
func TestOpen(t *testing.T) {
	both := []string{"deep/two/lesson.md", "one/lesson.md"}
	dir := folder(t, good()...)
	for path, want := range map[string][]string{
		bundle(t, "pack.tgz", good()...):               both,
		bundle(t, "PACK.TAR.GZ", good()...):            both,
		bundle(t, "pack.zip", good()...):               both,
		dir:                                            both,
		filepath.Join(dir, "one"):                      {"lesson.md"},
		filepath.Join(dir, "one") + "/":                {"lesson.md"},
		filepath.Join(dir, "deep", "two", "lesson.md"): {"lesson.md"},
	} {
		p := open(t, path)
		if !slices.Equal(p.Lessons, want) || p.Path != filepath.Clean(path) {
			t.Errorf("%s: %v at %s", path, p.Lessons, p.Path)
		}
		c, err := catalog.Load(p.Source())
		if err != nil || len(c.Order()) != len(want) || c.Order()[0].From != p.Path {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// Places name a file as it was named.
func TestPlaces(t *testing.T) {
	dir := folder(t, entry{name: "bad/lesson.md", data: "---\nid: bad\n"})
	t.Chdir(dir)
	for path, want := range map[string]string{
		".": "bad/lesson.md:1:1: ", "./bad": "bad/lesson.md:1:1: ", "bad/": "bad/lesson.md:1:1: ", "bad/lesson.md": "bad/lesson.md:1:1: ",
		dir: filepath.ToSlash(dir) + "/bad/lesson.md:1:1: ",
	} {
		if _, err := catalog.Index(open(t, path).Source()); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	path := bundle(t, "pack.tgz", entry{name: "bad/lesson.md", data: "---\nid: bad\n"})
	if _, err := catalog.Index(open(t, path).Source()); err == nil || !strings.HasPrefix(err.Error(), filepath.ToSlash(path)+"/bad/lesson.md:1:1: ") {
		t.Errorf("a bundle: %v", err)
	}
}

func many(n int, name string) []entry {
	var all []entry
	for i := range n {
		all = append(all, entry{name: fmt.Sprintf(name, i)})
	}
	return all
}

func TestBundlesThatAreRefused(t *testing.T) {
	lesson := entry{name: "one/lesson.md", data: fmt.Sprintf(text, "one")}
	big := strings.Repeat("x", 1<<20)
	var much []entry
	for i := range 40 {
		much = append(much, entry{name: fmt.Sprintf("f%d", i), data: big})
	}
	for want, entries := range map[string][]entry{
		`the path "../lesson.md" in it leads out of the bundle`:      {{name: "../lesson.md"}},
		`the path "/etc/lesson.md" in it leads out of the bundle`:    {{name: "/etc/lesson.md"}},
		`the path "a/../../lesson.md" in it leads out of the bundle`: {{name: "a/../../lesson.md"}},
		`in it leads out of the bundle, or is none`:                  {{name: `a\..\lesson.md`}},
		"one/link in it is a link, and links are not followed":       {lesson, {name: "one/link", data: "/etc/passwd", kind: tar.TypeSymlink}},
		"one/pipe in it is no file":                                  {lesson, {name: "one/pipe", kind: tar.TypeFifo}},
		"one/lesson.md is in it twice":                               {lesson, lesson},
		"one/page.yaml in it is larger than 1 MiB":                   {lesson, {name: "one/page.yaml", data: big + "x"}},
		"what is in it is larger than 32 MiB":                        much,
		"it holds more than 5000 files and folders":                  many(5001, "f%d"),
		"no folder in it holds a lesson.md":                          {{name: "README.md"}},
		"it holds 201 lessons, 200 are allowed":                      many(201, "%d/lesson.md"),
		"is deeper than 8 folders":                                   {{name: "1/2/3/4/5/6/7/8/9/lesson.md"}},
	} {
		for _, name := range []string{"pack.tgz", "pack.zip"} {
			path := bundle(t, name, entries...)
			if _, err := pack.Open(path); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "open lessons in "+path) {
				t.Errorf("%s: got %v, want %s", name, err, want)
			}
		}
	}
}

func TestBrokenBundles(t *testing.T) {
	var endless bytes.Buffer
	g := gzip.NewWriter(&endless)
	for range 64 {
		if _, err := g.Write(make([]byte, 1<<20)); err != nil { // a tar file ends with such blocks; here they go on
			t.Fatal(err)
		}
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(bundle(t, "p.tgz", good()...))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ data, want string }{
		"text.tgz":  {"hello", "it is not compressed with gzip"},
		"text.zip":  {"hello", "it is no zip file, or a broken one"},
		"empty.tgz": {"", "it is not compressed with gzip"},
		"half.tgz":  {string(whole[:len(whole)/2]), "unexpected EOF"},
		"zeros.tgz": {endless.String(), "no folder in it holds a lesson.md"},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(tc.data), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := pack.Open(path); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %s", name, err, tc.want)
		}
	}
}

func TestWhatIsNoPack(t *testing.T) {
	dir := folder(t, entry{name: "notes.txt", data: "x"}, entry{name: "empty/x", data: "y"})
	for path, want := range map[string]string{
		"":                                 "there is no path",
		filepath.Join(dir, "nowhere"):      "there is no such file or folder",
		filepath.Join(dir, "notes.txt"):    "it is no lesson",
		filepath.Join(dir, "empty"):        "no folder in it holds a lesson.md",
		filepath.Join(dir, "nowhere.tgz"):  "there is no such file or folder",
		filepath.Join(dir, "notes.txt/up"): "",
	} {
		if _, err := pack.Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}

// A link in a folder from elsewhere could show a learner's own files to whoever reads the errors.
func TestLinksAreNotFollowed(t *testing.T) {
	secret := folder(t, entry{name: "lesson.md", data: fmt.Sprintf(text, "stolen")}, entry{name: "page.yaml", data: page})
	dir := folder(t, good()...)
	for link, to := range map[string]string{
		"linked":         secret,
		"file/lesson.md": filepath.Join(secret, "lesson.md"),
		"one/page.yaml":  filepath.Join("..", "deep", "two", "page.yaml"),
	} {
		path := filepath.Join(dir, filepath.FromSlash(link))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(path)
		if err := os.Symlink(to, path); err != nil {
			if runtime.GOOS == "windows" {
				t.Skip(err)
			}
			t.Fatal(err)
		}
	}
	p := open(t, dir)
	if slices.Contains(p.Lessons, "linked/lesson.md") {
		t.Errorf("what a link leads to is among %v", p.Lessons)
	}
	_, err := catalog.Load(p.Source())
	if err == nil || strings.Contains(err.Error(), "stolen") || strings.Count(err.Error(), "links are not followed") != 2 {
		t.Errorf("got %v", err)
	}
}

func TestALargeFolderIsNotSearched(t *testing.T) {
	dir := folder(t, many(5001, "f%d")...)
	if _, err := pack.Open(dir); err == nil || !strings.Contains(err.Error(), "more than 5000 files and folders; name the folder that holds the lessons") {
		t.Errorf("got %v", err)
	}
}
