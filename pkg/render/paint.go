package render

import "strings"

// Signs go with each colour, so that nothing is said by colour alone.
const (
	signGood   = "✓"
	signBad    = "✗"
	signWait   = "…"
	signUnsure = "?"
	signIdle   = "-"
)

// Accent is for what leads the eye: headings, what to type, the name of the target.
func (s Style) Accent(text string) string { return s.paint("36", text) }

// Good is for what is as it should be.
func (s Style) Good(text string) string { return s.paint("32", text) }

// Bad is for what is not as it should be.
func (s Style) Bad(text string) string { return s.paint("31", text) }

// Wait is for what is on its way.
func (s Style) Wait(text string) string { return s.paint("33", text) }

// Dim is for evidence, which is there for who looks for it.
func (s Style) Dim(text string) string { return s.paint("2", text) }

// Bold is for headings.
func (s Style) Bold(text string) string { return s.paint("1", text) }

func (s Style) paint(code, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// GoodSign, BadSign, WaitSign and UnsureSign are the signs of the four verdicts, in their colours.
func (s Style) GoodSign() string   { return s.Good(s.Plain(signGood)) }
func (s Style) BadSign() string    { return s.Bad(s.Plain(signBad)) }
func (s Style) WaitSign() string   { return s.Wait(s.sign(signWait, "~")) }
func (s Style) UnsureSign() string { return s.Wait(signUnsure) }

// sign chooses between a sign and what stands for it in ASCII.
func (s Style) sign(unicode, ascii string) string {
	if s.ASCII {
		return ascii
	}
	return unicode
}

// Plain makes text fit to be shown: without control characters, which what comes from a cluster or
// a lesson may not send to a terminal, and in ASCII where nothing else can be shown. Tabs and line
// breaks become spaces.
func (s Style) Plain(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || r == '\t':
			b.WriteByte(' ')
		case r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || isBidi(r):
		case s.ASCII && r > '~':
			b.WriteString(inASCII(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isBidi says that a character turns the direction of what follows, so that a line would show
// something else than it holds.
func isBidi(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// inASCII is what stands for a character where only ASCII can be shown.
func inASCII(r rune) string {
	switch r {
	case '✓':
		return "+"
	case '✗', '×':
		return "x"
	case '…':
		return "..."
	case '→', '▸':
		return ">"
	case '←':
		return "<"
	case '–', '—', '─', '━':
		return "-"
	case '‘', '’':
		return "'"
	case '“', '”', '„':
		return `"`
	case '•', '●', '·':
		return "*"
	case '◐':
		return "~"
	case '○':
		return "o"
	case '│', '┃':
		return "|"
	case '≥':
		return ">="
	case '≤':
		return "<="
	case '\u00a0':
		return " "
	}
	return "?"
}
