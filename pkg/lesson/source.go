package lesson

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sort"
	"strings"
	"unicode/utf8"
)

// maxFile is the size in bytes of the largest file that is read.
const maxFile = 256 << 10

// source is a file's text with an index of its lines. Line ends are \n whatever they were.
type source struct {
	file   string
	text   string
	starts []int // offset of each line's first byte
}

// readSource reads a file. Its places name it as the author does.
func (o Options) readSource(fsys fs.FS, name string) (*source, error) {
	f, err := fsys.Open(name)
	if err != nil {
		if at, ok := errors.AsType[*fs.PathError](err); ok {
			err = &fs.PathError{Op: at.Op, Path: o.Within + name, Err: at.Err}
		}
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s%s: %w", o.Within, name, err)
	}
	name = o.Within + name
	at := Pos{File: name, Line: 1, Col: 1}
	if len(data) > maxFile {
		return nil, Errors{{at, fmt.Sprintf("the file is larger than %d KiB", maxFile>>10), "make two of it"}}
	}
	if !utf8.Valid(data) {
		return nil, Errors{{at, "the file is not UTF-8 text", "save it as UTF-8"}}
	}
	return newSource(name, string(data)), nil
}

func newSource(name, text string) *source {
	text = strings.TrimPrefix(text, "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	s := &source{file: name, text: text, starts: []int{0}}
	for i := 0; i < len(text); i++ {
		if text[i] == '\n' {
			s.starts = append(s.starts, i+1)
		}
	}
	return s
}

// line returns the index, from 0, of the line that holds the byte at offset.
func (s *source) line(offset int) int {
	return sort.Search(len(s.starts), func(i int) bool { return s.starts[i] > offset }) - 1
}

// lineText returns a line without its end.
func (s *source) lineText(line int) string {
	return strings.TrimSuffix(s.text[s.starts[line]:s.lineEnd(line)], "\n")
}

// lineEnd returns the offset after a line's end.
func (s *source) lineEnd(line int) int {
	if line+1 < len(s.starts) {
		return s.starts[line+1]
	}
	return len(s.text)
}

func (s *source) pos(offset int) Pos {
	line := s.line(offset)
	return Pos{File: s.file, Line: line + 1, Col: utf8.RuneCountInString(s.text[s.starts[line]:offset]) + 1}
}

// fragment is a run of lines of a source that is read by rules of its own, as the inside of a
// fenced block is.
type fragment struct {
	file  string
	lines []fragmentLine
}

type fragmentLine struct {
	text      string
	line, col int // where its first character stands in the file, from 1
}

// fragment cuts out lines from (inclusive) to (exclusive), counted from 0.
func (s *source) fragment(from, to int) *fragment {
	f := &fragment{file: s.file}
	for i := from; i < to; i++ {
		f.lines = append(f.lines, fragmentLine{text: s.lineText(i), line: i + 1, col: 1})
	}
	return f
}

func (f *fragment) text() string {
	var b strings.Builder
	for _, l := range f.lines {
		b.WriteString(l.text)
		b.WriteByte('\n')
	}
	return b.String()
}

// pos turns a line and column of the fragment, both from 1, into those of the file.
func (f *fragment) pos(line, col int) Pos {
	if len(f.lines) == 0 {
		return Pos{File: f.file, Line: 1, Col: 1}
	}
	line = min(max(line, 1), len(f.lines))
	l := f.lines[line-1]
	return Pos{File: f.file, Line: l.line, Col: l.col + max(col, 1) - 1}
}
