package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// shownProblems is how many problems of a check the text shows. JSON has all.
const shownProblems = 10

// mark is how the text shows an outcome: the sign, and its colour on a terminal (an ANSI code).
type mark struct{ sign, colour string }

var marks = map[Outcome]mark{
	Passed: {"√", "32"}, Warned: {"‼", "33"}, Failed: {"×", "31"}, Skipped: {"-", ""},
}

// text returns the mark.
func (m mark) text(coloured bool) string {
	if !coloured || m.colour == "" {
		return m.sign
	}
	return "\x1b[" + m.colour + ";1m" + m.sign + "\x1b[0m"
}

// isTerminal reports whether to write colours. NO_COLOR is the convention of no-color.org.
func isTerminal(out io.Writer) bool {
	file, isFile := out.(*os.File)
	return isFile && os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(file.Fd()))
}

// writeText writes what was found, category by category.
func (d *Diagnosis) writeText(out io.Writer, coloured bool) error {
	var b strings.Builder
	category := ""
	for _, r := range d.Checks {
		if r.Category != category {
			if category != "" {
				b.WriteByte('\n')
			}
			category = r.Category
			fmt.Fprintf(&b, "%s\n%s\n", category, strings.Repeat("-", len(category)))
		}
		r.writeText(&b, coloured)
	}
	outcome := Passed
	if !d.Success {
		outcome = Failed
	}
	fmt.Fprintf(&b, "\nStatus: %s (%d passed, %d warned, %d failed, %d skipped)\n",
		marks[outcome].text(coloured), d.count(Passed), d.count(Warned), d.count(Failed), d.count(Skipped))
	_, err := io.WriteString(out, b.String())
	return err
}

func (r *Result) writeText(b *strings.Builder, coloured bool) {
	fmt.Fprintf(b, "%s %s", marks[r.Outcome].text(coloured), r.Description)
	if r.Reason != "" {
		fmt.Fprintf(b, " (skipped: %s)", r.Reason)
	}
	b.WriteByte('\n')
	for i, p := range r.Problems {
		if i == shownProblems {
			fmt.Fprintf(b, "    and %d more: see -o json\n", len(r.Problems)-i)
			break
		}
		fmt.Fprintf(b, "    %s: %s\n    -> %s\n", p.Object, p.Text, p.Remedy)
	}
	if len(r.Problems) > 0 {
		fmt.Fprintf(b, "    see %s\n", r.Documentation)
	}
}

// writeJSON writes everything.
func (d *Diagnosis) writeJSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(d)
}
