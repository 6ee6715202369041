package cluster

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// Adopter is the optional ability of a Provider to take in a cluster that is there already, and
// belongs to somebody else.
type Adopter interface {
	Provider
	// Survey looks at a cluster. It changes nothing, there or here.
	Survey(ctx context.Context, o AdoptOptions) (*Survey, error)
	// Adopt keeps the consent to lessons on the cluster that was surveyed.
	Adopt(ctx context.Context, o AdoptOptions, s *Survey) (Handle, error)
	// Forget takes consent back: it deletes what lessons left in the cluster, and then the record.
	Forget(ctx context.Context, name string, o ForgetOptions, p Progress) error
}

// AdoptOptions is which cluster is meant, and how lessons may use it.
type AdoptOptions struct {
	Name string
	// Files are the kubeconfig files, the one that counts first.
	Files   []string
	Context string
	// Namespace is one that is there already; empty means that each lesson gets one of its own.
	Namespace string
	// Learner tells learners apart who share the cluster; part of a namespace's name.
	Learner string
}

// ForgetOptions is how consent is taken back.
type ForgetOptions struct {
	// LeaveBehind forgets the cluster whether or not it can be reached. Where it can, learners' accounts are
	// deleted, and with them what their tokens are good for; all else stays.
	LeaveBehind bool
}

// Identity is what tells a cluster from every other, wherever a context points.
type Identity struct {
	// Namespace is kube-system, or the one that lessons use where kube-system may not be read.
	Namespace string    `json:"namespace"`
	UID       types.UID `json:"uid"`
}

// Survey is what a cluster looks like to a user before they say yes.
type Survey struct {
	Context, Server, Version, User string
	Identity                       Identity
	// Age is negative where it can't be told: who may not read kube-system does not know it.
	Age time.Duration
	// Nodes are their names; nil where they may not be listed. Namespaces and Others (Pods outside of
	// Kubernetes' own namespaces) are -1 where they may not be.
	Nodes              []string
	Namespaces, Others int
	// Production says, a clause each, why it looks like a cluster that people depend on; empty: it does not.
	Production []string
	// Lacking says what is not as well as it could be, since a right is missing; a sentence each.
	Lacking []string
	// Missing are the rights without which there are no lessons, as kubectl auth can-i takes them.
	Missing      []string
	Capabilities Capabilities
}

// Guest is the optional ability of a cluster that belongs to somebody else: lessons live there in
// namespaces of their own, and of all the cluster only those are changed. What was made is known by
// receipts, which outlive the process, and nothing is deleted by its label alone.
type Guest interface {
	// Origin says where the cluster comes from, as "context X of FILE".
	Origin() string
	// Namespace is where a lesson lives.
	Namespace(lesson string) string
	// MakeNamespace makes it, with what keeps a learner within bounds. One of that name that is not
	// ours is kube.ErrNotOurs.
	MakeNamespace(ctx context.Context, lesson string, p Progress) error
	// MayApply refuses objects that would take the place of somebody else's.
	MayApply(ctx context.Context, namespace string, objects []*unstructured.Unstructured) error
	// ClearNamespace deletes what a lesson and its learner made there.
	ClearNamespace(ctx context.Context, namespace string) error
	// DeleteNamespace clears it, and takes it away where it was made for a lesson.
	DeleteNamespace(ctx context.Context, namespace string) error
	// Namespaces are those in which lessons are.
	Namespaces(ctx context.Context) ([]string, error)
	// LearnerKubeconfig is the path of a kubeconfig with which a learner works in a namespace. With an
	// empty one it opens nothing.
	LearnerKubeconfig(ctx context.Context, namespace string) (string, error)
}
