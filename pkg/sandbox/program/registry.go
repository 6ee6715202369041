package program

import (
	"context"
	"fmt"
	"path"
	"sort"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/applet"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/kubectl"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/load"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/redis"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/shell"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/teach"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/web"
)

// find returns the program that a binary is. Busybox and the GNU tools go by the name that they are
// called by.
func find(b task.Binary, called string) task.Program {
	name := b.Program
	dialect := shell.Bash
	if name == "tools" {
		name = path.Base(called)
	}
	if name == "busybox" {
		dialect = shell.Ash
		if name = strings.TrimPrefix(path.Base(called), "-"); name == "busybox" {
			return busybox
		}
	}
	switch name {
	case "sh", "ash":
		return shell.Main(shell.Ash)
	case "dash":
		return shell.Main(shell.Dash)
	case "bash":
		return shell.Main(shell.Bash)
	case "echo", "printf", "test", "[", "kill", "pwd":
		return shell.Builtin(name, dialect)
	case "nginx":
		return web.Nginx
	case "nginx-entrypoint":
		return web.Entrypoint
	case "httpd":
		if b.Program == "busybox" {
			return web.BusyboxHttpd
		}
		return web.Httpd
	case "http-echo":
		return web.Echo
	case "pause":
		return web.Pause
	}
	if p := server(name); p != nil {
		return p
	}
	if p := applet.Find(name); p != nil || b.Program != "busybox" {
		return p
	}
	return func(_ context.Context, t *task.Task) int {
		fmt.Fprintf(t.Err, "%s: applet not found\n", name)
		return task.CodeNotFound
	}
}

// busybox is the multi-call program by its own name: its first argument says what it is.
func busybox(ctx context.Context, t *task.Task) int {
	if len(t.Args) > 1 && t.Args[1] != "--list" && t.Args[1] != "--help" {
		prog := find(t.Binary, t.Args[1])
		c := *t
		c.Args = t.Args[1:]
		return prog(ctx, &c)
	}
	var names []string
	for n := range busyboxNames() {
		names = append(names, n)
	}
	sort.Strings(names)
	if len(t.Args) > 1 && t.Args[1] == "--list" {
		t.Printf("%s\n", strings.Join(names, "\n"))
		return 0
	}
	built := map[string]string{"1.37.0": " (2024-09-26 21:31:42 UTC)", "1.36.1": " (2023-05-18 22:34:17 UTC)"}[t.Binary.Version]
	t.Printf("BusyBox v%s%s multi-call binary.\nBusyBox is copyrighted by many authors between 1998-2015.\nLicensed under GPLv2. See source distribution for detailed\ncopyright notices.\n\n"+
		"Usage: busybox [function [arguments]...]\n   or: busybox --list\n   or: function [arguments]...\n\nCurrently defined functions:\n\t%s\n", t.Binary.Version, built, strings.Join(names, ", "))
	return 0
}

// server returns those programs that go by the one name that their image has for them.
func server(name string) task.Program {
	switch name {
	case "hello-app":
		return web.HelloApp
	case "node":
		return web.Node
	case "echoserver":
		return web.EchoServer
	case "echo-server":
		return web.EchoRequest
	case "hpa-example":
		return web.HPAExample
	case "python3":
		return web.Python
	case "postgres":
		return web.Postgres
	case "test-webserver":
		return web.TestWebserver
	case "kubectl":
		return kubectl.Main
	case "redis-server":
		return redis.Server
	case "redis-cli":
		return redis.CLI
	case "greeter":
		return teach.Greeter
	case "leak":
		return teach.Leak
	case "slow-start":
		return teach.SlowStart
	case "stubborn":
		return teach.Stubborn
	case "load":
		return load.Load
	case "hey":
		return load.Hey
	}
	return nil
}
