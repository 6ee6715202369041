// Package lesson reads one Markdown file and makes an immutable Lesson of it, or says in which
// line and column it is wrong and what to write instead. Expressions (CEL) and templates are
// compiled and type-checked while reading, against the Go types of the Kubernetes API; what is
// left to evaluate later is pure, over the objects of a snapshot.
//
// Putting lessons in order is left to package catalog, judging a step's checks to package check,
// and doing anything to a cluster to package session. The format is told in docs/lessons.md.
package lesson
