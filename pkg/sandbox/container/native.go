package container

import (
	"bytes"
	"io"
	"os"
	"strconv"
)

// A native program is one that was built by package native: no program of package program, but an
// executable of the machine that finds the container around it by itself. It is started with the
// container's own command line and environment, and these variables besides, which it hides.
const (
	// NativeFile holds the path of the description, as EncodeNative makes it.
	NativeFile = "LEARN_CONTAINER"
	// NativeDir holds the working directory, a path of the container.
	NativeDir = "LEARN_DIR"
	// NativeSelf holds the program's own path in the container.
	NativeSelf = "LEARN_SELF"
)

// NativeMark is the end of the file of a native program. No other executable is started in a container:
// it would reach the files and the network of the machine.
const NativeMark = "\nkubectl-learn native 1\n"

// JoinArg is the first argument of the program of practice containers where a native program starts
// it: the path of a Spec, the working directory and the command line follow, and the environment is
// the process's own.
const JoinArg = "--join"

// IsNative says whether a file of the host is a native program.
func IsNative(file string) bool {
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(-int64(len(NativeMark)), io.SeekEnd); err != nil {
		return false
	}
	b, err := io.ReadAll(f)
	return err == nil && string(b) == NativeMark
}

// NativeEnv is what a native program is told besides its environment: self and dir are its own path
// and its working directory, in the container.
func (s *Spec) NativeEnv(self, dir string) []string {
	return []string{NativeFile + "=" + s.NativeFile, NativeDir + "=" + dir, NativeSelf + "=" + self}
}

// EncodeNative is the description that a native program reads: key=value, each ended by a NUL, since
// it is read before there is a JSON decoder. File is where the Spec itself stands.
func (s *Spec) EncodeNative(file string) []byte {
	var b bytes.Buffer
	put := func(key, value string) {
		b.WriteString(key + "=" + value)
		b.WriteByte(0)
	}
	put("root", s.Root)
	put("rootReadOnly", strconv.FormatBool(s.ReadOnlyRoot))
	for _, m := range s.Mounts {
		put("mount", m.Path)
		put("mountReadOnly", strconv.FormatBool(m.ReadOnly))
		put("source", m.Source)
	}
	put("hostname", s.Hostname)
	put("podIP", s.PodIP)
	put("namespace", s.Namespace)
	put("net", s.Net)
	put("proxy", s.Proxy)
	put("nodeKey", s.NodeKey)
	put("control", s.Control)
	put("program", s.Program)
	put("spec", file)
	return b.Bytes()
}
