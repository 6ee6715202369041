package kube

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// VersionsOf are the groups and versions in which the server has a kind of a name, each group's preferred version first. What a
// group that does not answer has is left out.
func (c *Client) VersionsOf(kind string) ([]schema.GroupVersion, error) {
	if _, err := c.mapper(); err != nil {
		return nil, err
	}
	_, lists, err := c.shortNames.ServerGroupsAndResources()
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		return nil, fmt.Errorf("ask which kinds there are: %w", err)
	}
	var found []schema.GroupVersion
	for _, list := range lists {
		v, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			continue
		}
		for _, r := range list.APIResources {
			if r.Kind == kind && !slices.Contains(found, v) {
				found = append(found, v)
			}
		}
	}
	return found, nil
}
