package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// holds says whether a condition is true in a snapshot.
func (c condition) holds(now *snapshot.Snapshot) (bool, error) {
	q, err := snapshot.ParseQuery(c.Of)
	if err != nil {
		return false, err
	}
	found, err := now.Select(q)
	if err != nil {
		return false, err
	}
	n := 0
	for _, o := range found {
		if c.fits(o, now.At) {
			n++
		}
	}
	return n >= max(c.Count, 1) && (!c.Exactly || len(found) == c.Count), nil
}

func (c condition) fits(o *unstructured.Unstructured, now time.Time) bool {
	text := compact(o)
	for _, has := range c.Has {
		if !strings.Contains(text, has) {
			return false
		}
	}
	since := func(t time.Time, seconds int) bool {
		return !t.IsZero() && now.Sub(t) >= time.Duration(seconds)*time.Second
	}
	if c.Older > 0 && !since(o.GetCreationTimestamp().Time, c.Older) {
		return false
	}
	if c.Deleted > 0 && (o.GetDeletionTimestamp() == nil || !since(o.GetDeletionTimestamp().Time, c.Deleted)) {
		return false
	}
	return c.Running == 0 || since(began(o), c.Running)
}

// compact is an object's JSON on one line.
func compact(o *unstructured.Unstructured) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(o.Object); err != nil {
		return fmt.Sprint(o.Object)
	}
	return b.String()
}

// began is when a container of a Pod began to run, or no time.
func began(o *unstructured.Unstructured) time.Time {
	for _, list := range []string{"initContainerStatuses", "containerStatuses"} {
		statuses, _, _ := unstructured.NestedSlice(o.Object, "status", list)
		for _, s := range statuses {
			m, _ := s.(map[string]any)
			text, _, _ := unstructured.NestedString(m, "state", "running", "startedAt")
			if at, err := time.Parse(time.RFC3339, text); err == nil {
				return at
			}
		}
	}
	return time.Time{}
}
