package applet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
)

// note prints a line of -v.
func (c *curlRun) note(format string, a ...any) {
	if c.verbose {
		fmt.Fprintf(c.t.Err, format, a...)
	}
}

func (c *curlRun) noteRequest(req *http.Request, body []byte) {
	if !c.verbose {
		return
	}
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	c.note("> %s %s HTTP/1.1\n> Host: %s\n", req.Method, req.URL.RequestURI(), host)
	for _, l := range headerLines(req.Header) {
		c.note("> %s\n", l)
	}
	if body != nil {
		c.note("> Content-Length: %d\n", len(body))
	}
	c.note("> \n")
}

func (c *curlRun) noteResponse(resp *http.Response) {
	if !c.verbose {
		return
	}
	c.note("< %s %s\n", resp.Proto, resp.Status)
	for _, l := range headerLines(resp.Header) {
		c.note("< %s\n", l)
	}
	c.note("< \n")
}

// headerLines are the headers as text; the order in which they came is not kept by package http.
func headerLines(h http.Header) []string {
	order := map[string]int{"Server": -10, "Date": -9, "Content-Type": -8, "Content-Length": -7, "Last-Modified": -6, "Connection": -5, "Etag": -4, "User-Agent": -3, "Accept": -2}
	var names []string
	for n := range h {
		names = append(names, n)
	}
	sort.Slice(names, func(i, j int) bool {
		if order[names[i]] != order[names[j]] {
			return order[names[i]] < order[names[j]]
		}
		return names[i] < names[j]
	})
	var out []string
	for _, n := range names {
		for _, v := range h[n] {
			if n == "Etag" {
				n = "ETag"
			}
			out = append(out, n+": "+v)
		}
	}
	return out
}

// receive writes the response where it is to go. With final false only headers are printed.
func (c *curlRun) receive(ctx context.Context, resp *http.Response, u *url.URL, index int, final bool) error {
	failed := c.fail && resp.StatusCode >= 400
	if failed && !c.failBody {
		return &curlError{curlHTTP, fmt.Sprintf("The requested URL returned error: %d", resp.StatusCode)}
	}
	out, file, err := c.destination(u, index)
	if err != nil {
		return err
	}
	defer out.Close()
	if c.include || c.head {
		fmt.Fprintf(out, "%s %s\r\n%s\r\n\r\n", resp.Proto, resp.Status, strings.Join(headerLines(resp.Header), "\r\n"))
	}
	if !final {
		return nil
	}
	n, err := io.Copy(out, resp.Body)
	c.last.bytes = n
	c.meter(n, file)
	switch {
	case err == nil:
	case ctx.Err() != nil || isTimeout(err):
		return c.timedOut("Operation timed out after %d milliseconds with " + strconv.FormatInt(n, 10) + " bytes received")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &curlError{18, fmt.Sprintf("end of response with %d bytes missing", max(resp.ContentLength-n, 1))}
	default:
		return &curlError{curlReceive, "Recv failure: " + dialText(err)}
	}
	c.note("* Connection #0 to host %s left intact\n", u.Hostname())
	if failed {
		return &curlError{curlHTTP, fmt.Sprintf("The requested URL returned error: %d", resp.StatusCode)}
	}
	return nil
}

// destination is where the index-th URL's content goes.
func (c *curlRun) destination(u *url.URL, index int) (io.WriteCloser, bool, error) {
	name := "-"
	if index < len(c.output) {
		name = c.output[index]
	} else if c.remote {
		if name = path.Base(u.Path); name == "/" || name == "." {
			return nil, false, &curlError{curlWrite, "Remote filename has no length"}
		}
	}
	out, err := outFile(c.t, name)
	if err != nil {
		return nil, false, &curlError{curlWrite, fmt.Sprintf("Failed to open the file %s: %s", name, fsys.Text(err))}
	}
	return out, name != "-" && name != os.DevNull, nil
}

// meter prints the progress table, which curl shows unless its output goes to a terminal.
func (c *curlRun) meter(n int64, file bool) {
	if c.silent || c.head || c.progress || !file && c.t.OutTTY() != nil {
		return
	}
	speed := int64(float64(n) / max(time.Since(c.last.start).Seconds(), 1e-3))
	fmt.Fprintf(c.t.Err, "  %% Total    %% Received %% Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n")
	fmt.Fprintf(c.t.Err, "100 %5s  100 %5s    0     0 %6s      0 --:--:-- --:--:-- --:--:-- %5s\n", short(n), short(n), short(speed), short(speed))
}

// short is a number in five characters.
func short(n int64) string {
	switch {
	case n < 100_000:
		return strconv.FormatInt(n, 10)
	case n < 10_000<<10:
		return strconv.FormatInt(n>>10, 10) + "k"
	}
	return strconv.FormatInt(n>>20, 10) + "M"
}

// writeOut prints what -w asks for.
func (c *curlRun) writeOut() {
	if c.write == "" {
		return
	}
	l := c.last
	sec := func(d time.Duration) string { return fmt.Sprintf("%.6f", d.Seconds()) }
	r := strings.NewReplacer(
		"%{http_code}", fmt.Sprintf("%03d", l.code), "%{response_code}", fmt.Sprintf("%03d", l.code), "%{size_download}", strconv.FormatInt(l.bytes, 10),
		"%{time_total}", sec(l.total), "%{time_connect}", sec(l.connect), "%{time_namelookup}", sec(l.lookup), "%{time_starttransfer}", sec(l.first),
		"%{url_effective}", l.url, "%{url}", l.url, "%{content_type}", l.kind, "%{remote_ip}", l.ip, "%{remote_port}", l.port,
		"%{num_redirects}", strconv.Itoa(l.redirects), "%{redirect_url}", l.location, "%{http_version}", "1.1", "%{method}", c.method,
		`\n`, "\n", `\t`, "\t", `\r`, "\r", "%%", "%")
	_, _ = io.WriteString(c.t.Out, r.Replace(c.write))
}
