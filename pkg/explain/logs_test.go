package explain_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

const crashLoop = `restartCount: 4, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1, reason: Error}}`

// whyLog asks why about a namespace in whose Pod app a program wrote some lines.
func whyLog(t *testing.T, lines string, objects ...string) *explain.Diagnosis {
	t.Helper()
	now := scene(t, append(objects, node)...)
	now.Logs = []snapshot.Log{{Namespace: "learn-heal", Pod: "app", Container: "app", Lines: strings.Split(lines, "\n")}}
	d, err := explain.Why(snapshot.Query{}, now)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestLastWords(t *testing.T) {
	for _, c := range []struct {
		name, log, want string
		long            []string
	}{
		{"three lines", "a\nb\nc", "a / b / c", nil},
		{"more lines", "1\n2\n3\n4\n5\n6\n7\n8\n9", "7 / 8 / 9", []string{"2", "9"}},
		{
			"the second of two tracebacks",
			"Traceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'a'\nDuring handling of the above exception, another exception occurred:\nTraceback (most recent call last):\n  File \"a.py\", line 2\nValueError: no a",
			"ValueError: no a", []string{"Traceback (most recent call last):", "ValueError: no a"},
		},
		{
			"Node.js", "node:internal:1080\n  throw err;\n  ^\nError: Cannot find module 'express'\nRequire stack:\n- /app/server.js\n    at Module._resolveFilename (node:internal)\n    at node:internal",
			"Error: Cannot find module 'express'", []string{"node:internal:1080", "    at node:internal"},
		},
		{
			"what came after a traceback", "Traceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'a'\nFATAL giving up",
			"KeyError: 'a' / FATAL giving up", []string{"Traceback (most recent call last):", "FATAL giving up"},
		},
		{
			"a panic far above", "panic: boom\n" + strings.Repeat("\t/src/main.go:1\n", 30), "panic: boom", []string{"panic: boom", "\t/src/main.go:1"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := whyLog(t, c.log, pod("", crashLoop, ""))
			chain := d.Problems[0].Chain
			i := slices.IndexFunc(chain, func(l explain.Link) bool { return strings.HasPrefix(l.From, "logs ") })
			if i < 0 || chain[i].Evidence != c.want {
				t.Fatalf("%+v, wanted %q", chain, c.want)
			}
			lines := chain[i].Lines
			if len(lines) > 8 {
				t.Errorf("%d lines are shown", len(lines))
			}
			if (len(lines) > 0) != (len(c.long) > 0) || len(lines) > 0 && (lines[0] != c.long[0] || lines[len(lines)-1] != c.long[1]) {
				t.Errorf("at length it says %q, wanted from %q", lines, c.long)
			}
		})
	}
}

// Nobody is sent to last words that are not there.
func TestAdviceByWhatTheLogSays(t *testing.T) {
	for want, log := range map[string]snapshot.Log{
		"What it wrote last says why.": {Lines: []string{"no such host"}},
		"its log is empty":             {},
		"once it can be read":          {Error: "its node has it no more"},
	} {
		now := scene(t, pod("", crashLoop, ""), node)
		log.Namespace, log.Pod, log.Container, log.Previous = "learn-heal", "app", "app", true
		now.Logs = []snapshot.Log{log}
		d, err := explain.Why(snapshot.Query{}, now)
		if err != nil {
			t.Fatal(err)
		}
		if advice := d.Problems[0].Advice; !strings.HasPrefix(advice, "The program itself gave up") || !strings.Contains(advice, want) {
			t.Errorf("%q, wanted %q in it", advice, want)
		}
	}
}

// A log that could not be read is no reason to be silent about it, except where all logs are forbidden: that is said once, elsewhere.
func TestALogThatCouldNotBeRead(t *testing.T) {
	for said, told := range map[string]bool{
		"read log of pod app: its node has it no more": true,
		`pods "app" is forbidden`:                      false,
	} {
		now := scene(t, pod("", crashLoop, ""), node)
		now.Logs = []snapshot.Log{{Namespace: "learn-heal", Pod: "app", Container: "app", Previous: true, Error: said}}
		d, err := explain.Why(snapshot.Query{}, now)
		if err != nil {
			t.Fatal(err)
		}
		chain := d.Problems[0].Chain
		found := slices.ContainsFunc(chain, func(l explain.Link) bool {
			return l.Claim == "What it wrote last could not be read." && l.Evidence == said && l.From == "logs pod/app app --previous"
		})
		if found != told {
			t.Errorf("%s: %+v", said, chain)
		}
	}
}

// A client that ends is a symptom of the Service that it complains about, whatever words it has for that; one that complains of
// nothing is a cause of its own.
func TestClientsOfAServiceThatIsDown(t *testing.T) {
	const down = `
apiVersion: v1
kind: Service
metadata: {name: db, namespace: learn-heal, uid: s1}
spec: {clusterIP: 10.96.4.5, selector: {app: db}, ports: [{port: 5432}]}`
	for line, folded := range map[string]bool{
		"cannot connect to db:5432": true, "could not connect to server at db": true, "Unable to connect to db": true, "failed to open a connection to db: connection error": true,
		"dial tcp 10.96.4.5:5432: connect: no route to host": true, "ECONNREFUSED db:5432": true, "Error: read ECONNRESET db": true,
		"db: host unreachable": true, "org.postgresql.ConnectException: db": true, "nc: bad address 'db'": true,
		"Error 111 connecting to db:5432":  true,
		"connected to db, exit on bad row": false, "no DATABASE_URL for db": false, "cannot connect to queue": false,
	} {
		d := whyLog(t, line, pod("", crashLoop, ""), down)
		under := false
		for _, p := range d.Problems {
			under = under || slices.ContainsFunc(p.Symptoms, func(s string) bool { return p.Subject.Kind == "Service" && strings.HasPrefix(s, "pod/app") })
		}
		if under != folded {
			t.Errorf("%q: folded under the Service %v, wanted %v: %+v", line, under, folded, d.Problems)
		}
	}
}

const (
	mayNotPods  = `pods is forbidden: User "system:serviceaccount:learn-heal:robot" cannot list resource "pods" in API group "" in the namespace "learn-heal"`
	mayNotNodes = `nodes is forbidden: User "system:serviceaccount:learn-heal:robot" cannot list resource "nodes" in API group "" at the cluster scope`
	readsPods   = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: learn-heal, uid: r1}
rules: [{apiGroups: [""], resources: [pods], verbs: [list]}]`
	binds = `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: learn-heal, uid: b1}
roleRef: {kind: Role, name: reader}
subjects: [SUBJECT]`
)

// asRobot has a Pod run as the ServiceAccount robot.
func asRobot(pod string) string {
	return strings.Replace(pod, "restartPolicy: Always,", "restartPolicy: Always, serviceAccountName: robot,", 1)
}

func binding(subject string) string { return strings.Replace(binds, "SUBJECT", subject, 1) }

func TestEachRefusalIsToldOnce(t *testing.T) {
	ready := strings.Replace(pod("", "state: {running: {}}", ""), `{type: Ready, status: "False"`, `{type: Ready, status: "True"`, 1)
	d := whyLog(t, strings.Join([]string{mayNotPods, mayNotNodes, mayNotPods, mayNotNodes}, "\n"), asRobot(ready))
	var titles []string
	for _, p := range d.Problems {
		titles = append(titles, p.Title)
	}
	if len(titles) != 2 || !strings.Contains(titles[0], "nodes in the whole cluster") || !strings.Contains(titles[1], "pods in namespace") {
		t.Errorf("%q", titles)
	}
}

// A log may tell of what anybody was refused, anywhere: that is none of the Pod's affairs.
func TestSomebodyElsesRefusal(t *testing.T) {
	ready := strings.Replace(pod("", "state: {running: {}}", ""), `{type: Ready, status: "False"`, `{type: Ready, status: "True"`, 1)
	if d := whyLog(t, strings.ReplaceAll(mayNotPods, "system:serviceaccount:learn-heal:robot", "alice"), asRobot(ready)); len(d.Causes()) > 0 {
		t.Errorf("%+v", d.Causes())
	}
}

// A name that was sought in vain once may be done without; one that is sought again and again is missed.
func TestANameThatIsSoughtAgain(t *testing.T) {
	ready := strings.Replace(pod("", "state: {running: {}}", ""), `{type: Ready, status: "False"`, `{type: Ready, status: "True"`, 1)
	for log, missed := range map[string]bool{
		"WARN lookup metrics: no such host; metrics off":             false,
		"up\nlookup metrics: no such host\nlookup db: no such host":  false,
		"lookup metrics: no such host\nlookup metrics: no such host": true,
		"lookup metrics: no such host\nfound after all":              false,
	} {
		d := whyLog(t, log, ready)
		if causes := d.Causes(); (len(causes) > 0) != missed || missed && causes[0].Code != explain.DNSName {
			t.Errorf("%q: %+v", log, causes)
		}
	}
}

// The name of a StatefulSet's Pod is not that of a Service in another namespace.
func TestANameOfAPodOfAStatefulSet(t *testing.T) {
	const db = `
apiVersion: v1
kind: Service
metadata: {name: db, namespace: learn-heal, uid: s1}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}`
	for _, name := range []string{"db-1.db", "db-1.db.learn-heal.svc.cluster.local"} {
		d := whyLog(t, "wget: bad address '"+name+"'", pod("", crashLoop, ""), db)
		if p := d.Problems[0]; p.Code != explain.DNSName || !strings.HasSuffix(p.Title, "and Service db has no Pod db-1") {
			t.Errorf("%s: %+v", name, d.Problems)
		}
	}
}

// A refusal of the past, which would be none now, is no cause.
func TestARefusalThatIsOver(t *testing.T) {
	ready := strings.Replace(pod("", "state: {running: {}}", ""), `{type: Ready, status: "False"`, `{type: Ready, status: "True"`, 1)
	for _, subject := range []string{
		"{kind: ServiceAccount, name: robot, namespace: learn-heal}", "{kind: ServiceAccount, name: robot}",
		`{kind: Group, name: "system:serviceaccounts:learn-heal"}`, `{kind: User, name: "system:serviceaccount:learn-heal:robot"}`,
	} {
		if d := whyLog(t, mayNotPods, asRobot(ready), readsPods, binding(subject)); len(d.Causes()) > 0 {
			t.Errorf("%s: %+v", subject, d.Problems)
		}
	}
}

func TestANearlyRightBinding(t *testing.T) {
	for subject, near := range map[string]string{
		"{kind: ServiceAccount, name: robot, namespace: default}":  "ServiceAccount default/robot",
		"{kind: User, name: robot}":                                "User robot",
		"{kind: ServiceAccount, name: robbot}":                     "ServiceAccount robbot",
		"{kind: ServiceAccount, name: janitor, namespace: garden}": "",
	} {
		d := whyLog(t, mayNotPods, asRobot(pod("", crashLoop, "")), readsPods, binding(subject))
		c := d.Causes()[0]
		said := slices.ContainsFunc(c.Evidence, func(e explain.Evidence) bool {
			return strings.HasPrefix(e.Value, "rolebinding/reader") && strings.HasSuffix(e.Value, "to "+near)
		})
		if said != (near != "") {
			t.Errorf("%s: %+v", subject, c)
		}
		if near != "" && c.Next != "kubectl set subject rolebinding/reader --serviceaccount=learn-heal:robot -n learn-heal" {
			t.Errorf("%s: next is %q", subject, c.Next)
		}
	}
}

// That a program finds no token is said only of a container that has none.
func TestNoToken(t *testing.T) {
	const log = "open /var/run/secrets/kubernetes.io/serviceaccount/token: no such file or directory"
	if d := whyLog(t, log, pod("", crashLoop, "")); d.Causes()[0].Code != explain.NoToken {
		t.Errorf("%+v", d.Problems)
	}
	with := pod("volumeMounts: [{name: t, mountPath: /var/run/secrets/kubernetes.io/serviceaccount}]", crashLoop, "")
	if d := whyLog(t, log, with); d.Causes()[0].Code != explain.CrashLoop {
		t.Errorf("%+v", d.Problems)
	}
	if d := whyLog(t, "dial tcp 127.0.0.1:8080: connection refused", pod("", crashLoop, "")); d.Causes()[0].Code != explain.CrashLoop {
		t.Errorf("%+v", d.Problems)
	}
}
