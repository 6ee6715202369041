// Package podnet is the sandbox's Pod network: what stands for network cards, addresses, routes and
// the way from a program to a Service, without a single TCP port of the machine and without root.
//
// The network is a folder. A Pod is a sub-folder named by its address, and a listening port is a
// unix socket in it:
//
//	<dir>/10.244.1.5/8080.sock       TCP port 8080 of a Pod
//	<dir>/10.244.1.5/53.udp.sock     UDP port 53: datagrams framed on a unix stream
//	<dir>/10.244.1.5/lo-9000.sock    a port bound to the Pod's 127.0.0.1 alone
//	<dir>/nodes/172.18.0.3           holds the real loopback address that answers for a node
//	<dir>/nodes/172.18.0.3.d/        a node's own ports: sockets of hostNetwork Pods, and files
//	                                 <port>.addr that hold a real loopback or a Pod's address;
//	                                 <port>.tcp.lo for the node's own 127.0.0.1
//	<dir>/nodes/172.18.0.3.d/gate.sock  where other nodes ask to be let in to its Pods
//	<dir>/down/1                     node 1 is down: what is sent to it is lost
//
// Whoever dials says who they are with a PROXY protocol v2 header as the first bytes on the socket,
// so that a server sees its peer's Pod address. Listeners of this package read it; a connection
// without one is taken too and shows as its node's gateway.
//
// Three parts stand on the folder. Network dials and keeps the books, for the node's own processes.
// Stack is what a program in a container listens and dials with. Proxy is the service proxy of a
// node: it takes what a Stack sends to other Pods, Services and names, asks a Resolver (package
// service) where that goes, and carries the bytes.
//
// Nothing here dials an address outside of the sandbox's three prefixes: a program cannot reach the
// network of the machine that it runs on.
package podnet
