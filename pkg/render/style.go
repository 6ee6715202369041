package render

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Style is what a screen can show.
type Style struct {
	// Width is the number of columns.
	Width int
	// Height is the number of lines; 0 where there is no terminal, or it does not tell.
	Height int
	// Color allows ANSI colours.
	Color bool
	// ASCII forbids everything but ASCII.
	ASCII bool
	// Terminal is true where a person looks on, so that lines may be replaced in place.
	Terminal bool

	// most is how wide text is set where that is more than usual; 0 for the usual.
	most int
}

// DefaultWidth is the width of a screen that does not tell its own.
const DefaultWidth = 80

// Detect finds out what w can show. Getenv is os.Getenv but in tests.
//
// NO_COLOR (no-color.org), CLICOLOR_FORCE and TERM=dumb decide on colour, LC_ALL, LC_CTYPE and LANG
// (the first that is set, as setlocale reads them) on characters beyond ASCII, and the terminal on
// the size.
func Detect(w io.Writer, getenv func(string) string) Style {
	s := Style{Width: DefaultWidth, ASCII: !utf8Locale(getenv)}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		s.Terminal = true
		if columns, lines, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			s.Width, s.Height = columns, lines
		}
	}
	dumb := getenv("TERM") == "dumb"
	if dumb {
		s.Terminal = false
	}
	s.Color = s.Terminal
	if force := getenv("CLICOLOR_FORCE"); force != "" && force != "0" {
		s.Color = true
	}
	if getenv("NO_COLOR") != "" {
		s.Color = false
	}
	return s
}

// utf8Locale tells whether the locale's characters are UTF-8. With no locale at all, which is how
// Windows and many services run, the platform decides.
func utf8Locale(getenv func(string) string) bool {
	for _, key := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := getenv(key); v != "" {
			v = strings.ToLower(v)
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return utf8WithoutLocale
}
