package podnet

import (
	"encoding/binary"
	"io"
)

// maxDatagram is the largest payload of a UDP datagram over IPv4.
const maxDatagram = 65507

// appendFrame puts a datagram on a stream as two bytes of length, high byte first, and the payload.
func appendFrame(to, payload []byte) []byte {
	to = binary.BigEndian.AppendUint16(to, uint16(len(payload)))
	return append(to, payload...)
}

// readFrame reads a datagram. Started says, with an error, whether a part of one was read, after
// which the stream is of no more use.
func readFrame(r io.Reader) (payload []byte, started bool, err error) {
	var size [2]byte
	if n, err := io.ReadFull(r, size[:]); err != nil {
		return nil, n > 0, err
	}
	payload = make([]byte, binary.BigEndian.Uint16(size[:]))
	_, err = io.ReadFull(r, payload)
	return payload, true, err
}
