package kube_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// A kubelet whose container was removed meanwhile answers as if what it has to say were the log.
func TestALogThatIsGoneIsAskedForAgain(t *testing.T) {
	t.Parallel()
	const removed = "unable to retrieve container logs for containerd://06d7f4ee2895"
	for name, c := range map[string]struct {
		gone  int32 // how often the kubelet answers so
		text  string
		lines []string
		wrong string
	}{
		"there":        {text: "no DATABASE_URL\n", lines: []string{"no DATABASE_URL"}},
		"empty":        {},
		"later":        {gone: 2, text: "one\ntwo\n", lines: []string{"one", "two"}},
		"gone":         {gone: 1 << 30, wrong: "its node has it no more: " + removed},
		"only told of": {text: removed + "\nand more\n", lines: []string{removed, "and more"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/api/v1/namespaces/shop/pods/api/log" || r.URL.Query().Get("previous") != "true" {
					http.NotFound(w, r)
					return
				}
				if asked.Add(1) <= c.gone {
					_, _ = fmt.Fprint(w, removed)
					return
				}
				_, _ = fmt.Fprint(w, c.text)
			}))
			defer server.Close()
			client, err := kube.New(&rest.Config{Host: server.URL}, "shop", nil)
			if err != nil {
				t.Fatal(err)
			}
			lines, err := client.Logs(t.Context(), snapshot.Log{Pod: "api", Container: "api", Previous: true}, 40)
			if !slices.Equal(lines, c.lines) {
				t.Errorf("it wrote %q", lines)
			}
			if said := fmt.Sprint(err); (err != nil) != (c.wrong != "") || !strings.Contains(said, c.wrong) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}
