package terminal

import (
	"bytes"
	"cmp"
	"io"
	"maps"
	"slices"
	"strings"
)

// Highlight returns a writer that gives phrases their colours, in lines that are laid out already: a colour in the cell of a table would shift
// the columns, and kubectl's printers escape it. It returns out itself if its palette has no colours.
//
// Of two phrases that begin at the same place, the longer one counts.
func Highlight(out io.Writer, phrases map[string]Colour) io.Writer {
	p := PaletteOf(out)
	if !p {
		return out
	}
	return newHighlighter(out, p, phrases)
}

type highlighter struct {
	out  io.Writer
	with *strings.Replacer
	// line is the beginning of a line that is not complete yet. A printer may write a phrase in two parts.
	line []byte
}

func newHighlighter(out io.Writer, p Palette, phrases map[string]Colour) *highlighter {
	var pairs []string
	longestFirst := func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) }
	for _, phrase := range slices.SortedFunc(maps.Keys(phrases), longestFirst) { // the first match of a Replacer counts
		pairs = append(pairs, phrase, p.Text(phrases[phrase], phrase))
	}
	return &highlighter{out: out, with: strings.NewReplacer(pairs...)}
}

// Write implements io.Writer. It writes whole lines.
func (h *highlighter) Write(text []byte) (int, error) {
	h.line = append(h.line, text...)
	end := bytes.LastIndexByte(h.line, '\n') + 1
	if end == 0 {
		return len(text), nil
	}
	whole := string(h.line[:end])
	h.line = append(h.line[:0], h.line[end:]...)
	if _, err := h.with.WriteString(h.out, whole); err != nil {
		return 0, err
	}
	return len(text), nil
}
