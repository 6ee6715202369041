package lesson

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Lesson is one lesson file, read and checked. It is never changed after it was made.
type Lesson struct {
	ID, Title, Summary string
	// Minutes is how long a learner is expected to take.
	Minutes int
	// After names the lessons that come first.
	After []string
	Needs Needs
	// Teaches names the concepts that this lesson brings in.
	Teaches []string
	// Intro is the Markdown between the front matter and the first step.
	Intro string
	Steps []*Step
	// File is the name that the lesson was read from, as places give it.
	File string
	// From is the pack that it comes from, as an absolute path; empty for a lesson that is built in.
	From string

	header Header
}

// Header returns what an overview needs of the lesson.
func (l *Lesson) Header() Header { return l.header }

// Step finds a step by its ID, or nil.
func (l *Lesson) Step(id string) *Step {
	for _, s := range l.Steps {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// Needs is what a lesson asks of the cluster, and what a cluster offers, in the same words.
type Needs struct {
	// Nodes is the number of worker nodes.
	Nodes                                                   int
	Metrics, Exec, AddNodes, StopNode, KillContainer, Audit bool
	// PressNode: a fault leaves a node short of memory or disk.
	PressNode bool
	// SeeNodes: learners look at nodes with kubectl. CordonNodes: they cordon, drain, taint or label them.
	SeeNodes, CordonNodes bool
	// ReadNodes: a block of the lesson asks about nodes. It is not declared, but found.
	ReadNodes bool
}

// Unmet says in a sentence each what the cluster lacks; nil when it has all.
func (n Needs) Unmet(have Needs) []string {
	var unmet []string
	if n.Nodes > have.Nodes {
		unmet = append(unmet, fmt.Sprintf("it needs %s, and this cluster has %d", workers(n.Nodes), have.Nodes))
	}
	for _, c := range []struct {
		need, have bool
		what       string
	}{
		{n.Metrics, have.Metrics, "it needs metrics, and this cluster has no metrics server"},
		{n.Exec, have.Exec, "it needs kubectl exec, which this cluster does not offer"},
		{n.AddNodes, have.AddNodes, "it adds nodes, which this cluster does not allow"},
		{n.StopNode, have.StopNode, "it stops a node, which this cluster does not allow"},
		{n.KillContainer, have.KillContainer, "it kills a container's process, which this cluster does not allow"},
		{n.PressNode, have.PressNode, "it makes a node run short, which this cluster does not allow"},
		{n.Audit, have.Audit, "it reads the audit log, which this cluster does not keep"},
		{n.ReadNodes, have.ReadNodes, "it asks about nodes, which you may not list in this cluster"},
		{n.SeeNodes && !n.CordonNodes, have.SeeNodes, "its commands look at nodes, which a lesson may not do in this cluster"},
		{n.CordonNodes, have.CordonNodes, "it cordons or drains nodes, and those of this cluster are not for lessons"},
	} {
		if c.need && !c.have {
			unmet = append(unmet, c.what)
		}
	}
	return unmet
}

func workers(n int) string {
	if n == 1 {
		return "1 worker node"
	}
	return fmt.Sprintf("%d worker nodes", n)
}

// Support is how much of a step is done for the learner.
type Support string

const (
	Worked      Support = "worked"
	Completion  Support = "completion"
	Independent Support = "independent"
)

// Step is one section of a lesson.
type Step struct {
	// ID is made of the title: lower case, words joined by hyphens. Unique in the lesson.
	ID, Title string
	// Support is empty when the author did not say.
	Support Support
	// Blocks are the step's parts in the order of the file, prose included.
	Blocks []Block
	// Line is where the step's heading stands.
	Line int
}

// All returns the blocks of one type, in the order of the file, for example All[*Predict](step).
func All[B Block](s *Step) []B {
	var found []B
	for _, b := range s.Blocks {
		if wanted, ok := b.(B); ok {
			found = append(found, wanted)
		}
	}
	return found
}

// Checks returns the checks of all check blocks, in order.
func (s *Step) Checks() []*Check {
	var checks []*Check
	for _, b := range All[*Checks](s) {
		checks = append(checks, b.Checks...)
	}
	return checks
}

// Claim is what a check of a step says, or a request of it.
type Claim struct {
	That string
	Pos  Pos
}

// Claims returns what the step's checks say, then what its requests say, in order.
func (s *Step) Claims() []Claim {
	var claims []Claim
	for _, c := range s.Checks() {
		claims = append(claims, Claim{c.That, c.Pos})
	}
	for _, g := range All[*Get](s) {
		claims = append(claims, Claim{g.That, g.Pos()})
	}
	return claims
}

// Hints returns the hints in the order in which they are to be given.
func (s *Step) Hints() []*Hint { return All[*Hint](s) }

// Pos is a place in a lesson's file. Line and Col count from 1; Col counts characters.
type Pos struct {
	File      string
	Line, Col int
}

func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col) }

// Block is one part of a step: *Prose, *Given, *Predict, *Do, *Checks, *Explain, *Ask, *Hint,
// *Wrong, *Fault or *Get.
type Block interface{ Pos() Pos }

// Prose is text to read.
type Prose struct {
	Markdown string
	at       Pos
}

// Given is what the step starts from; the engine applies it.
type Given struct {
	Objects []*unstructured.Unstructured
	at      Pos
}

// Predict asks what will happen, before it happens.
type Predict struct {
	Ask     string
	Options []Option
	// Because is the reason behind the right answer, said afterwards.
	Because string
	at      Pos
}

// Option is one answer to a prediction.
type Option struct {
	Say   string
	Right bool
	// Belief is a short name of the misconception behind a wrong option.
	Belief string
	// Answer is what is said to that belief afterwards.
	Answer string
	// On and Show give the evidence from the live objects; the prediction's own where the option has none.
	On   snapshot.Query
	Show string
	show *program
}

// Do is what the learner types.
type Do struct {
	Commands []Command
	// Optional commands are not needed for the checks; the robot runs them all the same.
	Optional bool
	at       Pos
}

// Command is one line that begins with kubectl.
type Command struct {
	// Line is what was written, with its templates.
	Line string
	// Args are the words after splitting, kubectl first, with their templates.
	Args []string
	Pos  Pos
	tmpl *phrase
}

// Checks is a list of things that must become so.
type Checks struct {
	Checks []*Check
	at     Pos
}

// Check is one thing that must become so.
type Check struct {
	// That is the claim, unique in its step.
	That string
	On   snapshot.Query
	// Expect is a CEL expression that is true when the claim holds.
	Expect string
	// Expected says the same in words.
	Expected string
	// Within is how long the cluster may take, 60 s when the author did not say.
	Within    time.Duration
	Otherwise []Otherwise
	// Converging is a CEL expression that is true while the cluster is still on its way. Empty: the engine judges.
	Converging string
	// Actual is a template of what was found. Empty: the engine describes it.
	Actual string
	// Look is a kubectl command that shows more, with templates. Empty: made from On.
	Look string
	Pos  Pos

	expect, converging *program
	actual             *phrase
	look               *phrase
}

// Otherwise is what is said when a check does not pass for a reason that the author foresaw.
type Otherwise struct {
	// When is a CEL expression; Say a template.
	When, Say string
	// Example is a made-up state in which this is said, for what no wrong turn of the lesson reaches; Lint
	// proves it. Nil: none. ExampleBefore is what was there before it.
	Example, ExampleBefore []*unstructured.Unstructured
	Pos                    Pos

	when *program
	say  *phrase
}

// ExplainKind is one way to explain what happened.
type ExplainKind string

const (
	Timeline  ExplainKind = "timeline"
	Tree      ExplainKind = "tree"
	Owners    ExplainKind = "owners"
	Placement ExplainKind = "placement"
	Why       ExplainKind = "why"
	Map       ExplainKind = "map"
)

// Explain shows what happened, from the live objects.
type Explain struct {
	Kind ExplainKind
	// Target is zero for a map, which shows the whole cluster.
	Target snapshot.Query
	at     Pos
}

// Ask is a question about what the learner saw; the cluster knows the answer.
type Ask struct {
	Ask string
	On  snapshot.Query
	// Answer is a CEL expression: a text, number or truth value; of a list any element is right.
	Answer string
	// Because is said afterwards. May be empty.
	Because string
	at      Pos
	answer  *program
}

// Rung is how far a hint goes.
type Rung string

const (
	Orient    Rung = "orient"
	Locate    Rung = "locate"
	Principle Rung = "principle"
	Action    Rung = "action"
)

// Hint is one rung of help.
type Hint struct {
	Rung Rung
	// Text is a template as in a command.
	Text string
	at   Pos
	tmpl *phrase
}

// Wrong holds plausible mistakes. The robot makes them to prove the feedback.
type Wrong struct {
	Turns []WrongTurn
	at    Pos
}

// WrongTurn is one mistake.
type WrongTurn struct {
	Do []Command
	// Fails is the That of the check that must not pass afterwards.
	Fails string
	// Says is part of what the learner must then read.
	Says string
	Pos  Pos

	failsAt Pos
}

// FaultKind is what a fault does to the cluster.
type FaultKind string

const (
	KillContainer FaultKind = "kill-container"
	StopNode      FaultKind = "stop-node"
	StartNode     FaultKind = "start-node"
	SendLoad      FaultKind = "load"
	PressNode     FaultKind = "press-node"
)

// Fault breaks something (or mends it) from outside the API.
type Fault struct {
	Kind FaultKind
	// Target is a query, a template or the word stopped, as it was written; see Resolve.
	Target string
	// Container is the container to kill; empty means the Pod's first.
	Container string
	// Load is what is sent; nil for all kinds but SendLoad.
	Load *Load
	// Left is what press-node leaves of the node for Pods, in bytes; a negative number leaves all there is.
	LeftMemory, LeftDisk int64
	// Say tells the learner what is being done to the cluster.
	Say    string
	at     Pos
	query  snapshot.Query
	target *phrase
}

// Load is many requests to a Service or Pod over HTTP.
type Load struct {
	// On is one service or pods; of pods the first match is asked.
	On   snapshot.Query
	Port int
	// Path begins with a slash.
	Path string
	// Rate is how many requests a second, 20 when the author did not say.
	Rate int
	// For is how long, 30 s when the author did not say.
	For time.Duration
}

// Get asks a Service or Pod over HTTP.
type Get struct {
	// That is the claim, as in a check.
	That string
	// On is one service or pods; of pods the first match is asked.
	On   snapshot.Query
	Port int
	// Path begins with a slash.
	Path   string
	Expect GetExpect
	// Times is how many requests are made, 1 when the author did not say.
	Times int
	// Spread is how many different answers there must be among them at least; 0: it does not matter.
	Spread int
	// Within is how long to go on trying, 30 s when the author did not say.
	Within time.Duration
	// Expected says in words what must come back.
	Expected string
	at       Pos
}

// GetExpect is what must come back each time.
type GetExpect struct {
	// Status is the HTTP status, 200 when the author did not say.
	Status int
	// Contains are texts that the body must hold.
	Contains []string
}

func (b *Prose) Pos() Pos   { return b.at }
func (b *Given) Pos() Pos   { return b.at }
func (b *Predict) Pos() Pos { return b.at }
func (b *Do) Pos() Pos      { return b.at }
func (b *Checks) Pos() Pos  { return b.at }
func (b *Explain) Pos() Pos { return b.at }
func (b *Ask) Pos() Pos     { return b.at }
func (b *Hint) Pos() Pos    { return b.at }
func (b *Wrong) Pos() Pos   { return b.at }
func (b *Fault) Pos() Pos   { return b.at }
func (b *Get) Pos() Pos     { return b.at }
