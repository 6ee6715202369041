// Package cluster says what a practice cluster is to the rest of the program: a Provider makes
// and finds clusters, a Handle is one of them. How a cluster comes about stands in the packages
// below it (sandbox, and others beside it), which only the root command imports.
package cluster

import (
	"context"
	"io"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
)

// DefaultName is the name of the cluster that commands mean when none is given.
const DefaultName = "learn"

// Provider makes practice clusters of one sort and finds them again.
type Provider interface {
	// Name is what --provider takes, for example "sandbox".
	Name() string
	// Create makes a cluster, or finishes one that was left half made. It returns when every node
	// is Ready and schedulable. ErrExists is returned for a cluster that is already whole.
	Create(ctx context.Context, o CreateOptions, p Progress) (Handle, error)
	// Open finds a cluster. What it finds broken (a part that ended by itself) it mends, and says
	// so on p. ErrNotFound is returned when there is none of that name.
	Open(ctx context.Context, name string, p Progress) (Handle, error)
	// List tells of every cluster of this provider, sorted by name. It mends nothing.
	List(ctx context.Context) ([]Info, error)
	// Delete ends a cluster's processes and removes its files. Deleting what is half made or half
	// deleted works; ErrNotFound is returned when there is nothing.
	Delete(ctx context.Context, name string, p Progress) error
}

// CreateOptions is what a learner may choose about a new cluster.
type CreateOptions struct {
	Name string
	// Workers is the number of worker nodes, besides the control plane node; 0 means 2.
	Workers int
	// Image is the node image, and Version the version of Kubernetes, for which the provider knows a
	// node image. Providers without node images refuse both, and what follows.
	Image, Version string
	// ConfigFile is a file of settings in the provider's own form, laid over what it would do.
	ConfigFile string
	// Archives are files of images, as docker save writes them, for machines without a registry.
	Archives []string
}

// Handle is one practice cluster.
type Handle interface {
	// Info is what is known without asking the cluster.
	Info() Info
	// Kubeconfig is the path of a kubeconfig file of the learner's identity, mode 0600.
	Kubeconfig() string
	// Permit says what this program may write there. Without one it only reads.
	Permit() kube.Permit
	// Capabilities is what lessons may ask of this cluster.
	Capabilities() Capabilities
	// Status asks every part how it is.
	Status(ctx context.Context) (Status, error)
	// Start brings back a cluster that was stopped; it returns when the nodes are Ready.
	Start(ctx context.Context, p Progress) error
	// Stop ends the cluster's processes and keeps its state.
	Stop(ctx context.Context, p Progress) error
}

// Chooser is what a provider implements that does not work on every machine.
type Chooser interface {
	// Usable says within 2 s whether the provider works here: why it does, for example "docker 28.2
	// answers", or as the error why not.
	Usable(ctx context.Context) (why string, err error)
}

// NodeManager is the optional ability to change a cluster's nodes.
type NodeManager interface {
	// AddNode adds a worker and returns its name; an empty name lets the cluster choose.
	AddNode(ctx context.Context, name string, p Progress) (string, error)
	RemoveNode(ctx context.Context, name string, p Progress) error
	// StopNode ends a node at once, as if its power failed; it stays away until StartNode.
	StopNode(ctx context.Context, name string, p Progress) error
	StartNode(ctx context.Context, name string, p Progress) error
	// StoppedNodes are the nodes that were stopped and not started again, whatever the cluster thinks
	// of them as yet.
	StoppedNodes() ([]string, error)
}

// ContainerKiller is the optional ability to kill a container's process from outside, as the
// kernel would: nothing in the API records who did it.
type ContainerKiller interface {
	// KillContainer sends SIGKILL to the container's process; an empty container means the Pod's first.
	KillContainer(ctx context.Context, namespace, pod, container string) error
}

// NodePresser is the optional ability to make a node run short of something, as a service of the
// node's own would that runs wild. The kubelet finds out by itself, and evicts Pods.
type NodePresser interface {
	// PressNode leaves Pods no more of a node than that, beyond what they use now; a negative number
	// leaves all there is. It lasts until the next call, or until the node starts anew.
	PressNode(ctx context.Context, name string, left Left) error
	// RelieveNodes gives back what was taken of any node that runs.
	RelieveNodes(ctx context.Context) error
}

// Left is how much of a node is left for Pods, in bytes.
type Left struct{ Memory, Disk int64 }

// Auditor is the optional ability to read the API server's audit log.
type Auditor interface {
	// AuditLog brings the audit log up to date where it is kept elsewhere, and returns its path: JSON
	// lines of audit.k8s.io/v1 Event, newest last. Writes to objects outside kube-system carry the
	// object that came of them (responseObject). An empty path says that this cluster keeps none.
	AuditLog(ctx context.Context) (path string, err error)
}

// MetricsInstaller is the optional ability to add what serves metrics.k8s.io.
type MetricsInstaller interface {
	// InstallMetrics returns when the first figures are there. Doing it twice does no harm.
	InstallMetrics(ctx context.Context, p Progress) error
}

// ImageLoader is the optional ability to take container images from a file instead of a registry.
type ImageLoader interface {
	// LoadImages puts the images of an archive, as docker save writes it, on every node that runs.
	LoadImages(ctx context.Context, file string, p Progress) error
}

// ImageLister is the optional ability to tell which images there are without a registry.
type ImageLister interface {
	// Images are sorted by name, the newest version of each first.
	Images(ctx context.Context) ([]Image, error)
}

// Image is a container image that Pods of a cluster can run at once.
type Image struct {
	// Name is the image's without a tag, as people write it: nginx.
	Name string `json:"name"`
	// Tags are all tags of this one image, the most exact first; an image that is known by its digest
	// alone has none.
	Tags []string `json:"tags,omitempty"`
	// Usual are those of Tags that people use.
	Usual []string `json:"usualTags,omitempty"`
	// About says in a few words what it runs, where that is known.
	About string `json:"about,omitempty"`
	// BuiltFrom is the source of one that was built for the cluster, and empty for all others.
	BuiltFrom string `json:"builtFrom,omitempty"`
	// Size is in bytes, as it is downloaded or as the node keeps it.
	Size   int64  `json:"size"`
	Digest string `json:"digest,omitempty"`
	// Nodes are those that have it; none stands for all.
	Nodes []string `json:"nodes,omitempty"`
}

// LogExporter is the optional ability to write all that helps to find out what went wrong.
type LogExporter interface {
	// ExportLogs fills a folder, which is made.
	ExportLogs(ctx context.Context, dir string, p Progress) error
}

// LogReader is the optional ability to read the logs of a cluster's own parts.
type LogReader interface {
	// Parts names what has a log: "control-plane" and every node.
	Parts() []string
	// Logs copies the log of one part to w; with follow it goes on until ctx ends.
	Logs(ctx context.Context, part string, follow bool, w io.Writer) error
}

// Progress is told what a long operation does, stage by stage.
type Progress interface {
	// Stage says that a stage begins; the func that it returns says that it ended, and how.
	Stage(name string) (done func(err error))
	// Note says one thing that was found or decided, as a whole sentence.
	Note(format string, args ...any)
}

// Silent is a Progress that nobody follows.
type Silent struct{}

// Stage implements Progress.
func (Silent) Stage(string) func(error) { return func(error) {} }

// Note implements Progress.
func (Silent) Note(string, ...any) {}

// State is what a cluster is doing as a whole.
type State string

const (
	// Creating: its making was begun and not finished.
	Creating State = "creating"
	// Running: its control plane answers or should.
	Running State = "running"
	// Stopped: it was stopped on purpose and keeps its state.
	Stopped State = "stopped"
	// Broken: a part that should run does not.
	Broken State = "broken"
	// Deleting: its removal was begun and not finished.
	Deleting State = "deleting"
)

// Info is what is known of a cluster without asking it.
type Info struct {
	Name     string    `json:"name"`
	Provider string    `json:"provider"`
	State    State     `json:"state"`
	Nodes    []string  `json:"nodes"` // the control plane node first
	Version  string    `json:"version"`
	Created  time.Time `json:"created"`
	// Started is when it last came up; zero when it is not running.
	Started time.Time `json:"started,omitzero"`
	Server  string    `json:"server"` // https://host:port
}

// Capabilities is what a cluster offers to lessons, in the words of a lesson's `needs`.
type Capabilities struct {
	// Nodes is the number of worker nodes.
	Nodes         int  `json:"nodes"`
	Exec          bool `json:"exec"`
	Metrics       bool `json:"metrics"`
	AddNodes      bool `json:"addNodes"`
	StopNode      bool `json:"stopNode"`
	KillContainer bool `json:"killContainer"`
	PressNode     bool `json:"pressNode"`
	Audit         bool `json:"audit"`
	// ReadNodes: the engine may look at the nodes. SeeNodes: so may learners, with kubectl.
	// CordonNodes: they may cordon, drain, taint and label them.
	ReadNodes   bool `json:"readNodes"`
	SeeNodes    bool `json:"seeNodes"`
	CordonNodes bool `json:"cordonNodes"`
}

// Realness says how near a part of a practice cluster is to that of a production cluster.
type Realness string

const (
	// Real: the same code as in any cluster.
	Real Realness = "real"
	// ProcessLevel: does what the real part does, with operating system processes.
	ProcessLevel Realness = "process-level"
	// Emulated: shows what the real part shows without doing all of it.
	Emulated Realness = "emulated"
	// Absent: not there.
	Absent Realness = "absent"
)

// Part is one piece of a cluster and its health.
type Part struct {
	Name     string   `json:"name"`
	Realness Realness `json:"realness"`
	Healthy  bool     `json:"healthy"`
	// Evidence is how the health is known, for example "/readyz ok, 3 ms".
	Evidence string `json:"evidence"`
	// Note is what a learner should know about this part here.
	Note string `json:"note,omitempty"`
}

// Process is one that belongs to a cluster, on this machine.
type Process struct {
	// Name is that of a part, or NAMESPACE/POD/CONTAINER.
	Name string `json:"name"`
	// Node is the node that the process is, or belongs to.
	Node string `json:"node"`
	PID  int    `json:"pid"`
	// Memory is what of it is resident, in bytes, as ps tells it; of a container's, with the processes that it began.
	Memory uint64 `json:"memory"`
	// Log is the file to which its output goes.
	Log string `json:"log"`
	// Paused: it was stopped, and does nothing until it gets SIGCONT.
	Paused bool `json:"paused,omitempty"`
}

// Status is the health of a cluster, part by part.
type Status struct {
	Info  Info   `json:"info"`
	Parts []Part `json:"parts"`
	// Processes are those of the cluster, where it consists of processes of this machine.
	Processes []Process `json:"processes,omitempty"`
}
