// Package kube is the one client layer: whatever this program asks of or writes to a cluster goes
// through a Client. It writes by server-side apply, deletes only what carries our labels, and waits
// on watches. A Client only reads, unless whoever makes it has a Permit to write: see guard.go.
// Looking at a cluster as a whole is package observe's.
package kube
