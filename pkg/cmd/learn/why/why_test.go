package why

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube/kubetest"
	"github.com/kubectl-learn/kubectl-learn/pkg/observe"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

const crashing = `
apiVersion: v1
kind: Pod
metadata: {name: till, namespace: shop, labels: {app: till}}
spec: {nodeName: n1, serviceAccountName: till, containers: [{name: till, image: "busybox:1.37"}]}
status:
  phase: Running
  conditions: [{type: PodScheduled, status: "True"}, {type: Ready, status: "False"}]
  containerStatuses:
  - {name: till, restartCount: 4, ready: false, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1, reason: Error}}}`

const lacking = `
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: web, image: nginx, env: [{name: P, valueFrom: {secretKeyRef: {name: db, key: passwd}}}]}]}
status:
  phase: Pending
  conditions: [{type: PodScheduled, status: "True"}]
  containerStatuses:
  - {name: web, ready: false, state: {waiting: {reason: CreateContainerConfigError, message: "couldn't find key passwd in Secret shop/db"}}}`

const secret = `
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop, annotations: {kubectl.kubernetes.io/last-applied-configuration: swordfish}}
data: {password: swordfish}`

const ready = `
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: nginx}]}
status: {phase: Running, conditions: [{type: Ready, status: "True"}]}`

// words are what logs hold, by container.
type words map[string][]string

func (w words) Logs(_ context.Context, of snapshot.Log, _ int) ([]string, error) {
	lines, ok := w[of.Container]
	if !ok {
		return nil, errors.New(`pods "` + of.Pod + `" is forbidden: User "ann" cannot get resource "pods/log"`)
	}
	return lines, nil
}

func server(t *testing.T, objects ...string) (*kubetest.Server, *kube.Client) {
	t.Helper()
	s := kubetest.New()
	t.Cleanup(s.Close)
	for _, o := range append(objects, "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}") {
		s.Put(o)
	}
	c, err := kube.New(s.Config(), "shop", nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func look(t *testing.T, c *kube.Client, logs logReader) *snapshot.Snapshot {
	t.Helper()
	g := &gatherer{here: observe.Of(c, nil), anywhere: observe.Of(c.In(""), nil), logs: logs}
	return g.gather(t.Context(), snapshot.Query{})
}

func asked(s *kubetest.Server, text string) bool {
	return slices.ContainsFunc(s.Requests(), func(r string) bool { return strings.Contains(r, text) })
}

// What nothing hints at is not read.
func TestLittleIsRead(t *testing.T) {
	s, c := server(t, ready)
	look(t, c, words{})
	for _, resource := range []string{"secrets", "configmaps", "roles", "storageclasses"} {
		if asked(s, "/"+resource) {
			t.Errorf("%s were read, although all is well", resource)
		}
	}
}

func TestMoreIsReadWhereSomethingHintsAtIt(t *testing.T) {
	s, c := server(t, crashing, lacking, secret)
	now := look(t, c, words{"till": {`services is forbidden: User "system:serviceaccount:shop:till" cannot list resource "services" in API group "" in the namespace "shop"`}})
	for _, resource := range []string{"secrets", "rolebindings", "clusterroles"} {
		if !asked(s, "/"+resource) {
			t.Errorf("%s were not read", resource)
		}
	}
	text, err := json.Marshal(now)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "swordfish") || !strings.Contains(string(text), `"password":""`) {
		t.Errorf("of the Secret not the keys alone are kept:\n%s", text)
	}
}

// A name that was looked for is looked for in all namespaces; that this is not allowed is no lack.
func TestServicesElsewhere(t *testing.T) {
	s, c := server(t, crashing, "{apiVersion: v1, kind: Service, metadata: {name: db, namespace: store}}")
	log := words{"till": {"wget: bad address 'db'"}}
	if now := look(t, c, log); !slices.ContainsFunc(now.Objects, func(o *unstructured.Unstructured) bool { return o.GetNamespace() == "store" }) {
		t.Error("the Service in the other namespace was not found")
	}
	s.Forbid(func(a kube.Act) bool { return a.Resource == "services" })
	if now := look(t, c, log); len(now.Errors) > 0 {
		t.Errorf("what is not missing is said to be: %v", now.Errors)
	}
}

func TestLogsThatMayNotBeRead(t *testing.T) {
	_, c := server(t, crashing)
	now := look(t, c, words{})
	if !strings.Contains(now.Errors["logs"], "cannot get resource") || len(now.Logs) != 1 || now.Logs[0].Error == "" {
		t.Errorf("%v, %v", now.Errors, now.Logs)
	}
}

const robot = `
apiVersion: v1
kind: Pod
metadata: {name: robot, namespace: shop}
spec: {serviceAccountName: robot, containers: [{name: robot, image: kubectl}]}
status:
  phase: Running
  conditions: [{type: Ready, status: "True"}]
  containerStatuses: [{name: robot, ready: true, state: {running: {}}}]`

// The logs of a few ready Pods are looked into, and more is read where one hints at it; that they may not be read is no lack.
func TestGlancesAtLogs(t *testing.T) {
	s, c := server(t, robot)
	now := look(t, c, words{"robot": {`pods is forbidden: User "system:serviceaccount:shop:robot" cannot list resource "pods" in API group "" in the namespace "shop"`}})
	if len(now.Logs) != 1 || !asked(s, "/rolebindings") {
		t.Errorf("%v, %v", now.Logs, s.Requests())
	}
	if now = look(t, c, words{}); len(now.Errors) > 0 || len(now.Logs) > 0 {
		t.Errorf("%v, %v", now.Errors, now.Logs)
	}
	var many []string
	for i := range 20 {
		many = append(many, strings.ReplaceAll(robot, "name: robot", fmt.Sprintf("name: robot-%d", i)))
	}
	_, c = server(t, many...)
	reads := 0
	look(t, c, counting{&reads})
	if reads != 6 {
		t.Errorf("%d logs were read", reads)
	}
}

// counting counts what is read.
type counting struct{ n *int }

func (c counting) Logs(context.Context, snapshot.Log, int) ([]string, error) {
	*c.n++
	return []string{"ready"}, nil
}

// run runs the command as a user would type it.
func run(t *testing.T, s *kubetest.Server, args ...string) (string, error) {
	t.Helper()
	kubeconfig := filepath.Join(t.TempDir(), "config")
	text := "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: " + s.Config().Host + "}}]\n" +
		"contexts: [{name: mine, context: {cluster: c, user: u, namespace: shop}}]\ncurrent-context: mine\nusers: [{name: u, user: {token: x}}]\n"
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	streams, _, out, _ := genericiooptions.NewTestIOStreams()
	c := New(cmd.NewApp(streams, cmd.Deps{Now: time.Now}))
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetArgs(append([]string{"--kubeconfig", kubeconfig}, args...))
	err := c.ExecuteContext(t.Context())
	return out.String(), err
}

func TestAsData(t *testing.T) {
	s, _ := server(t, crashing)
	out, err := run(t, s, "-o", "json")
	if exit, ok := errors.AsType[*cmd.Exit](err); !ok || exit.Code != cmd.CodeNotMet {
		t.Errorf("with a cause it ends with %v", err)
	}
	var got struct {
		Causes []struct {
			Code, Message, Next string
			Subject             struct{ Kind, Namespace, Name string }
			Evidence            []struct{ From, Value string }
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	if len(got.Causes) != 1 {
		t.Fatalf("%s", out)
	}
	c := got.Causes[0]
	if c.Code != "CrashLoop" || c.Subject.Kind != "Pod" || c.Subject.Namespace != "shop" || c.Subject.Name != "till" || len(c.Evidence) < 2 || c.Next == "" {
		t.Errorf("%s", out)
	}
}

func TestAllIsWell(t *testing.T) {
	s, _ := server(t, ready)
	out, err := run(t, s, "-o", "json")
	if err != nil || strings.Join(strings.Fields(out), "") != `{"causes":[]}` {
		t.Errorf("%v, %s", err, out)
	}
	if out, err = run(t, s); err != nil || !strings.Contains(out, "all is well") {
		t.Errorf("%v, %s", err, out)
	}
}

func TestEvidenceAndNamespace(t *testing.T) {
	s, _ := server(t, crashing)
	out, _ := run(t, s)
	if strings.Contains(out, "from pod/till") || strings.Contains(out, "kubectl -n") {
		t.Errorf("it is said where each thing was read, or what the namespace is, without being asked:\n%s", out)
	}
	out, _ = run(t, s, "pod/till", "--evidence", "-n", "shop")
	for _, want := range []string{"from pod/till status.containerStatuses[till].lastState.terminated", "kubectl -n shop logs till"} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

func TestMistakes(t *testing.T) {
	s, _ := server(t, ready)
	for line, want := range map[string]string{
		"pod/nobody":          "there is no such object in namespace shop; there is web",
		"nobody":              "KIND/NAME",
		"pod/web -f x.yaml":   "not both",
		"-f no-such-file.yml": "no such file",
	} {
		if _, err := run(t, s, strings.Fields(line)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("why %s: %v", line, err)
		}
	}
}

func TestSave(t *testing.T) {
	s, _ := server(t, lacking, secret)
	file := filepath.Join(t.TempDir(), "saved.json")
	_, _ = run(t, s, "--save", file)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var now snapshot.Snapshot
	if err := json.Unmarshal(data, &now); err != nil || len(now.Objects) < 2 || strings.Contains(string(data), "swordfish") {
		t.Errorf("%v in\n%s", err, data)
	}
}
