package web

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// Entrypoint is the image's /docker-entrypoint.sh: it prepares the configuration and becomes the
// command.
func Entrypoint(ctx context.Context, t *task.Task) int {
	args := t.Args[1:]
	if len(args) == 0 {
		return 0
	}
	if args[0] == "nginx" || args[0] == "nginx-debug" {
		prepareNginx(ctx, t)
	}
	c := t.Sub(args...)
	prog, bin, loaded, err := c.Load()
	if err != nil {
		fmt.Fprintf(t.Err, "/docker-entrypoint.sh: 47: exec: %s: not found\n", args[0])
		return task.CodeNotFound
	}
	t.Proc.Handle(nil)
	t.Proc.SetArgs(loaded)
	return c.Become(ctx, t.Proc, bin, loaded, prog)
}

func prepareNginx(ctx context.Context, t *task.Task) {
	say := func(format string, a ...any) {
		if t.Getenv("NGINX_ENTRYPOINT_QUIET_LOGS") == "" {
			t.Printf(format+"\n", a...)
		}
	}
	entries, err := t.FS.ReadDir("/docker-entrypoint.d")
	if err != nil || len(entries) == 0 {
		say("/docker-entrypoint.sh: No files found in /docker-entrypoint.d/, skipping configuration")
		return
	}
	say("/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration")
	say("/docker-entrypoint.sh: Looking for shell scripts in /docker-entrypoint.d/")
	for _, e := range entries {
		file := "/docker-entrypoint.d/" + e.Name()
		switch {
		case strings.HasSuffix(file, ".envsh"):
			say("/docker-entrypoint.sh: Sourcing %s", file)
		case !strings.HasSuffix(file, ".sh"):
			say("/docker-entrypoint.sh: Ignoring %s", file)
		default:
			fi, err := t.FS.Stat(file)
			if err != nil || fi.Mode()&0o111 == 0 {
				say("/docker-entrypoint.sh: Ignoring %s, not executable", file)
				continue
			}
			say("/docker-entrypoint.sh: Launching %s", file)
			switch e.Name() {
			case "10-listen-on-ipv6-by-default.sh":
				// The Pod network is IPv4, and this is what the image's script says then.
				say("%s: info: ipv6 not available", e.Name())
			case "20-envsubst-on-templates.sh":
				templates(t, say)
			default:
				if _, err := t.Sub(file).Run(ctx); err != nil {
					fmt.Fprintf(t.Err, "/docker-entrypoint.sh: %s: %s\n", file, fsys.Text(err))
				}
			}
		}
	}
	say("/docker-entrypoint.sh: Configuration complete; ready for start up")
}

// templates replaces variables in /etc/nginx/templates/*.template and writes the results to conf.d.
func templates(t *task.Task, say func(string, ...any)) {
	const name = "20-envsubst-on-templates.sh"
	dir, out := t.Getenv("NGINX_ENVSUBST_TEMPLATE_DIR"), t.Getenv("NGINX_ENVSUBST_OUTPUT_DIR")
	if dir == "" {
		dir = "/etc/nginx/templates"
	}
	if out == "" {
		out = "/etc/nginx/conf.d"
	}
	entries, err := t.FS.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		to, ok := strings.CutSuffix(e.Name(), ".template")
		if !ok {
			continue
		}
		b, err := t.FS.ReadFile(path.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		say("%s: Running envsubst on %s to %s", name, path.Join(dir, e.Name()), path.Join(out, to))
		text := substitute(string(b), t.Env)
		if err := t.FS.WriteFile(path.Join(out, to), []byte(text), 0o644); err != nil {
			fmt.Fprintf(t.Err, "%s: ERROR: %s exists, but %s is not writable\n", name, dir, out)
			return
		}
	}
}

// substitute replaces the variables that are defined, and no others.
func substitute(text string, env []string) string {
	for _, kv := range env {
		k, v, _ := strings.Cut(kv, "=")
		text = strings.ReplaceAll(text, "${"+k+"}", v)
	}
	return text
}
