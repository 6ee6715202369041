package applet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// digTTL is the time to live that answers are shown with, that of the cluster's DNS.
const digTTL = 30

// digQuery is one run of dig.
type digQuery struct {
	t           *task.Task
	name, typ   string
	server      string
	search      bool
	short       bool
	comments    bool
	question    bool
	answer      bool
	stats       bool
	searchList  []string
	ndots, wait int // wait is in seconds
}

// dig asks the cluster's DNS. Whether by TCP or by UDP makes no difference here.
func dig(ctx context.Context, t *task.Task) int {
	d := &digQuery{t: t, comments: true, question: true, answer: true, stats: true, ndots: 1, wait: 15}
	r := resolvConf(t)
	d.server, d.searchList = r.server, r.search
	d.ndots = ndots(t)
	if !d.options(t.Args[1:]) {
		return 1
	}
	switch {
	case d.typ == "" && d.name == "":
		d.typ = "NS"
	case d.typ == "":
		d.typ = "A"
	}
	if d.name == "" {
		d.name = "."
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(d.wait)*time.Second)
	defer cancel()
	began := time.Now()
	name, answers, status, err := d.ask(ctx)
	if err != nil {
		t.Printf(";; communications error to %s#53: timed out\n;; no servers could be reached\n", d.server)
		return 9
	}
	d.print(name, answers, status, time.Since(began))
	return 0
}

// ndots is how many dots a name must have to be tried as it is first.
func ndots(t *task.Task) int {
	b, _ := t.FS.ReadFile("/etc/resolv.conf")
	for _, w := range strings.Fields(string(b)) {
		if v, ok := strings.CutPrefix(w, "ndots:"); ok {
			if n, err := strconv.Atoi(v); err == nil {
				return n
			}
		}
	}
	return 1
}

func (d *digQuery) options(args []string) bool {
	for len(args) > 0 {
		a := args[0]
		args = args[1:]
		switch {
		case strings.HasPrefix(a, "+"):
			d.plus(a[1:])
		case strings.HasPrefix(a, "@"):
			d.server = a[1:]
		case a == "-x" || a == "-t" || a == "-q" || a == "-p" || a == "-c":
			if len(args) == 0 {
				fmt.Fprintf(d.t.Err, "dig: option requires an argument: %s\n", a)
				return false
			}
			value := args[0]
			args = args[1:]
			switch a {
			case "-x":
				d.name, d.typ = reverseName(value), "PTR"
			case "-t":
				d.typ = strings.ToUpper(value)
			case "-q":
				d.name = value
			}
		case a == "-4" || a == "-6":
		case strings.HasPrefix(a, "-"):
			fmt.Fprintf(d.t.Err, "Invalid option: %s\nUsage:  dig [@global-server] [domain] [q-type] {q-opt}\n", a)
			return false
		case strings.Contains(" A AAAA CNAME PTR SRV TXT MX NS SOA ANY ", " "+strings.ToUpper(a)+" "):
			d.typ = strings.ToUpper(a)
		default:
			d.name = a
		}
	}
	return true
}

// plus reads an option like +short and +nosearch.
func (d *digQuery) plus(o string) {
	name, value, _ := strings.Cut(o, "=")
	on := true
	if rest, negated := strings.CutPrefix(name, "no"); negated {
		name, on = rest, false
	}
	switch name {
	case "short":
		d.short = on
	case "search", "defname":
		d.search = on
	case "all":
		d.comments, d.question, d.answer, d.stats = on, on, on, on
	case "answer":
		d.answer = on
	case "comments", "cmd":
		d.comments = on
	case "question":
		d.question = on
	case "stats":
		d.stats = on
	case "time", "timeout":
		if n, err := strconv.Atoi(value); err == nil && n > 0 {
			d.wait = n
		}
	}
}

// names are those to ask for, in order.
func (d *digQuery) names() []string {
	name := strings.TrimSuffix(d.name, ".")
	if !d.search || strings.HasSuffix(d.name, ".") {
		return []string{name}
	}
	var out []string
	for _, s := range d.searchList {
		out = append(out, name+"."+strings.TrimSuffix(s, "."))
	}
	if strings.Count(name, ".") >= d.ndots {
		return append([]string{name}, out...)
	}
	return append(out, name)
}

// digRecord is a line of an answer; name has no dot at its end.
type digRecord struct{ name, typ, value string }

// ask looks a name up, and says which of the names it was in the end.
func (d *digQuery) ask(ctx context.Context) (name string, answers []digRecord, status string, err error) {
	for _, name = range d.names() {
		var values []string
		values, err = d.t.Net.Lookup(ctx, d.typ, name+".")
		e, known := errors.AsType[*net.DNSError](err)
		switch {
		case err == nil:
			owner := name
			if to := canonical(ctx, d.t, d.typ, name); to != "" {
				answers, owner = append(answers, digRecord{name, "CNAME", to + "."}), to
			}
			for _, v := range values {
				answers = append(answers, digRecord{owner, d.typ, v})
			}
			return name, answers, "NOERROR", nil
		case !known || !e.IsNotFound:
			return name, nil, "", err
		}
	}
	return name, nil, "NXDOMAIN", nil
}

func (d *digQuery) print(name string, answers []digRecord, status string, took time.Duration) {
	p := d.t.Printf
	if d.short {
		for _, a := range answers {
			p("%s\n", a.value)
		}
		return
	}
	if d.comments {
		p("\n; <<>> DiG %s <<>> %s\n;; global options: +cmd\n;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: %s, id: %d\n;; flags: qr aa rd; QUERY: 1, ANSWER: %d, AUTHORITY: 0, ADDITIONAL: 0\n\n",
			d.t.Binary.Version, strings.Join(d.t.Args[1:], " "), status, took.Nanoseconds()&0xffff, len(answers))
	}
	if d.question {
		p(";; QUESTION SECTION:\n;%s.\t\tIN\t%s\n\n", name, d.typ)
	}
	if d.answer && len(answers) > 0 {
		if d.comments {
			p(";; ANSWER SECTION:\n")
		}
		for _, a := range answers {
			p("%s.\t%d\tIN\t%s\t%s\n", a.name, digTTL, a.typ, a.value)
		}
		if d.comments {
			p("\n")
		}
	}
	if d.stats {
		p(";; Query time: %d msec\n;; SERVER: %s#53(%s)\n;; WHEN: %s\n\n", took.Milliseconds(), d.server, d.server, d.t.Now().UTC().Format("Mon Jan 02 15:04:05 UTC 2006"))
	}
}

// reverseName is the name under which an address is looked up.
func reverseName(addr string) string {
	a, err := netip.ParseAddr(addr)
	if err != nil || !a.Is4() {
		return addr
	}
	b := a.As4()
	return fmt.Sprintf("%d.%d.%d.%d.in-addr.arpa", b[3], b[2], b[1], b[0])
}

// host is the short form of dig that goes by the search list.
func host(ctx context.Context, t *task.Task) int {
	o, args, ok := options(t, "t:avW:")
	if !ok || len(args) == 0 {
		fmt.Fprintf(t.Err, "Usage: host [-t type] name [server]\n")
		return 1
	}
	d := &digQuery{t: t, name: args[0], typ: strings.ToUpper(o.value('t', "A")), search: true, ndots: ndots(t), searchList: resolvConf(t).search}
	if a, err := netip.ParseAddr(args[0]); err == nil {
		d.name, d.typ, d.search = reverseName(a.String()), "PTR", false
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	name, answers, status, err := d.ask(ctx)
	switch {
	case err != nil:
		t.Printf(";; connection timed out; no servers could be reached\n")
		return 1
	case status == "NXDOMAIN":
		t.Printf("Host %s not found: 3(NXDOMAIN)\n", d.name)
		return 1
	case len(answers) == 0:
		t.Printf("%s has no %s record\n", name, d.typ)
		return 0
	}
	verbs := map[string]string{"A": "has address", "AAAA": "has IPv6 address", "CNAME": "is an alias for", "PTR": "domain name pointer", "SRV": "has SRV record"}
	for _, a := range answers {
		t.Printf("%s %s %s\n", a.name, verbs[a.typ], a.value)
	}
	return 0
}
