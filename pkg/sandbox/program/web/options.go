package web

import (
	"fmt"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
)

// nginxOptions is the command line.
type nginxOptions struct {
	file                              string
	global                            string
	signal                            string
	version, build, test, dump, quiet bool
}

func (n *nginx) options() (o nginxOptions, ok bool) {
	o.file = nginxConfFile
	args := n.t.Args[1:]
	for len(args) > 0 {
		a := args[0]
		args = args[1:]
		if len(a) < 2 || a[0] != '-' {
			fmt.Fprintf(n.t.Err, "nginx: invalid option: %q\n", a)
			return o, false
		}
		value := a[2:]
		if strings.IndexByte("cgspe", a[1]) >= 0 && value == "" {
			if len(args) == 0 {
				fmt.Fprintf(n.t.Err, "nginx: option \"-%c\" requires parameter\n", a[1])
				return o, false
			}
			value, args = args[0], args[1:]
		}
		switch a[1] {
		case 'v':
			o.version = true
		case 'V':
			o.version, o.build = true, true
		case 't':
			o.test = true
		case 'T':
			o.test, o.dump = true, true
		case 'q':
			o.quiet = true
		case 'c':
			o.file = value
		case 'g':
			o.global = value
		case 's':
			o.signal = value
		case 'p', 'e':
		case '?', 'h':
			fmt.Fprintf(n.t.Err, "nginx version: nginx/%s\nUsage: nginx [-?hvVtTq] [-s signal] [-c filename] [-g directives]\n", n.version)
			return o, false
		default:
			fmt.Fprintf(n.t.Err, "nginx: invalid option: \"%c\"\n", a[1])
			return o, false
		}
	}
	return o, true
}

// dump prints the configuration, for nginx -T.
func (n *nginx) dump(o nginxOptions) {
	files := append([]string{o.file}, glob(n.t, "/etc/nginx/conf.d/*.conf")...)
	for _, f := range files {
		if b, err := n.t.FS.ReadFile(n.t.Path(f)); err == nil {
			n.t.Printf("# configuration file %s:\n%s\n", f, b)
		}
	}
}

// signal does nginx -s: it sends a signal to the master.
func (n *nginx) signal(name string) int {
	sig, ok := map[string]process.Signal{"stop": process.TERM, "quit": process.QUIT, "reload": process.HUP, "reopen": process.USR1}[name]
	if !ok {
		fmt.Fprintf(n.t.Err, "nginx: invalid option: \"-s %s\"\n", name)
		return 1
	}
	b, err := n.t.FS.ReadFile(nginxPid)
	if err != nil {
		n.log.print("error", "open() %q failed (%s)", nginxPid, errno(err))
		fmt.Fprintf(n.t.Err, "nginx: [error] open() %q failed (%s)\n", nginxPid, errno(err))
		return 1
	}
	pid := 0
	if _, err := fmt.Sscan(string(b), &pid); err != nil {
		fmt.Fprintf(n.t.Err, "nginx: [error] invalid PID number %q in %q\n", strings.TrimSpace(string(b)), nginxPid)
		return 1
	}
	n.log.print("notice", "signal process started")
	if err := n.t.Table.Signal(pid, sig); err != nil {
		fmt.Fprintf(n.t.Err, "nginx: [alert] kill(%d, %d) failed (3: No such process)\n", pid, sig)
		return 1
	}
	return 0
}
