package terminal

import (
	"io"

	"k8s.io/cli-runtime/pkg/printers"
)

// Colour is an ANSI code.
type Colour string

// The colours of the output: for what is as it should be, what could go wrong, and what is wrong.
const (
	Green  Colour = "32"
	Yellow Colour = "33"
	Red    Colour = "31"
)

// Palette is true if text may have colours.
type Palette bool

// PaletteOf returns the palette of an output. As in kubectl, only a terminal has colours, and none if NO_COLOR is set (no-color.org).
func PaletteOf(out io.Writer) Palette { return Palette(printers.AllowsColorOutput(out)) }

// Text returns the text in a colour, or as it is.
func (p Palette) Text(colour Colour, text string) string {
	if !p || colour == "" || text == "" {
		return text
	}
	return "\x1b[" + string(colour) + ";1m" + text + "\x1b[0m"
}

// Mark shows how a check ended.
type Mark struct {
	sign   string
	colour Colour
}

// The marks of checks.
var (
	Passed  = Mark{"√", Green}
	Warned  = Mark{"‼", Yellow}
	Failed  = Mark{"×", Red}
	Skipped = Mark{"-", ""}
)

// Text returns the sign of the mark.
func (m Mark) Text(p Palette) string { return p.Text(m.colour, m.sign) }
