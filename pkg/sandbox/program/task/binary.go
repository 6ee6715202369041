package task

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
)

// Binary is an executable file of an image. What would be machine code is a line that names the
// program, so that it can be listed, copied into a volume, removed and mounted over like any file.
type Binary struct {
	// Program is what to run. A multi-call binary (busybox) goes by the name it is called by.
	Program string
	// Version is the version that the program says it is.
	Version string
	// Flavor is the family whose options and messages it has: busybox or gnu.
	Flavor string
}

const binaryMark = "\x7fkubectl-learn program "

// binaryLimit is more than any such file holds.
const binaryLimit = 512

// Encode returns the content of the file.
func (b Binary) Encode() []byte {
	return fmt.Appendf(nil, "%s%s %s %s\n", binaryMark, b.Program, b.Version, b.Flavor)
}

// ParseBinary reads the content of a file; ok is false if it is no Binary.
func ParseBinary(content []byte) (b Binary, ok bool) {
	rest, ok := bytes.CutPrefix(content, []byte(binaryMark))
	if !ok {
		return b, false
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	f := strings.Split(string(line), " ")
	if len(f) != 3 {
		return b, false
	}
	return Binary{Program: f[0], Version: f[1], Flavor: f[2]}, true
}

// readHead returns the beginning of a file.
func readHead(f *fsys.FS, name string) ([]byte, error) {
	h, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	b := make([]byte, binaryLimit)
	n, err := io.ReadFull(h, b)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return b[:n], err
}
