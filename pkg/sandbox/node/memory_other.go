//go:build !linux

package node

// ownMemory is nil: nothing can be mounted without root.
func ownMemory(string, string) mounter { return nil }
