package applet

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// resolver is what /etc/resolv.conf says.
type resolver struct {
	server string
	search []string
}

func resolvConf(t *task.Task) resolver {
	r := resolver{server: "10.96.0.10"}
	b, _ := t.FS.ReadFile("/etc/resolv.conf")
	lines := bufio.NewScanner(strings.NewReader(string(b)))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 2 {
			continue
		}
		switch f[0] {
		case "nameserver":
			r.server = f[1]
		case "search":
			r.search = f[1:]
		}
	}
	return r
}

// question is one that nslookup asks.
type question struct{ typ, name string }

// questions are those for a name, as busybox has them: a name with a dot is asked for as it is, one
// without in every domain of the search list, for both families of addresses. An explicit type is
// asked for the name as it is.
func (r resolver) questions(name, typ string) []question {
	if typ != "" {
		return []question{{typ, name}}
	}
	names := []string{name}
	if !strings.Contains(name, ".") && len(r.search) > 0 {
		names = nil
		for _, s := range r.search {
			names = append(names, name+"."+strings.TrimSuffix(s, "."))
		}
	}
	var all []question
	for _, typ := range []string{"A", "AAAA"} {
		for _, n := range names {
			all = append(all, question{typ, n})
		}
	}
	return all
}

func nslookup(ctx context.Context, t *task.Task) int {
	typ := "" // both families of addresses
	var args []string
	for _, a := range t.Args[1:] {
		low := strings.ToLower(a)
		if v, ok := strings.CutPrefix(low, "-type="); ok {
			typ = strings.ToUpper(v)
		} else if v, ok := strings.CutPrefix(low, "-q="); ok {
			typ = strings.ToUpper(v)
		} else if v, ok := strings.CutPrefix(low, "-querytype="); ok {
			typ = strings.ToUpper(v)
		} else if !strings.HasPrefix(a, "-") {
			args = append(args, a)
		}
	}
	if len(args) == 0 {
		return usage(t, "[-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]")
	}
	r := resolvConf(t)
	if len(args) > 1 {
		r.server = args[1]
	}
	t.Printf("Server:\t\t%s\nAddress:\t%s:53\n\n", r.server, r.server)
	query, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	name := strings.TrimSuffix(args[0], ".")
	if a, err := netip.ParseAddr(name); err == nil {
		return reverse(query, t, a)
	}
	code := 1
	for _, q := range r.questions(name, typ) {
		answers, err := t.Net.Lookup(query, q.typ, q.name+".")
		d, known := errors.AsType[*net.DNSError](err)
		switch {
		case err == nil:
			code = 0
			owner := q.name
			if to := canonical(query, t, q.typ, q.name); to != "" {
				t.Printf("%s\tcanonical name = %s\n", q.name, to)
				owner = to
			}
			printAnswers(t, q.typ, owner, answers)
		case known && d.IsNotFound:
			t.Printf("** server can't find %s: NXDOMAIN\n\n", q.name)
		default:
			fmt.Fprintf(t.Err, ";; connection timed out; no servers could be reached\n\n")
			return 1
		}
	}
	return code
}

// canonical is what a name stands for, if it is another's and was not asked for just that; else "".
func canonical(ctx context.Context, t *task.Task, typ, name string) string {
	if typ == "CNAME" || typ == "PTR" {
		return ""
	}
	answers, err := t.Net.Lookup(ctx, "CNAME", name+".")
	if err != nil || len(answers) == 0 {
		return ""
	}
	return strings.TrimSuffix(answers[0], ".")
}

func printAnswers(t *task.Task, typ, name string, answers []string) {
	for _, a := range answers {
		switch typ {
		case "A", "AAAA":
			t.Printf("Name:\t%s\nAddress: %s\n", name, a)
		case "SRV":
			t.Printf("%s\tservice = %s\n", name, a)
		case "CNAME":
			t.Printf("%s\tcanonical name = %s\n", name, strings.TrimSuffix(a, "."))
		case "PTR":
			t.Printf("%s\tname = %s\n", name, strings.TrimSuffix(a, "."))
		default:
			t.Printf("%s\t%s = %s\n", name, strings.ToLower(typ), a)
		}
	}
	t.Printf("\n")
}

func reverse(ctx context.Context, t *task.Task, a netip.Addr) int {
	parts := strings.Split(a.String(), ".")
	if len(parts) != 4 {
		t.Printf("** server can't find %s: NXDOMAIN\n\n", a)
		return 1
	}
	name := parts[3] + "." + parts[2] + "." + parts[1] + "." + parts[0] + ".in-addr.arpa"
	answers, err := t.Net.Lookup(ctx, "PTR", name+".")
	if err != nil || len(answers) == 0 {
		t.Printf("** server can't find %s: NXDOMAIN\n\n", name)
		return 1
	}
	printAnswers(t, "PTR", name, answers)
	return 0
}

// getent knows hosts and ahosts.
func getent(ctx context.Context, t *task.Task) int {
	if len(t.Args) < 3 || !strings.Contains(t.Args[1], "hosts") {
		fmt.Fprintf(t.Err, "Usage: getent hosts NAME\n")
		return 1
	}
	code := 0
	for _, name := range t.Args[2:] {
		a, err := resolve(ctx, t, name)
		if err != nil {
			code = 2
			continue
		}
		t.Printf("%-15s %s\n", a, name)
	}
	return code
}
