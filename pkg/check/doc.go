// Package check judges the checks of a step against a snapshot. It is a pure function: what was
// seen goes in, a Report with four verdicts comes out, each with what it rests on. Filling
// snapshots is left to package observe, showing reports to package render.
package check
