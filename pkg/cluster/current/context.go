package current

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-learn/kubectl-learn/pkg/home"
)

// load reads one context of a user's kubeconfig files into a config of its own, with the
// certificates that it names by their paths. The files are only read.
func load(files []string, context string) (*api.Config, error) {
	from := strings.Join(files, ", ")
	there := slices.DeleteFunc(slices.Clone(files), func(f string) bool { _, err := os.Stat(f); return err != nil })
	if len(there) == 0 {
		return nil, fmt.Errorf("read your kubeconfig: there is no file %s; name one with --kubeconfig", from)
	}
	rules := clientcmd.ClientConfigLoadingRules{Precedence: there}
	config, err := rules.Load()
	if err != nil {
		return nil, fmt.Errorf("read your kubeconfig: %w", err)
	}
	if config.Contexts[context] == nil {
		names := slices.Sorted(maps.Keys(config.Contexts))
		return nil, fmt.Errorf("read your kubeconfig: %s has no context %q; name one with --context: %s", from, context, strings.Join(names, ", "))
	}
	config.CurrentContext = context
	if err := api.MinifyConfig(config); err != nil {
		return nil, fmt.Errorf("read context %s of %s: %w", context, from, err)
	}
	if err := api.FlattenConfig(config); err != nil {
		return nil, fmt.Errorf("read context %s of %s: %w", context, from, err)
	}
	if c := config.Clusters[config.Contexts[context].Cluster]; c == nil || c.Server == "" {
		return nil, fmt.Errorf("read context %s of %s: it names no server", context, from)
	}
	return config, nil
}

// serverOf is the address that a config of one context leads to.
func serverOf(config *api.Config) string {
	return config.Clusters[config.Contexts[config.CurrentContext].Cluster].Server
}

// keep writes a config, unless the file says the same already.
func keep(path string, config *api.Config) error {
	data, err := clientcmd.Write(*config)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return nil
	}
	if err := home.ReplaceFile(path, data); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
