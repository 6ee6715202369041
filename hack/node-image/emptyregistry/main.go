// Command emptyregistry is a container registry that has no image. The nodes' containerd asks it
// instead of any other, so that an image which is not on a node is not found at once, as in a
// registry that doesn't have it, whatever network the machine is in.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: emptyregistry ADDRESS")
		os.Exit(2)
	}
	fmt.Fprintln(os.Stderr, http.ListenAndServe(os.Args[1], http.HandlerFunc(answer)))
	os.Exit(1)
}

func answer(w http.ResponseWriter, r *http.Request) {
	if strings.Trim(r.URL.Path, "/") == "v2" { // whether this speaks the registry's protocol
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(w, `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`)
}
