package session

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-learn/kubectl-learn/pkg/home"
)

// LearnerKubeconfig is the kubeconfig of the practice shell: the learner's on the cluster, with the
// lesson's namespace where a command names none.
func (s *Session) LearnerKubeconfig() string { return filepath.Join(s.Dir, "kubeconfig") }

// Point makes LearnerKubeconfig say what it should: the cluster may have moved to another port.
func (s *Session) Point(ctx context.Context) error {
	namespace := ""
	if st, err := s.read(); err == nil && st != nil && st.Intent != leaving {
		namespace = s.Namespace(st.Lesson)
	}
	return s.point(ctx, namespace)
}

// UnderWay says that a lesson is under way, without asking the cluster.
func (s *Session) UnderWay() bool {
	st, err := s.read()
	return err == nil && st != nil && st.Intent != leaving
}

func (s *Session) point(ctx context.Context, namespace string) error {
	from, err := s.Credentials(ctx, namespace)
	if err != nil {
		return fmt.Errorf("find what the practice shell may do: %w", err)
	}
	config, err := clientcmd.LoadFromFile(from)
	if err != nil {
		return fmt.Errorf("read kubeconfig of cluster %s: %w", s.Cluster, err)
	}
	for _, c := range config.Contexts {
		c.Namespace = namespace
	}
	data, err := clientcmd.Write(*config)
	if err != nil {
		return fmt.Errorf("write the practice shell's kubeconfig: %w", err)
	}
	if old, err := os.ReadFile(s.LearnerKubeconfig()); err == nil && bytes.Equal(old, data) {
		return nil
	}
	if err := home.ReplaceFile(s.LearnerKubeconfig(), data); err != nil {
		return fmt.Errorf("write the practice shell's kubeconfig: %w", err)
	}
	return nil
}
