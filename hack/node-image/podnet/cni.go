package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
)

const cniFile = "/etc/cni/net.d/10-podnet.conflist"

// setCNI has the node's Pods get addresses of its Pod CIDR.
func (a *agent) setCNI(own string) error {
	content, err := cniConfig(own)
	if err != nil || bytes.Equal(content, a.cni) {
		return err
	}
	// By way of another name, so that the runtime never reads half of it.
	temp := filepath.Join(filepath.Dir(cniFile), ".podnet.tmp")
	if err := os.WriteFile(temp, content, 0o644); err != nil {
		return fmt.Errorf("write CNI configuration: %w", err)
	}
	if err := os.Rename(temp, cniFile); err != nil {
		return fmt.Errorf("write CNI configuration: %w", err)
	}
	slog.Info("wrote CNI configuration", "subnet", own)
	a.cni = content
	return nil
}

func cniConfig(subnet string) ([]byte, error) {
	type object = map[string]any
	return json.MarshalIndent(object{
		"cniVersion": "1.0.0",
		"name":       "podnet",
		"plugins": []object{
			{
				"type": "ptp",
				"ipam": object{
					"type":    "host-local",
					"dataDir": "/run/cni-ipam-state",
					"routes":  []object{{"dst": "0.0.0.0/0"}},
					"ranges":  [][]object{{{"subnet": subnet}}},
				},
			},
			{"type": "portmap", "capabilities": object{"portMappings": true}},
		},
	}, "", "  ")
}
