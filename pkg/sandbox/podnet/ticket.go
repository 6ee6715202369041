package podnet

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/netip"
)

// A ticket is a node's signature under a connection to one of its Pods. The node has the key in its
// memory alone; each container of it is told the other half, and takes no connection without
// a ticket. So a program that finds another Pod's socket in the folder gets nowhere with it.
const ticketLen = ed25519.SignatureSize

// ticketText is what a node signs. The Pod stands in it by itself since every Pod has a localhost. It
// holds no time: who sees a ticket is the Pod that it lets in to, and the node that asked for it.
func ticketText(pod netip.Addr, proto string, source, dest netip.AddrPort) []byte {
	b := []byte("podnet " + proto + " ")
	b = append(b, as4(pod)...)
	for _, a := range []netip.AddrPort{source, dest} {
		b = append(b, as4(a.Addr())...)
		b = binary.BigEndian.AppendUint16(b, a.Port())
	}
	return b
}

// parseKey reads container.Spec's NodeKey. Without one no tickets are asked for.
func parseKey(text string) (ed25519.PublicKey, error) {
	if text == "" {
		return nil, nil
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("read the node's key: %d bytes, want %d", len(b), ed25519.PublicKeySize)
	}
	return b, nil
}
