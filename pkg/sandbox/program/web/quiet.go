package web

import (
	"context"
	"io"
	"log"
	"net"
	"sync/atomic"
)

// quiet swallows what package http would log: the servers have logs of their own.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

type connKey struct{}

// connInfo is what is known of a connection.
type connInfo struct {
	port     int
	requests atomic.Int64
}

func withConn(ctx context.Context, c net.Conn) context.Context {
	info := &connInfo{}
	if a, ok := c.LocalAddr().(*net.TCPAddr); ok {
		info.port = a.Port
	}
	return context.WithValue(ctx, connKey{}, info)
}

func connOf(ctx context.Context) *connInfo {
	if i, ok := ctx.Value(connKey{}).(*connInfo); ok {
		return i
	}
	return &connInfo{}
}
