package web

import (
	"fmt"
	"io"
	"net/http"
	"os"
)

func (x *exchange) name() string {
	if len(x.site.names) > 0 {
		return x.site.names[0]
	}
	return ""
}

func (x *exchange) line() string { return x.r.Method + " " + x.r.RequestURI + " " + x.r.Proto }

func (x *exchange) report(format string, a ...any) {
	x.n.log.from(x.n.log.worker, "error", "*%d "+format, append([]any{x.number}, a...)...)
}

func (x *exchange) errorLog(format string, a ...any) {
	x.report("%s, client: %s, server: %s, request: \"%s\", host: \"%s\"", fmt.Sprintf(format, a...), clientOf(x.r), x.name(), x.line(), x.r.Host)
}

// log writes the access log in the combined format and what the image adds to it.
func (x *exchange) log() {
	if !x.loc.accessLog {
		return
	}
	dash := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	user, _, _ := x.r.BasicAuth()
	status := x.w.status
	if status == 0 {
		status = http.StatusOK
	}
	line := fmt.Sprintf("%s - %s [%s] \"%s\" %d %d \"%s\" \"%s\" \"%s\"\n", clientOf(x.r), dash(user), x.n.t.Now().UTC().Format("02/Jan/2006:15:04:05 +0000"), x.line(), status, x.w.bytes,
		dash(x.r.Referer()), dash(x.r.UserAgent()), dash(x.r.Header.Get("X-Forwarded-For")))
	f, err := x.n.t.OpenFile("/var/log/nginx/access.log", os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		_, _ = io.WriteString(x.n.t.Out, line)
		return
	}
	_, _ = f.Write([]byte(line))
	_ = f.Close()
}
