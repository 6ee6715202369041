package applet

import (
	"fmt"
	"io"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// arguments reads the command line.
func (c *curlRun) arguments(args []string) error {
	for i := 0; i < len(args); i++ {
		a := args[i]
		value := func(attached string) (string, error) {
			if attached != "" {
				return attached, nil
			}
			if i+1 >= len(args) {
				return "", fmt.Errorf("curl: option %s: requires parameter", a)
			}
			i++
			return args[i], nil
		}
		switch {
		case strings.HasPrefix(a, "--"):
			if err := c.long(a[2:], func() (string, error) { return value("") }); err != nil {
				return err
			}
		case len(a) > 1 && a[0] == '-':
			for j := 1; j < len(a); j++ {
				took, err := c.short(a[j], func() (string, error) { return value(a[j+1:]) })
				if err != nil {
					return err
				}
				if took {
					break
				}
			}
		default:
			c.urls = append(c.urls, a)
		}
	}
	return nil
}

// short handles a letter and says whether it took the rest of the word as its value.
func (c *curlRun) short(o byte, value func() (string, error)) (took bool, err error) {
	names := map[byte]string{
		's': "silent", 'S': "show-error", 'f': "fail", 'v': "verbose", 'i': "include", 'I': "head", 'L': "location", 'k': "insecure", 'G': "get",
		'O': "remote-name", '#': "progress-bar", 'g': "globoff", 'q': "disable", 'N': "no-buffer", '4': "ipv4", '6': "ipv6", '0': "http1.0", 'V': "version", 'h': "help", 'j': "junk-session-cookies",
	}
	if name, ok := names[o]; ok {
		return false, c.long(name, nil)
	}
	withValue := map[byte]string{
		'o': "output", 'w': "write-out", 'X': "request", 'd': "data", 'H': "header", 'm': "max-time", 'u': "user", 'A': "user-agent", 'e': "referer",
		'b': "cookie", 'T': "upload-file", 'x': "proxy", 'F': "form",
	}
	if name, ok := withValue[o]; ok {
		return true, c.long(name, value)
	}
	return false, fmt.Errorf("curl: option -%c: is unknown", o)
}

func (c *curlRun) long(name string, value func() (string, error)) error {
	switch name {
	case "silent":
		c.silent = true
	case "show-error":
		c.showError = true
	case "fail":
		c.fail = true
	case "fail-with-body":
		c.fail, c.failBody = true, true
	case "verbose":
		c.verbose = true
	case "include", "show-headers":
		c.include = true
	case "head":
		c.head = true
	case "location":
		c.location = true
	case "insecure":
		c.insecure = true
	case "get":
		c.get = true
	case "remote-name":
		c.remote = true
	case "progress-bar":
		c.progress = true
	case "globoff", "disable", "no-buffer", "ipv4", "http1.0", "http1.1", "no-progress-meter", "compressed", "no-keepalive", "path-as-is", "junk-session-cookies":
		if name == "no-progress-meter" {
			c.silent, c.showError = true, true
		}
	case "retry-connrefused":
		c.retryRefused = true
	case "retry-all-errors":
		c.retryAll = true
	case "version":
		c.version()
		return errDone
	case "help":
		fmt.Fprintf(c.t.Out, "Usage: curl [options...] <url>\n -d, --data <data>          HTTP POST data\n -f, --fail                 Fail fast with no output on HTTP errors\n -i, --include              Include response headers in output\n -o, --output <file>        Write to file instead of stdout\n -s, --silent               Silent mode\n -v, --verbose              Make the operation more talkative\n")
		return errDone
	default:
		return c.valued(name, value)
	}
	return nil
}

// valued handles the long options that have a value.
func (c *curlRun) valued(name string, value func() (string, error)) error {
	known := " output write-out request data data-raw data-binary data-urlencode data-ascii json header max-time connect-timeout user user-agent referer cookie url retry retry-delay retry-max-time max-redirs cacert resolve noproxy interface "
	if value == nil || !strings.Contains(known, " "+name+" ") {
		return fmt.Errorf("curl: option --%s: is unknown", name)
	}
	v, err := value()
	if err != nil {
		return err
	}
	switch name {
	case "output":
		c.output = append(c.output, v)
	case "write-out":
		c.write = v
	case "request":
		c.method = v
	case "data", "data-raw", "data-binary", "data-ascii", "data-urlencode", "json":
		return c.addData(name, v)
	case "header":
		c.headers = append(c.headers, v)
	case "max-time":
		c.maxTime, err = seconds(v)
	case "connect-timeout":
		c.connectTime, err = seconds(v)
	case "retry-delay":
		c.retryDelay, err = seconds(v)
	case "retry-max-time":
		_, err = seconds(v)
	case "user":
		c.user = v
	case "user-agent":
		c.agent = v
	case "referer":
		c.headers = append(c.headers, "Referer: "+v)
	case "cookie":
		c.headers = append(c.headers, "Cookie: "+v)
	case "url":
		c.urls = append(c.urls, v)
	case "retry":
		c.retry, err = strconv.Atoi(v)
	case "max-redirs":
		c.redirects, err = strconv.Atoi(v)
	case "cacert":
		c.cacert = v
	case "resolve":
		if host, rest, ok := strings.Cut(v, ":"); ok {
			if port, addr, ok := strings.Cut(rest, ":"); ok {
				c.resolve[host+":"+port] = addr
			}
		}
	}
	if err != nil {
		return fmt.Errorf("curl: option --%s: expected a proper numerical parameter", name)
	}
	return nil
}

func seconds(v string) (time.Duration, error) {
	f, err := strconv.ParseFloat(v, 64)
	return time.Duration(f * float64(time.Second)), err
}

func (c *curlRun) addData(name, v string) error {
	c.hasData = true
	if file, ok := strings.CutPrefix(v, "@"); ok && name != "data-raw" && name != "data-urlencode" {
		var b []byte
		var err error
		if file == "-" {
			b, err = io.ReadAll(c.t.In)
		} else {
			b, err = c.t.FS.ReadFile(c.t.Path(file))
		}
		if err != nil {
			return fmt.Errorf("curl: option --%s: error encountered when reading a file", name)
		}
		v = string(b)
		if name != "data-binary" && name != "json" {
			v = strings.NewReplacer("\n", "", "\r", "").Replace(v)
		}
	}
	if name == "data-urlencode" {
		if k, val, ok := strings.Cut(v, "="); ok {
			v = k + "=" + url.QueryEscape(val)
		} else {
			v = url.QueryEscape(v)
		}
	}
	c.json = c.json || name == "json"
	c.data = append(c.data, v)
	return nil
}

func (c *curlRun) versionNumber() string { return c.t.Binary.Version }

func (c *curlRun) version() {
	platform := "x86_64-pc-linux-gnu"
	if c.t.Binary.Flavor == "alpine" {
		platform = "x86_64-alpine-linux-musl"
	}
	if runtime.GOARCH == "arm64" {
		platform = strings.Replace(platform, "x86_64", "aarch64", 1)
	}
	c.t.Printf("curl %s (%s) libcurl/%s\nProtocols: http https\nFeatures: SSL\n", c.versionNumber(), platform, c.versionNumber())
}

// older says whether the curl of the image is older than major.minor.
func (c *curlRun) older(major, minor int) bool {
	var a, b int
	if _, err := fmt.Sscanf(c.versionNumber(), "%d.%d", &a, &b); err != nil {
		return false
	}
	return a < major || a == major && b < minor
}
