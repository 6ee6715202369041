// Package archtest holds tests of the shape of the source tree: which package may import which,
// what packages are called, and what no file may contain. It has no code of its own outside tests.
// Its rules are explained in docs/architecture.md; .golangci.yml repeats some of them, so that an
// editor shows them as one types.
package archtest
