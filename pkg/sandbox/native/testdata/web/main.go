// Command web knows nothing of practice clusters: it is what a learner would write.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 {
		os.Exit(command(os.Args[1:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go echo()
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		host, _ := os.Hostname()
		fmt.Fprintf(w, "hello from %s to %s: %s\n", host, r.RemoteAddr, os.Getenv("GREETING"))
	})
	http.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, r.FormValue("name")) })
	l, err := net.Listen("tcp", ":8080")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("listening on", l.Addr())
	s := &http.Server{ReadHeaderTimeout: time.Minute}
	go func() {
		<-ctx.Done()
		_ = s.Shutdown(context.Background())
	}()
	if err := s.Serve(l.(*net.TCPListener)); !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("asked to end")
}

// echo answers datagrams.
func echo() {
	c, err := net.ListenUDP("udp", &net.UDPAddr{Port: 8081})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	b := make([]byte, 2048)
	for {
		n, from, err := c.ReadFromUDP(b)
		if err != nil {
			return
		}
		_, _ = c.WriteToUDP([]byte("echo "+string(b[:n])+" from "+from.IP.String()), from)
	}
}

func command(args []string) int {
	out, err := "", error(nil)
	switch args[0] {
	case "get":
		out, err = get(args[1])
	case "udp":
		out, err = datagram(args[1])
	case "lookup":
		var found []string
		found, err = net.LookupHost(args[1])
		out = strings.Join(found, " ")
	case "cat":
		var b []byte
		b, err = os.ReadFile(args[1])
		out = string(b)
	case "write":
		err = os.WriteFile(args[1], []byte(args[2]), 0o644)
	case "ls":
		var entries []os.DirEntry
		entries, err = os.ReadDir(args[1])
		for _, e := range entries {
			out += e.Name() + " "
		}
	case "pwd":
		out, err = os.Getwd()
	case "self":
		out, err = os.Executable()
	case "run":
		var b []byte
		b, err = exec.Command(args[1], args[2:]...).CombinedOutput()
		out = string(b)
	case "hold":
		err = hold(args[1])
	case "spin":
		err = spin(args[1])
	case "repeat":
		for range 20 {
			err = errors.Join(err, exec.Command(args[1], args[2:]...).Run())
		}
		time.Sleep(time.Hour)
	case "env":
		out = strings.Join(os.Environ(), "\n")
	case "interfaces":
		var all []net.Addr
		all, err = net.InterfaceAddrs()
		out = fmt.Sprint(all)
	case "raw":
		_, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	}
	fmt.Println(out)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// hold takes as many MiB of memory, and keeps them.
func hold(size string) error {
	n, err := strconv.Atoi(size)
	if err != nil {
		return err
	}
	b := make([]byte, n<<20)
	for i := range b {
		b[i] = 1
	}
	fmt.Fprintln(os.Stderr, "holding", size)
	time.Sleep(time.Hour)
	runtime.KeepAlive(b)
	return nil
}

// spin takes that much CPU time.
func spin(limit string) error {
	d, err := time.ParseDuration(limit)
	var u syscall.Rusage
	for err == nil && time.Duration(u.Utime.Nano()) < d {
		err = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	}
	return err
}

func get(url string) (string, error) {
	c := http.Client{Timeout: 5 * time.Second}
	r, err := c.Get(url)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	return string(b), err
}

func datagram(addr string) (string, error) {
	c, err := net.Dial("udp", addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.Write([]byte("ping")); err != nil {
		return "", err
	}
	b := make([]byte, 2048)
	n, err := c.Read(b)
	return string(b[:n]), err
}
