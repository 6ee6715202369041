package kube

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// Served are the kinds that the server has, by name, each with its groups and versions: a group's preferred version first. What a
// group that does not answer has is left out.
func (c *Client) Served() (map[string][]schema.GroupVersion, error) {
	if _, err := c.mapper(); err != nil {
		return nil, err
	}
	_, lists, err := c.shortNames.ServerGroupsAndResources()
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		return nil, fmt.Errorf("ask which kinds there are: %w", err)
	}
	served := map[string][]schema.GroupVersion{}
	for _, list := range lists {
		v, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			continue
		}
		for _, r := range list.APIResources {
			if !slices.Contains(served[r.Kind], v) {
				served[r.Kind] = append(served[r.Kind], v)
			}
		}
	}
	return served, nil
}
