package explain

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Wish is what more of a cluster would tell why something in a snapshot is not well.
type Wish struct {
	// Queries are about the snapshot's namespace, and what belongs to none.
	Queries []snapshot.Query
	// Anywhere are about all namespaces.
	Anywhere []snapshot.Query
	// Logs are the logs to read.
	Logs []snapshot.Log
	// Glances are logs that may say something although their Pods are ready; where they may not be read nothing is missing.
	Glances []snapshot.Log
}

const (
	// mostLogs is of how many containers the log is read at most.
	mostLogs = 12
	// logsOfOne is of how many Pods with the same owner.
	logsOfOne = 2
	// mostGlances is of how many containers of ready Pods the log is looked into where nothing was asked for by name.
	mostGlances = 6
)

// Wants says what to read beyond Needs for KindWhy: only what something in the snapshot hints at. What was read then, and put
// into the snapshot, may hint at more. Of Pods that were asked about the logs are read even if they are ready: one may say what
// it is refused. Where a whole namespace was asked about, a few are looked into.
func Wants(target snapshot.Query, now *snapshot.Snapshot) Wish {
	x := newExaminer(now)
	var w Wish
	if !everything(target) && target.Namespaced {
		for _, o := range podsOf(target, now) {
			x.wantsReady(o, &w)
		}
	}
	if everything(target) {
		x.wantsGlances(&w)
	}
	for _, o := range x.kind("Pod") {
		x.wantsOf(o, &w)
	}
	for _, o := range x.kind("PersistentVolumeClaim") {
		if !bound(o) {
			w.Queries = append(w.Queries, parsed("storageclasses")...)
			break
		}
	}
	for _, o := range x.kind("Ingress") {
		if ingressClass(o) != "" {
			w.Queries = append(w.Queries, parsed("ingressclasses")...)
			break
		}
	}
	if x.limitsMatter() {
		w.Queries = append(w.Queries, parsed("limitranges")...)
	}
	for _, l := range now.Logs {
		if slices.ContainsFunc(l.Lines, func(line string) bool { return forbiddenBy(line) != nil }) {
			w.Queries = append(w.Queries, parsed("roles", "rolebindings", "clusterroles", "clusterrolebindings")...)
			w.Anywhere = append(w.Anywhere, parsed("roles", "rolebindings")...)
		}
		for _, line := range l.Lines {
			if name := unresolved(line); name != "" {
				service, _ := serviceNamed(name, l.Namespace)
				w.Anywhere = append(w.Anywhere, parsed("service/"+service)...)
			}
		}
	}
	return w
}

// wantsOf adds what a Pod that is not well hints at.
func (x *examiner) wantsOf(o *unstructured.Unstructured, w *Wish) {
	p := podOf(o)
	if p.Status.Phase == corev1.PodSucceeded || p.DeletionTimestamp != nil {
		return
	}
	texts := []string{}
	for _, e := range x.events.about[p.UID] {
		if e.Reason == "FailedMount" {
			texts = append(texts, e.Message)
		}
	}
	for _, s := range p.Status.InitContainerStatuses {
		texts = append(texts, waitingMessage(s))
		x.wantsLog(o, p, s, true, w)
	}
	for _, s := range p.Status.ContainerStatuses {
		texts = append(texts, waitingMessage(s))
		x.wantsLog(o, p, s, false, w)
	}
	for _, text := range texts {
		kind := ""
		if m := noObject.FindStringSubmatch(text); m != nil {
			kind = m[1]
		} else if m := noKey.FindStringSubmatch(text); m != nil {
			kind = m[2]
		} else if m := noVolumeKey.FindStringSubmatch(text); m != nil {
			kind = map[string]string{"config": "configmap", "secret": "secret"}[m[1]]
		}
		w.Queries = append(w.Queries, parsed(kind)...)
	}
}

func waitingMessage(s corev1.ContainerStatus) string {
	if s.State.Waiting == nil {
		return ""
	}
	return s.State.Waiting.Message
}

// wantsLog adds the log of a container that ended, or that runs and does not get ready.
func (x *examiner) wantsLog(o *unstructured.Unstructured, p *corev1.Pod, s corev1.ContainerStatus, init bool, w *Wish) {
	last, _ := lastEnd(s)
	running := s.State.Running
	log := snapshot.Log{Namespace: p.Namespace, Pod: p.Name, Container: s.Name}
	switch {
	case s.State.Terminated != nil && s.State.Terminated.ExitCode != 0:
	case last != nil && (s.State.Waiting != nil || running != nil && x.now.At.Sub(last.FinishedAt.Time) < 5*time.Minute):
		log.Previous = true // of one that waits too: it may be started again before its log is read
	case running != nil && (init || !s.Ready) && x.now.At.Sub(running.StartedAt.Time) > patience/3:
	default:
		return
	}
	x.wantLog(o, log, w)
}

// wantsReady adds the logs of a Pod that is ready.
func (x *examiner) wantsReady(o *unstructured.Unstructured, w *Wish) {
	p := podOf(o)
	if !isReady(p) || p.DeletionTimestamp != nil {
		return
	}
	for _, s := range p.Status.ContainerStatuses {
		if s.State.Running != nil {
			x.wantLog(o, snapshot.Log{Namespace: p.Namespace, Pod: p.Name, Container: s.Name}, w)
		}
	}
}

// wantsGlances adds the logs of ready Pods that may ask the API server: one of each owner, those first that run as a ServiceAccount
// of their own.
func (x *examiner) wantsGlances(w *Wish) {
	seen := map[types.UID]bool{}
	var own, others []snapshot.Log
	for _, o := range x.kind("Pod") {
		if len(own) >= mostGlances {
			break
		}
		if !looksReady(o) || o.GetDeletionTimestamp() != nil {
			continue
		}
		if c := controllerOf(o); c != nil {
			if seen[c.UID] {
				continue
			}
			seen[c.UID] = true
		}
		p := podOf(o)
		for _, s := range p.Status.ContainerStatuses {
			log := snapshot.Log{Namespace: p.Namespace, Pod: p.Name, Container: s.Name}
			switch {
			case s.State.Running == nil || s.LastTerminationState.Terminated != nil:
			case accountOf(p) != "default":
				own = append(own, log)
			default:
				others = append(others, log)
			}
		}
	}
	own = append(own, others...)
	w.Glances = own[:min(len(own), mostGlances)]
}

// wantLog adds a log, unless there are enough of its kind.
func (x *examiner) wantLog(o *unstructured.Unstructured, log snapshot.Log, w *Wish) {
	same := func(l snapshot.Log) bool {
		other := x.named(o, "Pod", l.Pod)
		own, theirs := controllerOf(o), controllerOf(other)
		return l.Container == log.Container && own != nil && theirs != nil && own.UID == theirs.UID
	}
	n := 0
	for _, l := range w.Logs {
		if same(l) {
			n++
		}
	}
	known := slices.ContainsFunc(w.Logs, func(l snapshot.Log) bool {
		return l.Namespace == log.Namespace && l.Pod == log.Pod && l.Container == log.Container
	})
	if n < logsOfOne && len(w.Logs) < mostLogs && !known {
		w.Logs = append(w.Logs, log)
	}
}
