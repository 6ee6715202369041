// Package snapshot holds what was seen of a cluster as plain data: the objects at one moment, and
// the changes over a while. It reads nothing by itself; package observe fills it, packages check
// and explain draw conclusions from it, and a saved one is all that their tests need.
package snapshot

import (
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Snapshot is what a cluster looked like at one moment. It is never changed after it was made.
type Snapshot struct {
	At        time.Time                    `json:"at"`
	Namespace string                       `json:"namespace"`
	Objects   []*unstructured.Unstructured `json:"objects"`
	// Errors says, for each resource (plural, lower case) that was asked for and could not be read, why.
	Errors map[string]string `json:"errors,omitempty"`
	// Logs are the ends of what some containers wrote, where somebody asked for them.
	Logs []Log `json:"logs,omitempty"`
}

// Log is the end of what one container wrote.
type Log struct {
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	Container string `json:"container"`
	// Previous is true for the container before the one that is there now.
	Previous bool `json:"previous,omitempty"`
	// Lines are the last lines, the newest at the end.
	Lines []string `json:"lines,omitempty"`
	// Error says why it could not be read.
	Error string `json:"error,omitempty"`
}

// Forbidden says that it could not be read for want of rights.
func (l Log) Forbidden() bool { return strings.Contains(l.Error, "forbidden") }

// ChangeType is what happened to an object.
type ChangeType string

const (
	Added    ChangeType = "ADDED"
	Modified ChangeType = "MODIFIED"
	Deleted  ChangeType = "DELETED"
)

// Source is where a Change was read.
type Source string

const (
	// FromAudit: the API server's audit log; At is when the server finished the request.
	FromAudit Source = "audit"
	// FromWatch: a watch; At is when the news arrived.
	FromWatch Source = "watch"
	// FromObjects: what the objects say of themselves; At is a whole second.
	FromObjects Source = "objects"
)

// Change is one write to one object.
type Change struct {
	At     time.Time  `json:"at"`
	Source Source     `json:"source"`
	Type   ChangeType `json:"type"`
	// Object is the object after the change (before it, where Type is Deleted). Nil when the record does not hold it.
	Object *unstructured.Unstructured `json:"object,omitempty"`

	// The rest is known from the audit log only.
	User        string `json:"user,omitempty"`      // for example system:serviceaccount:kube-system:replicaset-controller
	UserAgent   string `json:"userAgent,omitempty"` // for example kubectl/v1.37.2
	Verb        string `json:"verb,omitempty"`      // create, update, patch, delete, deletecollection
	Resource    string `json:"resource,omitempty"`  // plural
	Subresource string `json:"subresource,omitempty"`
	Namespace   string `json:"namespace,omitempty"`
	Name        string `json:"name,omitempty"`
	Code        int    `json:"code,omitempty"` // HTTP status of the answer
	// Received is when the server got the request. What led to another write was received before it, while
	// answers may overtake each other.
	Received time.Time `json:"received,omitzero"`
}

// Timeline is what changed between two moments, oldest first.
type Timeline struct {
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Changes []Change  `json:"changes"`
	// NoAudit says why no audit log was read though there is one; empty where there is none, or where it was read.
	NoAudit string `json:"noAudit,omitempty"`
}
