package learn

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/home"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/progress"
)

var update = flag.Bool("update", false, "write the golden files anew")

func noon() time.Time { return time.Date(2030, 5, 6, 12, 0, 0, 0, time.UTC) }

// fake is a provider whose clusters are entries in a map.
type fake struct {
	clusters map[string]*handle
	dir      string
}

func (f *fake) Name() string { return "fake" }

func (f *fake) Create(_ context.Context, o cluster.CreateOptions, p cluster.Progress) (cluster.Handle, error) {
	if f.clusters[o.Name] != nil {
		return nil, fmt.Errorf("%s: %w", o.Name, cluster.ErrExists)
	}
	p.Stage("etcd")(nil)
	h := &handle{info: cluster.Info{Name: o.Name, Provider: "fake", State: cluster.Running, Version: "v1.37.2", Started: noon().Add(-12 * time.Minute), Server: "https://127.0.0.1:1"}}
	h.info.Nodes = []string{"control-plane"}
	for i := range o.Workers {
		h.info.Nodes = append(h.info.Nodes, fmt.Sprintf("worker-%d", i+1))
	}
	h.kubeconfig = filepath.Join(f.dir, o.Name+".kubeconfig")
	config := "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: https://127.0.0.1:1}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\ncurrent-context: c\nusers: [{name: u, user: {token: secret}}]\n"
	f.clusters[o.Name] = h
	return h, os.WriteFile(h.kubeconfig, []byte(config), 0o600)
}

func (f *fake) Open(_ context.Context, name string, _ cluster.Progress) (cluster.Handle, error) {
	if h := f.clusters[name]; h != nil {
		return h, nil
	}
	return nil, fmt.Errorf("%s: %w", name, cluster.ErrNotFound)
}

func (f *fake) List(context.Context) ([]cluster.Info, error) {
	var all []cluster.Info
	for _, h := range f.clusters {
		all = append(all, h.info)
	}
	return all, nil
}

func (f *fake) Delete(_ context.Context, name string, _ cluster.Progress) error {
	if f.clusters[name] == nil {
		return fmt.Errorf("%s: %w", name, cluster.ErrNotFound)
	}
	delete(f.clusters, name)
	return nil
}

// handle is one of them.
type handle struct {
	info       cluster.Info
	kubeconfig string
	sick       bool
	did        []string
}

func (h *handle) Info() cluster.Info { return h.info }
func (h *handle) Kubeconfig() string { return h.kubeconfig }
func (h *handle) Capabilities() cluster.Capabilities {
	return cluster.Capabilities{Nodes: 2, ReadNodes: true}
}
func (h *handle) Permit() kube.Permit { return kube.Unconditional{} }

func (h *handle) Status(context.Context) (cluster.Status, error) {
	return cluster.Status{Info: h.info, Parts: []cluster.Part{
		{Name: "API server", Realness: cluster.Real, Healthy: true, Evidence: "/readyz ok, 3 ms"},
		{Name: "containers", Realness: cluster.ProcessLevel, Healthy: !h.sick, Evidence: "a process each", Note: "no memory limits"},
	}}, nil
}

func (h *handle) Images(context.Context) ([]cluster.Image, error) {
	return []cluster.Image{
		{Name: "hello", Tags: []string{"v2"}, Usual: []string{"v2"}, About: "your program", BuiltFrom: "/src/hello", Size: 2_400_000, Digest: "sha256:4123456789abcdef"},
		{Name: "hello", Tags: []string{"v1"}, Usual: []string{"v1"}, About: "your program with a shell", BuiltFrom: "/src/hello", Size: 2_400_000, Digest: "sha256:5123456789abcdef"},
		{Name: "nginx", Tags: []string{"1.29.3", "1.29", "latest"}, Usual: []string{"1.29", "latest"}, About: "web server", Size: 72_300_000, Digest: "sha256:0123456789abcdef"},
		{Name: "nginx", Tags: []string{"1.29.2"}, About: "web server", Size: 72_300_000, Digest: "sha256:1123456789abcdef"},
		{Name: "nginx", Tags: []string{"1.28.0", "1.28"}, Usual: []string{"1.28"}, About: "web server", Size: 72_300_000, Digest: "sha256:2123456789abcdef"},
		{Name: "registry.k8s.io/pause", Size: 320_000, Digest: "sha256:3123456789abcdef", Nodes: []string{"worker-1"}},
	}, nil
}

func (h *handle) Start(_ context.Context, p cluster.Progress) error {
	p.Stage("API server")(nil)
	h.info.State = cluster.Running
	return nil
}

func (h *handle) Stop(context.Context, cluster.Progress) error {
	h.info.State = cluster.Stopped
	return nil
}

func (h *handle) AddNode(_ context.Context, name string, _ cluster.Progress) (string, error) {
	if name == "" {
		name = "worker-9"
	}
	return name, nil
}

func (h *handle) change(verb, name string) error {
	if !slices.Contains(h.info.Nodes, name) {
		return errors.New("no node " + name)
	}
	h.did = append(h.did, verb+" "+name)
	return nil
}

func (h *handle) RemoveNode(_ context.Context, name string, _ cluster.Progress) error {
	return h.change("remove", name)
}
func (h *handle) StopNode(_ context.Context, name string, _ cluster.Progress) error {
	return h.change("stop", name)
}
func (h *handle) StoppedNodes() ([]string, error) { return nil, nil }

func (h *handle) StartNode(_ context.Context, name string, _ cluster.Progress) error {
	return h.change("start", name)
}
func (h *handle) Parts() []string { return []string{"control-plane", "worker-1"} }

func (h *handle) Logs(_ context.Context, part string, _ bool, w io.Writer) error {
	_, err := fmt.Fprintln(w, "log of", part)
	return err
}

const lessonText = "---\nid: %s\ntitle: %s\nsummary: A lesson.\nminutes: %d\nafter: [%s]\nteaches: [a thing]\n---\nText.\n\n## First step\n\nText.\n\n## Second step\n\nText.\n"

// stand is a home with lessons, in which commands are run.
type stand struct {
	t        *testing.T
	home     home.Dir
	provider *fake
	// first is a provider that is preferred to it; may be nil.
	first   cluster.Provider
	environ []string
	lessons fstest.MapFS
	kubectl []string
}

func newStand(t *testing.T) *stand {
	t.Helper()
	dir := t.TempDir()
	return &stand{
		t: t, home: home.Dir(dir), provider: &fake{clusters: map[string]*handle{}, dir: dir},
		environ: []string{"LANG=C.UTF-8"},
		lessons: fstest.MapFS{
			"one/lesson.md": {Data: fmt.Appendf(nil, lessonText, "one", "The first of them", 5, "")},
			"two/lesson.md": {Data: fmt.Appendf(nil, lessonText, "two", "The second", 10, "one")},
		},
	}
}

// run runs a command and returns what it says, what it complains, and its exit code.
func (s *stand) run(args ...string) (out, complaint string, code int) {
	s.t.Helper()
	streams, _, o, e := genericiooptions.NewTestIOStreams()
	providers := []cluster.Provider{s.provider}
	if s.first != nil {
		providers = []cluster.Provider{s.first, s.provider}
	}
	code = Main(context.Background(), streams, cmd.Deps{
		Home: s.home, Providers: providers, Lessons: s.lessons, Self: "/bin/false", Version: "v1.2.3",
		Environ: s.environ, Now: noon,
		Kubectl: func(_ context.Context, _ genericiooptions.IOStreams, args []string) error {
			s.kubectl = args
			return nil
		},
	}, args)
	return o.String(), e.String(), code
}

// ok runs a command that must go well.
func (s *stand) ok(args ...string) string {
	s.t.Helper()
	out, complaint, code := s.run(args...)
	if code != 0 {
		s.t.Fatalf("%v ended with %d: %s", args, code, complaint)
	}
	return out
}

func (s *stand) record(events ...progress.Event) {
	s.t.Helper()
	for i := range events {
		events[i].Time = noon().Add(-time.Hour + time.Duration(i)*time.Minute)
		if events[i].Cluster == "" {
			events[i].Cluster = "learn"
		}
	}
	if err := progress.NewLog(s.home.Progress(), noon).Append(context.Background(), events...); err != nil {
		s.t.Fatal(err)
	}
}

// begun is a learner who has done the first lesson and a step of the second.
func (s *stand) begun() {
	s.record(
		progress.Event{Kind: progress.Started, Lesson: "one", Step: "first-step"},
		progress.Event{Kind: progress.Attempt, Lesson: "one", Step: "first-step"},
		progress.Event{Kind: progress.Passed, Lesson: "one", Step: "first-step"},
		progress.Event{Kind: progress.Started, Lesson: "one", Step: "second-step"},
		progress.Event{Kind: progress.Skipped, Lesson: "one", Step: "second-step"},
		progress.Event{Kind: progress.Finished, Lesson: "one"},
		progress.Event{Kind: progress.Started, Lesson: "two", Step: "first-step"},
	)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if clean := strings.ReplaceAll(string(want), "\r\n", "\n"); got != clean {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, clean)
	}
}

func TestScreens(t *testing.T) {
	for name, tc := range map[string]struct {
		args  []string
		begun bool
		made  bool
	}{
		"where-new":     {},
		"where-begun":   {begun: true, made: true},
		"where-json":    {args: []string{"-o", "json"}, begun: true, made: true},
		"list":          {args: []string{"list"}, begun: true},
		"list-wide":     {args: []string{"list", "-o", "wide"}},
		"list-yaml":     {args: []string{"list", "-o", "yaml"}, begun: true},
		"progress":      {args: []string{"progress"}, begun: true},
		"progress-none": {args: []string{"progress"}},
		"clusters":      {args: []string{"cluster", "list"}, made: true},
		"clusters-none": {args: []string{"cluster", "list"}},
		"status":        {args: []string{"cluster", "status"}, made: true},
		"images":        {args: []string{"cluster", "images"}, made: true},
		"images-wide":   {args: []string{"cluster", "images", "-o", "wide"}, made: true},
		"help":          {args: []string{"--help"}},
		"help-start":    {args: []string{"start", "--help"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			if tc.begun {
				s.begun()
			}
			if tc.made {
				s.ok("cluster", "create")
			}
			golden(t, name, s.ok(tc.args...))
		})
	}
}

func TestOutputForPrograms(t *testing.T) {
	s := newStand(t)
	if got := s.ok("list", "-o", "name"); got != "lesson/one\nlesson/two\n" {
		t.Errorf("-o name gives %q", got)
	}
	if got := s.ok("list", "-o", "jsonpath={.items[*].id}"); strings.TrimSpace(got) != "one two" {
		t.Errorf("-o jsonpath gives %q", got)
	}
	var status cluster.Status
	s.ok("cluster", "create", "--nodes", "3")
	if got := s.ok("cluster", "images", "-o", "name"); got != "hello:v2\nhello:v1\nnginx:1.29.3\nnginx:1.29\nnginx:latest\nnginx:1.29.2\nnginx:1.28.0\nnginx:1.28\nregistry.k8s.io/pause@sha256:3123456789abcdef\n" {
		t.Errorf("-o name gives %q", got)
	}
	if got := s.ok("cluster", "images", "Pause", "-o", "name"); got != "registry.k8s.io/pause@sha256:3123456789abcdef\n" {
		t.Errorf("-o name of one gives %q", got)
	}
	if _, complaint, code := s.run("cluster", "images", "ngnix"); code != 2 || !strings.Contains(complaint, "none has ngnix in its name") {
		t.Errorf("of none: %d, %s", code, complaint)
	}
	if got := s.ok("cluster", "images", "-o", "jsonpath={.items[2].usualTags} {.items[0].builtFrom}"); !strings.Contains(got, "1.29") || !strings.Contains(got, "/src/hello") {
		t.Errorf("-o jsonpath gives %q", got)
	}
	if err := json.Unmarshal([]byte(s.ok("cluster", "status", "-o", "json")), &status); err != nil || len(status.Info.Nodes) != 4 {
		t.Errorf("status is %+v, %v", status, err)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want string
		code int
	}{
		"a command that there is not": {[]string{"strat"}, `learn: unknown command "strat"; did you mean "start"?`, 2},
		"a flag that there is not":    {[]string{"start", "--no-shel"}, "learn: unknown flag --no-shel; did you mean --no-shell?", 2},
		"a lesson that there is not":  {[]string{"start", "on"}, `learn: there is no lesson "on"; did you mean "one"?`, 2},
		"a lesson for the robot":      {[]string{"run", "tow"}, `did you mean "two"?`, 2},
		"no lesson for the robot":     {[]string{"run"}, "name a lesson, or give --all", 2},
		"both for the robot":          {[]string{"run", "one", "--all"}, "not both", 2},
		"no lesson under way":         {[]string{"check"}, "learn: no lesson is under way. Begin one: kubectl learn start", 2},
		"no cluster":                  {[]string{"cluster", "status"}, "learn: cluster learn: no such practice cluster. Make one: kubectl learn cluster create", 2},
		"no cluster of that name":     {[]string{"cluster", "delete", "--name", "x"}, "cluster x: no such practice cluster", 2},
		"no provider":                 {[]string{"cluster", "create", "--provider", "fak"}, `unknown provider "fak"; there are fake, auto`, 2},
		"a format that there is not":  {[]string{"list", "-o", "jsn"}, "no such output", 2},
		"no terminal for a shell":     {[]string{"shell"}, "there is no terminal", 2},
		"nodes below one":             {[]string{"cluster", "create", "--nodes", "0"}, "at least one", 2},
		"a name without its flag":     {[]string{"cluster", "create", "b"}, "kubectl learn cluster create takes no arguments; use --name b\n", 2},
		"a context without its flag":  {[]string{"cluster", "adopt", "kind-dev"}, "use --context kind-dev", 2},
		"a subcommand":                {[]string{"cluster", "crate"}, `did you mean "create"?`, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			out, complaint, code := s.run(tc.args...)
			if code != tc.code || !strings.Contains(complaint, tc.want) || !strings.HasPrefix(complaint, "learn: ") {
				t.Errorf("ended with %d and %q, want %d and %q", code, complaint, tc.code, tc.want)
			}
			if out != "" {
				t.Errorf("standard output has %q", out)
			}
		})
	}
}

func TestAClustersLife(t *testing.T) {
	s := newStand(t)
	s.ok("cluster", "create")
	if _, complaint, code := s.run("cluster", "create"); code != 2 || !strings.Contains(complaint, "already exists") {
		t.Errorf("the second create: %d, %s", code, complaint)
	}
	h := s.provider.clusters["learn"]
	s.ok("cluster", "stop")
	if h.info.State != cluster.Stopped || !strings.Contains(s.ok("cluster", "stop"), "already") {
		t.Errorf("stopped is %s", h.info.State)
	}
	if _, complaint, code := s.run("cluster", "start"); code != 0 || !strings.Contains(complaint, "API server") || h.info.State != cluster.Running {
		t.Errorf("start: %d, %s, %s", code, complaint, h.info.State)
	}
	s.ok("cluster", "node", "stop", "worker-1")
	s.ok("cluster", "node", "start", "worker-1")
	s.ok("cluster", "node", "remove", "worker-2")
	if got := s.ok("cluster", "node", "add"); !strings.Contains(got, "worker-9") {
		t.Errorf("added %s", got)
	}
	if want := []string{"stop worker-1", "start worker-1", "remove worker-2"}; !slices.Equal(h.did, want) {
		t.Errorf("did %v", h.did)
	}
	if got := s.ok("cluster", "logs"); got != "log of control-plane\n" {
		t.Errorf("logs are %q", got)
	}
	if _, complaint, code := s.run("cluster", "logs", "worker-2"); code != 2 || !strings.Contains(complaint, `did you mean "worker-1"?`) {
		t.Errorf("logs of a part that there is not: %d, %s", code, complaint)
	}
	s.begun()
	s.ok("cluster", "delete")
	if out := s.ok(); !strings.Contains(out, "none yet") || strings.Contains(out, "next") {
		t.Errorf("afterwards: %s", out)
	}
}

func TestASickPartIsToldByTheExitCode(t *testing.T) {
	s := newStand(t)
	s.ok("cluster", "create")
	s.provider.clusters["learn"].sick = true
	if out, complaint, code := s.run("cluster", "status"); code != 1 || complaint != "" || !strings.Contains(out, "✗ containers") {
		t.Errorf("%d, %q, %s", code, complaint, out)
	}
}

func TestKubectlGetsTheClustersKubeconfig(t *testing.T) {
	s := newStand(t)
	s.ok("cluster", "create")
	s.ok("kubectl", "--", "get", "pods", "--watch")
	if len(s.kubectl) != 5 || s.kubectl[0] != "--kubeconfig" || !strings.HasPrefix(s.kubectl[1], string(s.home)) || s.kubectl[4] != "--watch" {
		t.Errorf("kubectl got %v", s.kubectl)
	}
	s.ok("kubectl", "--", "--kubeconfig", "mine", "get", "pods")
	if s.kubectl[1] != "mine" {
		t.Errorf("kubectl got %v", s.kubectl)
	}
}

func TestUseChangesTheUsersKubeconfigOnlyWhereItMust(t *testing.T) {
	s := newStand(t)
	mine := filepath.Join(t.TempDir(), "config")
	before := "apiVersion: v1\nkind: Config\nclusters: [{name: prod, cluster: {server: https://prod}}]\ncontexts: [{name: prod, context: {cluster: prod, user: me}}]\ncurrent-context: prod\nusers: [{name: me, user: {token: t}}]\n"
	if err := os.WriteFile(mine, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	s.environ = append(s.environ, "KUBECONFIG="+mine)
	s.ok("cluster", "create")
	if data, _ := os.ReadFile(mine); !bytes.Equal(data, []byte(before)) {
		t.Fatal("create changed the user's kubeconfig")
	}
	out := s.ok("cluster", "use", "--no-switch")
	if data, _ := os.ReadFile(mine); !strings.Contains(string(data), "current-context: prod") || !strings.Contains(out, "use-context kubectl-learn-learn") {
		t.Errorf("without switching: %s\n%s", out, data)
	}
	if err := os.WriteFile(mine, []byte(strings.Replace(before, "current-context: prod\n", "", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out = s.ok("cluster", "use"); !strings.Contains(out, "Before it, no context was current.") || !strings.Contains(out, "config unset current-context") {
		t.Errorf("with none before: %s", out)
	}
	if out = s.ok("cluster", "use"); !strings.Contains(out, "It was that already.") {
		t.Errorf("with ours before: %s", out)
	}
	if err := os.WriteFile(mine, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is current already
		out = s.ok("cluster", "use")
		data, _ := os.ReadFile(mine)
		for _, want := range []string{"current-context: kubectl-learn-learn", "server: https://prod", "token: t", "server: https://127.0.0.1:1"} {
			if !strings.Contains(string(data), want) {
				t.Errorf("%s is not in\n%s", want, data)
			}
		}
		flat := strings.Join(strings.Fields(out), " ")
		for _, want := range []string{"Context kubectl-learn-learn is in " + mine + ", and is current there now.", "Before it, prod was current.", "use-context prod"} {
			if !strings.Contains(flat, want) {
				t.Errorf("%q is not said: %s", want, out)
			}
		}
	}
}

// TestDeleteTakesOutWhatUseWrote: and of all else in the file nothing changes.
func TestDeleteTakesOutWhatUseWrote(t *testing.T) {
	const (
		others = "- cluster:\n    server: https://prod\n  name: prod\n"
		ours   = "kubectl-learn-learn"
	)
	rename := func(text string) string {
		return strings.Replace(text, "server: https://127.0.0.1:1", "server: https://other", 1)
	}
	for name, tc := range map[string]struct {
		current string // before
		use     []string
		edit    func(text string) string
		left    bool
		says    string
		after   string // current then
	}{
		"back to the one before": {current: "prod", says: "Context prod is current there again.", after: "prod"},
		"none was before":        {says: "No context is current there now.", after: `""`},
		"the one before is gone": {current: "prod", says: "No context is current there now.", after: `""`,
			edit: func(text string) string {
				return strings.Replace(text, "    cluster: prod\n    user: me\n  name: prod\n", "    cluster: prod\n    user: me\n  name: production\n", 1)
			}},
		"another namespace there": {current: "prod", says: "Context prod is current there again.", after: "prod", edit: func(text string) string {
			return strings.Replace(text, "    user: kubectl-learn-learn\n", "    namespace: mine\n    user: kubectl-learn-learn\n", 1)
		}},
		"it was not current":          {current: "prod", use: []string{"--no-switch"}, says: "is out of", after: "prod"},
		"somebody else's cluster now": {current: "prod", edit: rename, left: true, says: "was changed since", after: ours},
		"somebody took it out already": {current: "prod", says: "Cluster learn is gone.", after: "prod", edit: func(string) string {
			return kubeconfigOf("prod")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			mine := filepath.Join(t.TempDir(), "config")
			if err := os.WriteFile(mine, []byte(kubeconfigOf(tc.current)), 0o600); err != nil {
				t.Fatal(err)
			}
			s.environ = append(s.environ, "KUBECONFIG="+mine)
			s.ok("cluster", "create")
			s.ok(append([]string{"cluster", "use"}, tc.use...)...)
			if tc.edit != nil {
				data, _ := os.ReadFile(mine)
				edited := tc.edit(string(data))
				if edited == string(data) {
					t.Fatalf("nothing was edited in\n%s", data)
				}
				if err := os.WriteFile(mine, []byte(edited), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			out := strings.Join(strings.Fields(s.ok("cluster", "delete")), " ")
			data, _ := os.ReadFile(mine)
			text := string(data)
			if !strings.Contains(out, tc.says) {
				t.Errorf("%q is not said: %s", tc.says, out)
			}
			if strings.Contains(text, ours) != tc.left || !strings.Contains(text, others) || !strings.Contains(text, "token: t\n") {
				t.Errorf("the file is\n%s", text)
			}
			if !strings.Contains(text, "current-context: "+tc.after+"\n") {
				t.Errorf("current is not %s:\n%s", tc.after, text)
			}
			if notes, _ := filepath.Glob(filepath.Join(string(s.home), "used-*")); len(notes) > 0 {
				t.Errorf("%v is left", notes)
			}
		})
	}
}

// kubeconfigOf is a user's kubeconfig, as kubectl writes it.
func kubeconfigOf(current string) string {
	return "apiVersion: v1\nclusters:\n- cluster:\n    server: https://prod\n  name: prod\ncontexts:\n- context:\n    cluster: prod\n    user: me\n  name: prod\n" +
		"current-context: " + cmp.Or(current, `""`) + "\n" + "kind: Config\nusers:\n- name: me\n  user:\n    token: t\n"
}

func TestTheRobotLeavesALearnersClusterAlone(t *testing.T) {
	s := newStand(t)
	s.ok("cluster", "create")
	s.begun()
	for _, args := range [][]string{{"run", "--all"}, {"author", "test"}} {
		if _, complaint, code := s.run(args...); code != 2 || !strings.Contains(complaint, "lesson two is under way on cluster learn") {
			t.Errorf("%v: %d, %s", args, code, complaint)
		}
	}
}

func TestLint(t *testing.T) {
	s := newStand(t)
	bad := filepath.Join(t.TempDir(), "lesson.md")
	text := "---\nid: bad\ntitle: Bad\nsummary: S.\nminuts: 3\n---\nText.\n\n## Step\n\nText.\n"
	if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _, code := s.run("author", "lint", bad)
	if code != 1 || !strings.Contains(out, bad+":5:1: ") || !strings.Contains(out, `"minutes"`) {
		t.Errorf("%d: %s", code, out)
	}
	if _, complaint, code := s.run("author", "lint", "./nowhere"); code != 2 || !strings.Contains(complaint, "nowhere") {
		t.Errorf("%d: %s", code, complaint)
	}
}

func TestCompletion(t *testing.T) {
	s := newStand(t)
	s.begun()
	s.ok("cluster", "create")
	s.ok("cluster", "create", "--name", "second")
	for name, tc := range map[string]struct {
		args []string
		want []string
	}{
		"lessons":            {[]string{"start", ""}, []string{"one", "two"}},
		"begun lessons":      {[]string{"start", "t"}, []string{"two"}},
		"one lesson only":    {[]string{"start", "one", ""}, nil},
		"lessons not twice":  {[]string{"run", "one", ""}, []string{"two"}},
		"steps":              {[]string{"start", "one", "--at", ""}, []string{"first-step", "second-step"}},
		"steps where I am":   {[]string{"start", "--at", "s"}, []string{"second-step"}},
		"clusters":           {[]string{"cluster", "status", "--name", ""}, []string{"learn", "second"}},
		"nodes":              {[]string{"cluster", "node", "stop", "w"}, []string{"worker-1", "worker-2"}},
		"nodes of a cluster": {[]string{"cluster", "node", "stop", "--name", "second", "c"}, []string{"control-plane"}},
		"providers":          {[]string{"start", "--provider", ""}, []string{"fake", "auto"}},
	} {
		t.Run(name, func(t *testing.T) {
			out := s.ok(append([]string{"__complete"}, tc.args...)...)
			var got []string
			for line := range strings.Lines(out) {
				word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
				if !strings.HasPrefix(word, ":") && word != "" {
					got = append(got, word)
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestColourOnlyWhereItIsWanted(t *testing.T) {
	s := newStand(t)
	if out := s.ok(); strings.Contains(out, "\x1b") {
		t.Errorf("a pipe gets colours: %q", out)
	}
	s.environ = []string{"LANG=C", "CLICOLOR_FORCE=1"}
	out := s.ok()
	if !strings.Contains(out, "\x1b[") {
		t.Errorf("no colours where they are forced: %q", out)
	}
	for _, r := range out {
		if r > 126 {
			t.Fatalf("%q is not ASCII", r)
		}
	}
}

// Every command says what it is for, takes its arguments by rule, and has a place in the help.
