// Package render shows Explanations, Reports, lessons' prose and tables on a terminal, or prints them
// as JSON or YAML for programs. It decides nothing about what is true; packages check and explain do.
package render
