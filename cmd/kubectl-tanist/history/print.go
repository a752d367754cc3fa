package history

import (
	"cmp"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/tanist-dev/tanist/leaderslice"
)

// columns are those of the table.
var columns = []metav1.TableColumnDefinition{
	{Name: "Time", Type: "string"},
	{Name: "From", Type: "string"},
	{Name: "To", Type: "string"},
	{Name: "Term", Type: "integer"},
	{Name: "Reason", Type: "string"},
	{Name: "By", Type: "string"},
	{Name: "Took", Type: "string"},
}

// none is a cell without a value.
const none = "<none>"

// table returns the moves in the form that kubectl's table printer takes.
func table(moves []leaderslice.Move) *metav1.Table {
	t := &metav1.Table{ColumnDefinitions: columns}
	for _, m := range moves {
		t.Rows = append(t.Rows, metav1.TableRow{Cells: []any{
			m.At.UTC().Format(leaderslice.SinceLayout), cmp.Or(m.From, none), cmp.Or(m.To, none), m.Term, m.Reason, cmp.Or(m.By, none), cmp.Or(m.Took, none),
		}})
	}
	return t
}

// print prints a history in the format that was asked for. The notes are part of JSON and YAML.
func (o *options) print(h *History, streams genericiooptions.IOStreams) error {
	if printed, err := o.output.Print(h, streams.Out); printed {
		return err
	}
	for _, note := range h.Notes {
		fmt.Fprintf(streams.ErrOut, "Note: %s\n", note)
	}
	if len(h.Moves) == 0 {
		return nil
	}
	if err := printers.NewTablePrinter(printers.PrintOptions{}).PrintObj(table(h.Moves), streams.Out); err != nil {
		return fmt.Errorf("failed to print: %w", err)
	}
	return nil
}
