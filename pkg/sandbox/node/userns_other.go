//go:build !linux

package node

func withoutKernelLog() {}
