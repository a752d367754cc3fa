package handover

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"k8s.io/cli-runtime/pkg/printers"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/terminal"
)

// table prints rows one by one, each as soon as its result is known. All but the results are known before, and so are the widths.
type table struct {
	out    io.Writer
	widths [4]int
}

// newTable prints the header.
func newTable(out io.Writer, rows []row) *table {
	t := &table{out: out}
	header := [4]string{"NAMESPACE", "SERVICE", "FROM", "TO"}
	for i, cell := range header {
		t.widths[i] = len(cell)
		for j := range rows {
			t.widths[i] = max(t.widths[i], len(rows[j].cells()[i]))
		}
	}
	t.line(header, "RESULT")
	return t
}

func (r *row) cells() [4]string {
	return [4]string{r.namespace, r.service, r.leader, cmp.Or(r.to, "<none>")}
}

func (t *table) print(r *row) {
	mark := terminal.Passed
	if r.failed {
		mark = terminal.Failed
	}
	t.line(r.cells(), mark.Text(terminal.PaletteOf(t.out))+" "+printers.EscapeTerminal(r.result))
}

func (t *table) line(cells [4]string, result string) {
	for i, cell := range cells {
		fmt.Fprintf(t.out, "%-*s   ", t.widths[i], cell)
	}
	fmt.Fprintln(t.out, result)
}

// oneLine returns the text of an error, which may be joined from several, in one line.
func oneLine(err error) string {
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}
