package observe

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// auditEvent is what is read of an Event of audit.k8s.io/v1, by the names of
// k8s.io/apiserver/pkg/apis/audit/v1.
type auditEvent struct {
	Stage      string `json:"stage"`
	RequestURI string `json:"requestURI"`
	Verb       string `json:"verb"`
	User       struct {
		Username string `json:"username"`
	} `json:"user"`
	Impersonated *struct {
		Username string `json:"username"`
	} `json:"impersonatedUser"`
	UserAgent string `json:"userAgent"`
	Ref       *struct {
		Resource    string `json:"resource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
		Subresource string `json:"subresource"`
	} `json:"objectRef"`
	Status *struct {
		Code   int    `json:"code"`
		Reason string `json:"reason"`
	} `json:"responseStatus"`
	Request  json.RawMessage  `json:"requestObject"`
	Response json.RawMessage  `json:"responseObject"`
	Received metav1.MicroTime `json:"requestReceivedTimestamp"`
	Reached  metav1.MicroTime `json:"stageTimestamp"`
}

// reads are the verbs that change nothing, as they stand in a line.
func reads() [][]byte {
	return [][]byte{[]byte(`"verb":"get"`), []byte(`"verb":"list"`), []byte(`"verb":"watch"`)}
}

// uninteresting tells from a line's bytes that it need not be decoded, which is what costs time.
func uninteresting(line []byte, namespace string) bool {
	head := line[:min(len(line), 1024)]
	for _, verb := range reads() {
		if bytes.Contains(head, verb) && !bytes.Contains(head, []byte("/exec?")) {
			return true
		}
	}
	if namespace == "" {
		return false
	}
	return bytes.Contains(head, []byte("/namespaces/")) && !bytes.Contains(head, []byte("/namespaces/"+namespace))
}

// requestOf tells which object a request changed, from the bytes of its line: the path, so that a
// later request with the same path says all that this one does. It is false for what has to be
// looked at in any case: requests about a collection, whose objects their answers name, those that
// changed nothing, and those whose answer holds only a part of the object.
func requestOf(line []byte) (string, bool) {
	const key = `"requestURI":"`
	head := line[:min(len(line), 2048)]
	i := bytes.Index(head, []byte(key))
	if i < 0 || !bytes.Contains(head, []byte(`"code":2`)) || bytes.Contains(line, []byte(`"PartialObjectMetadata"`)) {
		return "", false
	}
	for _, other := range []string{`"verb":"create"`, `"verb":"deletecollection"`, "dryRun="} {
		if bytes.Contains(head, []byte(other)) {
			return "", false
		}
	}
	uri, _, _ := bytes.Cut(head[i+len(key):], []byte{'"'})
	path, _, _ := bytes.Cut(uri, []byte{'?'})
	return string(path), true
}

// changesOf decodes one line of an audit log. A line that tells of no write, or of one elsewhere
// than in the namespace (and in none), gives none. An empty namespace takes all.
func changesOf(line []byte, namespace string) ([]snapshot.Change, error) {
	if uninteresting(line, namespace) {
		return nil, nil
	}
	var e auditEvent
	if err := json.Unmarshal(line, &e); err != nil {
		return nil, err
	}
	if !e.counts(namespace) {
		return nil, nil
	}
	c := snapshot.Change{
		At: e.Reached.Time, Received: e.Received.Time, Source: snapshot.FromAudit,
		User: e.user(), UserAgent: e.UserAgent, Verb: e.Verb, Code: e.code(),
		Resource: e.Ref.Resource, Subresource: e.Ref.Subresource, Namespace: e.Ref.Namespace, Name: e.Ref.Name,
	}
	return e.changes(c), nil
}

// counts says whether the event is a write, or an attempt at one, that a timeline holds.
func (e *auditEvent) counts(namespace string) bool {
	switch {
	case e.Stage != "ResponseComplete", e.Ref == nil:
		return false
	case namespace != "" && e.Ref.Namespace != "" && e.Ref.Namespace != namespace:
		return false
	case namespace != "" && e.Ref.Namespace == "" && !placesPods(e.Ref.Resource):
		return false
	case strings.Contains(e.RequestURI, "dryRun="):
		return false
	}
	switch e.Verb {
	case "create", "update", "patch", "delete", "deletecollection":
		return e.code() < 300 || e.refused()
	case "get":
		return e.Ref.Subresource == "exec"
	}
	return false
}

// placesPods says whether a resource that belongs to no namespace has a part in what happens in one.
func placesPods(resource string) bool {
	return resource == "nodes" || resource == "persistentvolumes"
}

// refused says that policy turned the request down, in contrast to a lost race (conflict, not
// found), which the client tries again and which is nobody's move.
func (e *auditEvent) refused() bool { return e.code() == 403 || e.code() == 422 || e.code() == 429 }

func (e *auditEvent) user() string {
	if e.Impersonated != nil && e.Impersonated.Username != "" {
		return e.Impersonated.Username
	}
	return e.User.Username
}

func (e *auditEvent) code() int {
	if e.Status == nil {
		return 0
	}
	return e.Status.Code
}

// changes tells what the request did; c holds what is the same for all its objects.
func (e *auditEvent) changes(c snapshot.Change) []snapshot.Change {
	response := object(e.Response)
	switch {
	case e.Ref.Subresource == "exec":
		c.At, c.Verb, c.Object = e.Received.Time, "create", e.command()
		return []snapshot.Change{c}
	case c.Code >= 300:
		c.Object = response
		return []snapshot.Change{c}
	case e.Verb == "deletecollection":
		return e.collection(c)
	case e.Verb == "delete":
		return []snapshot.Change{removal(c, response)}
	case c.Subresource == "binding", c.Subresource == "eviction":
		c.Type, c.Object = snapshot.Modified, object(e.Request)
		return []snapshot.Change{c}
	}
	c.Type, c.Object = snapshot.Modified, response
	if c.Object != nil && c.Object.GetKind() == "Status" {
		c.Object = nil
	}
	if e.made() {
		c.Type = snapshot.Added
	}
	if c.Object != nil && c.Name == "" {
		c.Name = c.Object.GetName() // the server made it up from generateName
	}
	partial := c.Subresource == "" && c.Object != nil && c.Object.GetKind() == "PartialObjectMetadata"
	if (whole(c) || partial) && c.Object != nil && over(c.Object) {
		c.Type = snapshot.Deleted // it was only waiting for its last finalizer
	}
	return []snapshot.Change{c}
}

// made says whether there is a new object. Server-side apply makes objects with a patch.
func (e *auditEvent) made() bool {
	return e.Ref.Subresource == "" && (e.Verb == "create" || e.code() == 201)
}

// command is what an exec was asked to run, as the object that the API has for it.
func (e *auditEvent) command() *unstructured.Unstructured {
	u, err := url.Parse(e.RequestURI)
	if err != nil {
		return nil
	}
	words := []any{}
	for _, w := range u.Query()["command"] {
		words = append(words, w)
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "PodExecOptions", "command": words, "container": u.Query().Get("container"),
	}}
}

// removal completes the change of a delete. The server answers with the object while that lives on
// for its grace period or its finalizers, and with the object or a mere Status when it is gone.
func removal(c snapshot.Change, response *unstructured.Unstructured) snapshot.Change {
	c.Type, c.Object = snapshot.Deleted, response
	if response == nil || response.GetKind() == "Status" {
		c.Object = nil
		return c
	}
	c.Name = response.GetName()
	if response.GetDeletionTimestamp() != nil && !over(response) {
		c.Type = snapshot.Modified
	}
	return c
}

// over says that an object is marked for deletion and nothing keeps it any more.
func over(o *unstructured.Unstructured) bool {
	grace := o.GetDeletionGracePeriodSeconds()
	return o.GetDeletionTimestamp() != nil && len(o.GetFinalizers()) == 0 && (grace == nil || *grace == 0)
}

// collection makes a change for each object that a deletecollection was about.
func (e *auditEvent) collection(c snapshot.Change) []snapshot.Change {
	var list unstructured.UnstructuredList
	if err := list.UnmarshalJSON(e.Response); err != nil {
		return []snapshot.Change{removal(c, nil)}
	}
	changes := make([]snapshot.Change, 0, len(list.Items))
	for i := range list.Items {
		item := &list.Items[i]
		if item.GetKind() == "" { // the items of a list leave out what the list says
			item.SetGroupVersionKind(list.GroupVersionKind().GroupVersion().WithKind(strings.TrimSuffix(list.GetKind(), "List")))
		}
		changes = append(changes, removal(c, item))
	}
	return changes
}

// object decodes an object, or gives nil where there is none.
func object(raw json.RawMessage) *unstructured.Unstructured {
	if len(raw) == 0 {
		return nil
	}
	var o unstructured.Unstructured
	if err := o.UnmarshalJSON(raw); err != nil {
		return nil
	}
	return &o
}

// reachedAt is when a request was done, from the bytes of its line; zero when the line does not tell.
func reachedAt(line []byte) time.Time {
	const key = `"stageTimestamp":"`
	i := bytes.LastIndex(line, []byte(key))
	if i < 0 {
		return time.Time{}
	}
	text, _, _ := bytes.Cut(line[i+len(key):], []byte{'"'})
	at, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return time.Time{}
	}
	return at
}
