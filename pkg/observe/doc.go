// Package observe looks at a cluster and hands out what it saw as data: a Snapshot of one moment, a
// channel of Snapshots that follows a cluster, a Timeline of what changed and who did it, from the
// API server's audit log or from watches. What it means, packages check and explain say.
package observe
