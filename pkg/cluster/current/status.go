package current

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
)

// statusWithin is how long the cluster may take to say how it is.
const statusWithin = 20 * time.Second

// Status implements cluster.Handle. Everything here is real; what is asked is whether it answers,
// and what of it the user may see and use.
func (h *Handle) Status(ctx context.Context) (cluster.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, statusWithin)
	defer cancel()
	s := cluster.Status{Info: h.Info()}
	server := h.serverPart(ctx)
	s.Parts = append(s.Parts, server)
	if !server.Healthy {
		return s, nil
	}
	all, see, err := nodes(ctx, h.reader)
	if see {
		s.Info.Nodes = nil
		for _, n := range all {
			s.Info.Nodes = append(s.Info.Nodes, n.Name)
		}
	}
	if v, err := h.reader.Version(ctx); err == nil {
		s.Info.Version = v
	}
	s.Parts = append(s.Parts, h.identityPart(ctx), nodesPart(all, see, err), h.rightsPart(ctx), h.lessonsPart(ctx))
	return s, nil
}

func part(name, evidence string, err error) cluster.Part {
	p := cluster.Part{Name: name, Realness: cluster.Real, Healthy: err == nil, Evidence: evidence}
	if err != nil {
		p.Evidence = err.Error()
	}
	return p
}

func (h *Handle) serverPart(ctx context.Context) cluster.Part {
	took, err := h.reader.Alive(ctx)
	p := part("API server", fmt.Sprintf("/readyz ok, %d ms", took.Milliseconds()), err)
	p.Note = h.Origin()
	return p
}

func (h *Handle) identityPart(ctx context.Context) cluster.Part {
	want := h.record.Identity
	err := h.permit.verify(ctx)
	p := part("identity", "the cluster that you agreed to", err)
	p.Note = fmt.Sprintf("namespace %s has UID %s", want.Namespace, want.UID)
	return p
}

func nodesPart(all []corev1.Node, see bool, err error) cluster.Part {
	if err != nil || !see {
		return part("nodes", "your rights do not show them", err)
	}
	well, open := 0, 0
	for _, n := range all {
		if ready(n) {
			well++
		}
		if takes(n) {
			open++
		}
	}
	p := part("nodes", fmt.Sprintf("%d of %d Ready, %d take Pods", well, len(all), open), nil)
	p.Healthy = open > 0
	return p
}

func (h *Handle) rightsPart(ctx context.Context) cluster.Part {
	not, err := refused(ctx, h.reader, needed(h.where(), h.record.shared()))
	if err == nil && len(not) > 0 {
		err = fmt.Errorf("you may not %s, which lessons need", strings.Join(not, ", "))
	}
	p := part("your rights", "what lessons need", err)
	extra := confining(h.where())
	if !h.record.shared() {
		extra = append(extra, bounding(h.where())...)
	}
	if less, err := refused(ctx, h.reader, extra); err == nil && len(less) > 0 {
		p.Note = "not: " + strings.Join(less, ", ")
	}
	return p
}

func (h *Handle) lessonsPart(ctx context.Context) cluster.Part {
	names, err := h.Namespaces(ctx)
	evidence := "none is under way, and nothing of one is there"
	if len(names) > 0 {
		evidence = "namespace " + strings.Join(names, ", ")
	}
	return part("lessons", evidence, err)
}
