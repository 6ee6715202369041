package cluster

import "errors"

var (
	// ErrNotFound says that no cluster has that name.
	ErrNotFound = errors.New("no such practice cluster")
	// ErrExists says that a cluster of that name is there already.
	ErrExists = errors.New("practice cluster already exists")
)
