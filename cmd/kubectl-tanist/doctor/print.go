package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"k8s.io/cli-runtime/pkg/printers"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/terminal"
)

// shownProblems is how many problems of a check the text shows. JSON has all.
const shownProblems = 10

var marks = map[Outcome]terminal.Mark{
	Passed: terminal.Passed, Warned: terminal.Warned, Failed: terminal.Failed, Skipped: terminal.Skipped,
}

// writeText writes what was found, category by category.
func (d *Diagnosis) writeText(out io.Writer, p terminal.Palette) error {
	var b strings.Builder
	category := ""
	for _, r := range d.Checks {
		if r.Category != category {
			if category != "" {
				b.WriteByte('\n')
			}
			category = r.Category
			heading := d.heading(category)
			fmt.Fprintf(&b, "%s\n%s\n", heading, strings.Repeat("-", len(heading)))
		}
		r.writeText(&b, p)
	}
	outcome := Passed
	if !d.Success {
		outcome = Failed
	}
	fmt.Fprintf(&b, "\nStatus: %s (%d passed, %d warned, %d failed, %d skipped)\n",
		marks[outcome].Text(p), d.count(Passed), d.count(Warned), d.count(Failed), d.count(Skipped))
	_, err := io.WriteString(out, b.String())
	return err
}

// heading returns the heading of a category. It says whose Services were looked at.
func (d *Diagnosis) heading(category string) string {
	switch {
	case category != services && category != pods:
		return category
	case d.Namespace == "":
		return category + " (all namespaces)"
	}
	return category + " (namespace " + d.Namespace + ")"
}

func (r *Result) writeText(b *strings.Builder, palette terminal.Palette) {
	fmt.Fprintf(b, "%s %s", marks[r.Outcome].Text(palette), r.Description)
	if r.Reason != "" {
		fmt.Fprintf(b, " (skipped: %s)", r.Reason)
	}
	b.WriteByte('\n')
	for i, p := range r.Problems {
		if i == shownProblems {
			fmt.Fprintf(b, "    and %d more: see -o json\n", len(r.Problems)-i)
			break
		}
		// Some of it is what users have written into objects.
		b.WriteString(printers.EscapeTerminal(fmt.Sprintf("    %s: %s\n    -> %s\n", p.Object, p.Text, p.Remedy)))
	}
	if len(r.Problems) > 0 {
		// The page is also in the repository from which the plugin was built, where the link does not lead anywhere.
		fmt.Fprintf(b, "    see docs/doctor.md#%s (%s)\n", r.ID, r.Documentation)
	}
}

// writeJSON writes everything.
func (d *Diagnosis) writeJSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(d)
}
