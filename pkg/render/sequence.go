package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
)

const (
	apiServer = "API server"
	kubelet   = "kubelet"
	runtime   = "runtime"
)

// sequence is a trace as messages between participants.
type sequence struct {
	participants []participant
	messages     []message
}

// participant is somebody who sends or gets a message.
type participant struct {
	actor string
	// label is what stands at the head of its line; note is a second line below.
	label, note string
	person      bool
}

// message is one arrow.
type message struct {
	from, to int
	text     string
	// at is when, as it is shown; empty where it belongs to the message after it.
	at string
	// heard says that it is news or an answer, which no request tells of.
	heard bool
	// begins says that somebody did something anew.
	begins bool
}

// label is what a participant is called in a diagram.
func label(actor string) string {
	switch actor {
	case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicationController":
		return actor + " controller"
	case "endpoints":
		return "EndpointSlice controller"
	}
	return actor
}

// newSequence makes messages of rows. Whoever writes writes to the API server, and heard from it before of what led to it;
// a kubelet and its runtime speak with each other.
func newSequence(t *explain.Trace) *sequence {
	q := &sequence{}
	for i, r := range t.Rows {
		if i == 0 && (r.Actor != runtime || len(r.Writes) > 0) {
			q.of(r)
			q.index(apiServer)
		}
		q.of(r)
		if r.Actor == runtime || r.Actor == kubelet && len(r.Writes) == 0 {
			q.index(kubelet)
			q.index(runtime)
		}
	}
	var told []explain.Row
	for _, r := range t.Rows {
		told = append(told, r.Row)
	}
	clock := clockFor(told)
	for i, r := range t.Rows {
		first := len(q.messages)
		q.row(t, r, clock)
		q.messages[first].begins = i > 0 && r.Cause == explain.NoCause && q.participants[q.index(r.Actor)].person
	}
	return q
}

// of finds the participant of a row's actor, and notes on which nodes it is, if it is one of those that nodes have.
func (q *sequence) of(r explain.TraceRow) int {
	i := q.index(r.Actor)
	if r.Actor != kubelet && r.Actor != runtime {
		return i
	}
	p := &q.participants[i]
	for _, node := range r.On {
		if !slices.Contains(strings.Split(p.note, ", "), node) {
			p.note = strings.TrimPrefix(p.note+", "+node, ", ")
		}
	}
	return i
}

// index finds a participant, or adds it.
func (q *sequence) index(actor string) int {
	for i, p := range q.participants {
		if p.actor == actor {
			return i
		}
	}
	q.participants = append(q.participants, participant{
		actor: actor, label: label(actor), person: actor == "you" || actor == "somebody" || actor == "the lesson",
	})
	return len(q.participants) - 1
}

// row adds the messages of one row.
func (q *sequence) row(t *explain.Trace, r explain.TraceRow, clock func(int64) string) {
	what, at := Style{Width: DefaultWidth}.traced(r, clock), strings.TrimSpace(clock(r.OffsetMS))
	who, api := q.index(r.Actor), q.index(apiServer)
	switch {
	case r.Source == explain.FromFault:
		to := kubelet
		if strings.Contains(r.What, "container") {
			to = runtime
		}
		if to == kubelet && len(r.Objects) > 0 {
			q.of(explain.TraceRow{Row: explain.Row{Actor: kubelet}, On: r.Objects[:1]})
		}
		q.messages = append(q.messages, message{from: who, to: q.index(to), text: what, at: at})
	case r.Actor == runtime:
		q.messages = append(q.messages,
			message{from: q.index(kubelet), to: who, text: "start containers"},
			message{from: who, to: q.index(kubelet), text: what, at: at, heard: true})
	case r.Actor == kubelet && len(r.Writes) == 0:
		q.messages = append(q.messages, message{from: q.index(runtime), to: who, text: what, at: at, heard: true})
	default:
		if news := heard(t, r); news != "" {
			q.messages = append(q.messages, message{from: api, to: who, text: news, heard: true})
		}
		q.messages = append(q.messages, message{from: who, to: api, text: what, at: at})
	}
}

// heard is the news that a watch brought to a row's actor: what became of the object that the row before wrote.
func heard(t *explain.Trace, r explain.TraceRow) string {
	if r.Cause == explain.NoCause {
		return ""
	}
	cause := t.Rows[r.Cause]
	if cause.Actor == runtime || len(cause.Writes) == 0 {
		return ""
	}
	verb, _, _ := strings.Cut(cause.Writes[0], " ")
	became := map[string]string{"create": "ADDED", "delete": "DELETED", "deletecollection": "DELETED"}[verb]
	if cause.Writes[0] == "create pods/binding" {
		became = "MODIFIED"
	}
	if verb == strings.ToUpper(verb) {
		became = verb
	}
	if became == "" {
		became = "MODIFIED"
	}
	var objects []string
	kind, mixed := "", false
	for _, i := range cause.Steps {
		if o := t.Steps[i].Object; !slices.Contains(objects, o) {
			before := kind
			kind, _, _ = strings.Cut(o, "/")
			mixed = mixed || len(objects) > 0 && kind != before
			objects = append(objects, o)
		}
	}
	if mixed { // a row of all that came of one thing: its last is the news
		objects, became = objects[len(objects)-1:], "MODIFIED"
	}
	if len(objects) == 1 {
		kind, name, _ := strings.Cut(objects[0], "/")
		return fmt.Sprintf("watch: %s %s/%s", became, kind, Style{Width: DefaultWidth}.short(name))
	}
	return fmt.Sprintf("watch: %s %d %ss", became, len(objects), kind)
}
