package main

import (
	"fmt"
	"os/exec"
	"strings"
)

// rules replace podnet's table in one transaction. "add" comes first, as "delete" fails where there
// is no table yet.
const rules = `add table ip podnet
delete table ip podnet
table ip podnet {
	set pods {
		type ipv4_addr
		flags interval
		elements = { %s }
	}
	chain postrouting {
		type nat hook postrouting priority srcnat
		ip saddr %s ip daddr != @pods masquerade
	}
}
`

// setNAT gives what this node's Pods send out of the cluster the node's address. Between Pods the
// address is kept.
func (a *agent) setNAT(own string, all []string) error {
	text := fmt.Sprintf(rules, strings.Join(all, ", "), own)
	if text == a.nat {
		return nil
	}
	nft := exec.Command("nft", "-f", "-")
	nft.Stdin = strings.NewReader(text)
	if out, err := nft.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, out)
	}
	a.nat = text
	return nil
}
