package program_test

import (
	"strings"
	"testing"
)

// TestBusyboxHttpd serves a folder in the foreground, and another as a daemon.
func TestBusyboxHttpd(t *testing.T) {
	p := newPod(t, "busybox:1.36")
	p.sh("mkdir -p /www/sub /other; echo page > /www/index.html; echo text > /www/sub/a.txt; echo other > /other/index.html")
	p.exec("", "httpd", "-fv", "-p", "8080", "-h", "/www")
	waitFor(t, func() bool { _, _, code := p.sh("nc -z 127.0.0.1 8080"); return code == 0 })
	for path, want := range map[string]string{"/": "page\n", "/sub/a.txt": "text\n", "/none": "<HTML><HEAD><TITLE>404 Not Found</TITLE></HEAD>\n<BODY><H1>404 Not Found</H1>\nThe requested URL was not found\n</BODY></HTML>\n"} {
		if _, body := p.get(8080, path); body != want {
			t.Errorf("%s is %q, want %q", path, body, want)
		}
	}
	if resp, _ := p.get(8080, "/sub"); resp.StatusCode != 302 || resp.Header.Get("Location") != "/sub/" {
		t.Errorf("a folder: %s, %s", resp.Status, resp.Header.Get("Location"))
	}
	if resp, _ := p.request("POST", 8080, "/"); resp.StatusCode != 501 {
		t.Errorf("POST: %s", resp.Status)
	}
	if _, errs, code := p.sh("httpd -f -p 8080"); code != 1 || errs != "httpd: bind: Address already in use\n" {
		t.Errorf("twice on a port: %d %q", code, errs)
	}
	if _, errs, code := p.sh("httpd -h /none; httpd -x"); code != 1 || !strings.Contains(errs, "httpd: can't change directory to '/none': No such file or directory\n") || !strings.Contains(errs, "Usage: httpd") {
		t.Errorf("bad options: %d %q", code, errs)
	}
	p.exec("", "sh", "-c", "httpd -p 127.0.0.1:9090 -h /other; sleep 60")
	waitFor(t, func() bool { out, _, _ := p.sh("wget -qO- http://127.0.0.1:9090/"); return out == "other\n" })
	if _, errs, code := newPod(t, "alpine:3.20").sh("httpd -f"); code != 127 {
		t.Errorf("Alpine Linux has it in a package of its own: %d %q", code, errs)
	}
}
