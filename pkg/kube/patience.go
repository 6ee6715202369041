package kube

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	// tellAfter is after how long without anything going it is told what is waited for.
	tellAfter = 10 * time.Second
	// giveUpAfter is after how long the wait ends. Pods of a node that is away are removed by force long before.
	giveUpAfter = 60 * time.Second
	// unseenAfter is after how long the wait for an object ends of which nothing was seen yet.
	unseenAfter = 60 * time.Second
)

// Telling is the same client; while it waits for what was deleted to be gone, remaining is told what
// is still there.
func (c *Client) Telling(remaining func(what string)) *Client {
	same := c.In(c.namespace)
	same.remaining = remaining
	return same
}

// patience is how long it is waited for things to go.
type patience struct {
	tell, giveUp time.Duration
	remaining    func(string)
	now          func() time.Time
	since        time.Time
	told         bool
}

func (c *Client) wait() *patience {
	return &patience{tell: c.tellAfter, giveUp: c.giveUpAfter, remaining: c.remaining, now: c.now, since: c.now()}
}

// moved says that something went: the wait is worth it.
func (p *patience) moved() { p.since = p.now() }

// check tells what is left when that took a while, once, and fails when it took too long.
func (p *patience) check(what func() string, fail func() error) error {
	waited := p.now().Sub(p.since)
	if waited >= p.tell && !p.told && p.remaining != nil {
		p.told = true
		p.remaining(what())
	}
	if waited >= p.giveUp {
		return fail()
	}
	return nil
}

// held says what is waited for.
func held(first string, n int) string {
	if n == 1 {
		return first
	}
	return fmt.Sprintf("%s and %d more", first, n-1)
}

// stuck is the error of an object that is marked for deletion and does not go, with what to do.
func stuck(namespace, name string, o *unstructured.Unstructured) error {
	in := ""
	if namespace != "" {
		in = " --namespace " + namespace
	}
	if finalizers := o.GetFinalizers(); len(finalizers) > 0 {
		return fmt.Errorf("%s was deleted and does not go: it has finalizers %s, which whoever set them has to take away. "+
			"If nobody will: kubectl%s patch %s --type merge -p '{\"metadata\":{\"finalizers\":null}}', and then run the command again",
			name, strings.Join(finalizers, ", "), in, name)
	}
	if what := left(o); what != "" {
		return fmt.Errorf("%s was deleted and does not go: %s. When that is mended, run the command again", name, what)
	}
	return fmt.Errorf("%s was deleted and does not go. See why: kubectl%s get %s -o yaml; then run the command again", name, in, name)
}
