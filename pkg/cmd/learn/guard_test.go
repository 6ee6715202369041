package learn

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster/current"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube/kubetest"
)

// arguments are what each command of the tree is tried with, by its path. A command without an entry
// fails the tests: whoever adds one says here how it is run.
var arguments = map[string][]string{
	"":                      {""},
	"list":                  {""},
	"start":                 {"one --no-shell", "two --no-shell", "one --no-shell --at second-step", "one"},
	"check":                 {""},
	"next":                  {""},
	"hint":                  {""},
	"strike":                {""},
	"skip":                  {""},
	"reset":                 {""},
	"quit":                  {""},
	"progress":              {""},
	"cluster":               {""},
	"cluster create":        {"", "--provider current", "--metrics"},
	"cluster status":        {"", "-o json"},
	"cluster stop":          {""},
	"cluster start":         {""},
	"cluster delete":        {""},
	"cluster list":          {""},
	"cluster logs":          {"", "--export logs"},
	"cluster use":           {"", "--no-switch"},
	"cluster images":        {"", "-o wide"},
	"cluster load-images":   {"images.tar"},
	"cluster build-image":   {"hello:v1 .", "hello:v1 . --yes"},
	"cluster node":          {""},
	"cluster node add":      {"", "n9"},
	"cluster node remove":   {"n1"},
	"cluster node stop":     {"n1"},
	"cluster node start":    {"n1"},
	"cluster node press":    {"n1"},
	"cluster adopt":         {"", "--context mine", "--context mine --namespace shop", "--context production --yes"},
	"cluster forget":        {"", "--leave-behind"},
	"shell":                 {""},
	"kubectl":               {"-- get pods", "-- delete namespace shop"},
	"explain":               {"", "pod/web", "pod/web --try-delete", "deploy web -o json"},
	"map":                   {"", "-A -o json", "-o svg"},
	"heal":                  {"pod/till -n shop --kill pod --yes --timeout 1s", "pod/till --kill node --yes", "pod/till --kill pod --context production --yes"},
	"trace":                 {"pod/till --timeout 1ms", "--since 5m", "-- kubectl delete namespace shop"},
	"why":                   {"", "pod/till -n shop", "-n shop -o json", "namespace/shop"},
	"run":                   {"one", "--all", "one -o json"},
	"author":                {""},
	"author lint":           {"one"},
	"author new":            {"one"}, // which is taken
	"author preview":        {"one"},
	"author schema":         {""},
	"author test":           {"one", "--trust one"},
	"version":               {""},
	"help":                  {"start"},
	"completion":            {""},
	"completion bash":       {""},
	"completion install":    {""},
	"completion uninstall":  {""},
	"completion zsh":        {""},
	"completion fish":       {""},
	"completion powershell": {""},
}

// tries are all commands of the tree with their arguments, in order.
func tries(t *testing.T) [][]string {
	t.Helper()
	streams, _, _, _ := genericiooptions.NewTestIOStreams()
	s := newStand(t)
	root := New(cmd.NewApp(streams, cmd.Deps{Home: s.home, Lessons: s.lessons, Now: noon}))
	root.InitDefaultHelpCmd()
	var found [][]string
	gone := maps.Clone(arguments)
	for queue := []*cobra.Command{root}; len(queue) > 0; queue = queue[1:] {
		c := queue[0]
		queue = append(queue, c.Commands()...)
		path := strings.TrimSpace(strings.TrimPrefix(c.CommandPath(), "kubectl learn"))
		lines, ok := arguments[path]
		if !ok {
			t.Errorf("kubectl learn %s: there is no entry in arguments", path)
		}
		delete(gone, path)
		for _, line := range lines {
			found = append(found, append(strings.Fields(path), strings.Fields(line)...))
		}
	}
	if len(gone) > 0 {
		t.Errorf("arguments names commands that are gone: %v", slices.Sorted(maps.Keys(gone)))
	}
	return found
}

// guarded lessons have each kind of write in them: an object, a request to a Service, and many.
const guarded = "---\nid: %s\ntitle: T\nsummary: S.\nminutes: 5\n---\nText.\n\n## First step\n\n" +
	"```yaml given\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n```\n" +
	"```yaml fault\nload: service/web\nrate: 10\nfor: 1s\nsay: A crowd comes.\n```\n" +
	"```yaml get\nthat: It answers\non: service/web\nexpect: {contains: [hello]}\nexpected: hello\n```\n\n## Second step\n\n" +
	"```yaml given\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: page}\ndata: {a: b}\n```\n" +
	"```yaml check\n- that: It is there\n  on: configmap/page\n  expect: object.data[\"a\"] == \"b\"\n  expected: a page\n```\n"

// guest is a stand whose user has a cluster, with work of others on it.
type guest struct {
	*stand
	server *kubetest.Server
	before map[string]string
}

func newGuest(t *testing.T) *guest {
	t.Helper()
	s := newStand(t)
	g := &guest{stand: s, server: kubetest.New()}
	t.Cleanup(g.server.Close)
	g.server.Proxy(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
	for _, text := range []string{
		"{apiVersion: v1, kind: Namespace, metadata: {name: kube-system}}",
		"{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {app.kubernetes.io/managed-by: kubectl-learn, kubectl-learn.dev/lesson: one}}}",
		"{apiVersion: v1, kind: Pod, metadata: {name: till, namespace: shop, labels: {app.kubernetes.io/managed-by: kubectl-learn}}}",
		"{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {unschedulable: true}, status: {conditions: [{type: Ready, status: 'True'}]}}",
		"{apiVersion: v1, kind: Node, metadata: {name: n2}, status: {conditions: [{type: Ready, status: 'True'}]}}",
	} {
		g.server.Put(text)
	}
	for _, id := range []string{"one", "two"} {
		s.lessons[id+"/lesson.md"].Data = fmt.Appendf(nil, guarded, id)
	}
	kubeconfig := filepath.Join(t.TempDir(), "config")
	text := "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: " + g.server.Config().Host + "}}]\n" +
		"contexts: [{name: mine, context: {cluster: c, user: u}}, {name: production, context: {cluster: c, user: u}}]\n" +
		"current-context: mine\nusers: [{name: u, user: {token: secret}}]\n"
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.environ = append(s.environ, "KUBECONFIG="+kubeconfig, "USER=ann")
	s.first = current.New(string(s.home), time.Now)
	g.before = g.versions()
	return g
}

// versions are the objects of others, by their resource versions.
func (g *guest) versions() map[string]string {
	found := map[string]string{}
	for _, place := range []string{"namespaces//kube-system", "namespaces//shop", "pods/shop/till", "nodes//n1", "nodes//n2"} {
		p := strings.Split(place, "/")
		if o := g.server.Get(p[0], p[1], p[2]); o != nil {
			found[place] = o.GetResourceVersion()
		}
	}
	return found
}

// writes are the requests that could change something, since a mark.
func (g *guest) writes(since int) []string {
	return slices.DeleteFunc(g.server.Requests()[since:], func(r string) bool {
		reads := strings.HasPrefix(r, "GET ") && !strings.Contains(r, "/proxy")
		return reads || strings.Contains(r, "/selfsubject")
	})
}

// within says that a write is one in a lesson's namespace, or of one.
func within(w string) bool {
	_, path, _ := strings.Cut(w, " ")
	path, _, _ = strings.Cut(path, "?")
	for _, lesson := range []string{"learn-one-ann", "learn-two-ann"} {
		if strings.Contains(path+"/", "/namespaces/"+lesson+"/") {
			return true
		}
	}
	return strings.HasPrefix(w, "POST /api/v1/namespaces?") // which one, the test of the others shows
}

func (g *guest) untouched() {
	g.t.Helper()
	for place, version := range g.versions() {
		if g.before[place] != version {
			g.t.Errorf("%s was changed", place)
		}
	}
	if len(g.versions()) != len(g.before) {
		g.t.Errorf("of %v only %v are left", g.before, g.versions())
	}
}

func TestNothingIsWrittenBeforeConsent(t *testing.T) {
	g := newGuest(t)
	for _, args := range tries(t) {
		for _, more := range [][]string{nil, {"--provider", "current"}, {"--name", "mine", "--provider", "current"}} {
			g.run(append(slices.Clone(more), args...)...)
			if wrote := g.writes(0); len(wrote) > 0 {
				t.Fatalf("kubectl learn %s %s wrote %v", strings.Join(more, " "), strings.Join(args, " "), wrote)
			}
		}
	}
	if asked := g.server.Requests(); !slices.Contains(asked, "GET /version") {
		t.Errorf("the cluster was never asked, so that nothing was tested: %v", asked)
	}
	g.untouched()
}

// adopted is a guest whose user said yes; with a lesson, one is under way.
func adopted(t *testing.T, lesson bool) *guest {
	t.Helper()
	g := newGuest(t)
	g.ok("cluster", "adopt", "--name", "mine", "--context", "mine", "--yes")
	if wrote := g.writes(0); len(wrote) > 0 {
		t.Fatalf("to say yes wrote %v", wrote)
	}
	if lesson {
		g.ok("--name", "mine", "start", "one", "--no-shell")
	}
	return g
}

func TestWritesStayWithinTheLessons(t *testing.T) {
	for _, args := range tries(t) {
		for _, lesson := range []bool{false, true} {
			name := fmt.Sprintf("%s, lesson %v", strings.Join(args, " "), lesson)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				writesStayWithin(t, args, lesson)
			})
		}
	}
}

func writesStayWithin(t *testing.T, args []string, lesson bool) {
	g := adopted(t, lesson)
	agreed := string(g.server.Get("namespaces", "", "kube-system").GetUID())
	mark := len(g.server.Requests())
	g.run(append([]string{"--name", "mine"}, args...)...)
	wrote := g.writes(mark)
	for _, w := range g.writes(0) {
		if !within(w) {
			t.Errorf("it wrote %s", w)
		}
	}
	g.untouched()
	if len(wrote) == 0 {
		return
	}
	// The same once more, when the context has come to lead elsewhere.
	g = adopted(t, lesson)
	g.server.Remove("namespaces", "", "kube-system")
	other := string(g.server.Put("{apiVersion: v1, kind: Namespace, metadata: {name: kube-system}}").GetUID())
	mark = len(g.server.Requests())
	_, complaint, code := g.run(append([]string{"--name", "mine"}, args...)...)
	if again := g.writes(mark); len(again) > 0 {
		t.Errorf("on another cluster it wrote %v", again)
	}
	refused := strings.Contains(complaint, agreed) && strings.Contains(complaint, other)
	ends := slices.Contains(args, "--leave-behind") // what is left is told, and the cluster forgotten all the same
	if (code == 0) != ends || !refused {
		t.Errorf("on another cluster it ended with %d and %q; it should name %s and %s", code, complaint, agreed, other)
	}
}

// To leave a lesson whose namespace somebody else took is no error, and touches nothing.
func TestQuitWhereTheNamespaceWasTaken(t *testing.T) {
	g := adopted(t, true)
	g.server.Remove("namespaces", "", "learn-one-ann")
	g.server.Put("{apiVersion: v1, kind: Namespace, metadata: {name: learn-one-ann}}")
	g.server.Put("{apiVersion: v1, kind: Pod, metadata: {name: theirs, namespace: learn-one-ann}}")
	mark := len(g.server.Requests())
	_, complaint, code := g.run("--name", "mine", "quit")
	if code != 0 || !strings.Contains(complaint, "left alone") {
		t.Errorf("%d, %s", code, complaint)
	}
	if wrote := g.writes(mark); len(wrote) > 0 || g.server.Get("pods", "learn-one-ann", "theirs") == nil {
		t.Errorf("it wrote %v", wrote)
	}
	if _, complaint, code = g.run("--name", "mine", "quit"); code == 0 || !strings.Contains(complaint, "o lesson is under way") {
		t.Errorf("the lesson goes on: %d, %s", code, complaint)
	}
}

func TestTheBuiltInKubectlGetsTheLearnersRights(t *testing.T) {
	g := adopted(t, false)
	if _, complaint, code := g.run("--name", "mine", "kubectl", "--", "get", "pods"); code != 2 || !strings.Contains(complaint, "no lesson is under way") || g.kubectl != nil {
		t.Errorf("without a lesson: %d, %s, %v", code, complaint, g.kubectl)
	}
	g.ok("--name", "mine", "start", "one", "--no-shell")
	g.ok("--name", "mine", "kubectl", "--", "get", "pods")
	config, err := os.ReadFile(g.kubectl[1])
	if err != nil || strings.Contains(string(config), "secret") || !strings.Contains(string(config), "namespace: learn-one-ann") {
		t.Errorf("it got %v\n%s", err, config)
	}
}

func TestWhatIsNotOursToDo(t *testing.T) {
	g := adopted(t, false)
	for line, want := range map[string]string{
		"cluster delete":        "kubectl learn never deletes it. To take your consent back, and what lessons left there away: kubectl learn cluster forget --name mine",
		"cluster stop":          "it is not for kubectl learn to stop it",
		"cluster start":         "to start it is not for kubectl learn",
		"cluster node add":      "to change its nodes is not for kubectl learn",
		"cluster use":           "came from your kubeconfig: it is context mine of",
		"cluster create":        "practice cluster already exists",
		"cluster adopt":         "there is a practice cluster mine already (current)",
		"cluster load-images x": "take none",
	} {
		if _, complaint, code := g.run(append([]string{"--name", "mine"}, strings.Fields(line)...)...); code != 2 || !strings.Contains(complaint, want) {
			t.Errorf("%s: %d, %s", line, code, complaint)
		}
	}
	if out := g.ok("cluster", "list"); !strings.Contains(out, "mine") || !strings.Contains(out, "current") {
		t.Errorf("the list is\n%s", out)
	}
	if out := g.ok("--name", "mine", "cluster", "status"); !strings.Contains(out, "1 of 2 take Pods") && !strings.Contains(out, "2 of 2 Ready, 1 take Pods") {
		t.Errorf("the status is\n%s", out)
	} else if strings.Count(out, "real") != 1 || !strings.Contains(out, "The cluster is yours, and real;") {
		t.Errorf("that it is real is not said once:\n%s", out)
	}
	g.ok("--name", "mine", "cluster", "forget")
	if out := g.ok("cluster", "list"); strings.Contains(out, "mine") {
		t.Errorf("it is not forgotten\n%s", out)
	}
	if _, complaint, code := g.run("--name", "mine", "cluster", "forget"); code != 2 || !strings.Contains(complaint, "no cluster mine is adopted, and no other") || strings.Contains(complaint, "create") {
		t.Errorf("to forget it twice: %d, %s", code, complaint)
	}
	g.ok("cluster", "adopt", "--name", "other", "--context", "mine", "--yes")
	if _, complaint, code := g.run("--name", "mine", "cluster", "forget"); code != 2 || !strings.Contains(complaint, "Adopted: other; say which with --name") {
		t.Errorf("with another adopted: %d, %s", code, complaint)
	}
}

func TestConsent(t *testing.T) {
	for name, tc := range map[string]struct{ args, want string }{
		"without a terminal":            {"--context mine", "there is no terminal to ask on"},
		"no context":                    {"", "There are mine, production"},
		"a context that there is not":   {"--context min", "has no context \"min\""},
		"production, with yes alone":    {"--context production --yes", "add --production-too"},
		"a learner's name that is none": {"--context mine --yes --learner Ann_Smith", "use lower case letters"},
		"a namespace in use":            {"--context mine --yes --namespace shop", "namespace shop is in use"},
		"a file that there is not":      {"--context mine --kubeconfig nowhere", "there is no file"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuest(t)
			_, complaint, code := g.run(append([]string{"cluster", "adopt"}, strings.Fields(tc.args)...)...)
			if code != 2 || !strings.Contains(complaint, tc.want) {
				t.Errorf("%d, %s", code, complaint)
			}
			if left, _ := os.ReadDir(filepath.Join(string(g.home), "adopted")); len(left) > 0 {
				t.Errorf("it kept %v", left)
			}
		})
	}
	g := newGuest(t)
	if _, said, code := g.run("cluster", "adopt", "--context", "production", "--yes", "--production-too"); code != 0 || !strings.Contains(said, "look at the cluster of") {
		t.Errorf("%d, %s", code, said)
	}
	g.server.Put("{apiVersion: v1, kind: Namespace, metadata: {name: given}}")
	out := strings.Join(strings.Fields(g.ok("--name", "given", "cluster", "adopt", "--context", "mine", "--yes", "--namespace", "given")), " ")
	for _, want := range []string{"add no quota, no limits and no Pod security", "kubectl create configmap x"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}
