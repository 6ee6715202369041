package controlplane

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/storage/wal"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
)

type etcdServer struct {
	server   *embed.Etcd
	endpoint string
}

// startEtcd starts a member that is alone and listens on unix sockets in the cluster's folder.
func startEtcd(l sandbox.Layout) (*etcdServer, error) {
	// A log segment is allocated whole: 64 MB of disk where a practice cluster needs two.
	wal.SegmentSizeBytes = 4 << 20
	client, err := socketURL(l, "etcd.sock")
	if err != nil {
		return nil, err
	}
	peer, err := socketURL(l, "etcd-peer.sock")
	if err != nil {
		return nil, err
	}
	cfg := embed.NewConfig()
	cfg.Dir = l.Etcd()
	cfg.LogLevel = "error"
	cfg.LogOutputs = []string{"stderr"}
	// The state outlives any process that is killed. Only a machine that loses power may lose the last writes.
	cfg.UnsafeNoFsync = true
	cfg.SnapshotCount = 2000
	// A member alone has nobody to wait for when it elects itself.
	cfg.TickMs, cfg.ElectionMs = 10, 100
	cfg.BackendBatchInterval = 100 * time.Millisecond
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	e, err := embed.StartEtcd(cfg)
	if err != nil {
		return nil, fmt.Errorf("start etcd: %w", err)
	}
	select {
	case <-e.Server.ReadyNotify():
	case err := <-e.Err():
		return nil, fmt.Errorf("start etcd: %w", err)
	case <-time.After(time.Minute):
		e.Close()
		return nil, errors.New("start etcd: not ready after a minute")
	}
	return &etcdServer{server: e, endpoint: client.String()}, nil
}

func (e *etcdServer) failed() <-chan error { return e.server.Err() }

// stop does not wait for clients, which all are in this process.
func (e *etcdServer) stop() { e.server.Server.HardStop() }

// socketURL names a socket as etcd wants it, with something that looks like a port, and removes
// the socket that an earlier run left. The name is relative to the working directory, which is the
// cluster's folder: etcd takes a path for a part of a URL, and one with % in it for a broken one.
func socketURL(l sandbox.Layout, name string) (url.URL, error) {
	path := filepath.Join(l.Dir, name+":0")
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return url.URL{}, fmt.Errorf("remove old etcd socket: %w", err)
	}
	return url.URL{Scheme: "unix", Host: name + ":0"}, nil
}
