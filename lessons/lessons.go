// Package lessons holds the lessons that come with the program: a folder a lesson, in it lesson.md
// in the format that docs/lessons.md tells. Reading them is left to packages lesson and catalog.
package lessons

import "embed"

// FS holds every lesson as <id>/lesson.md.
//
//go:embed */lesson.md
var FS embed.FS
