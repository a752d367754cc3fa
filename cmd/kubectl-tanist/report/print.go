package report

import (
	"fmt"
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/printers"
)

// print says what the report has and what it lacks.
func (c *Contents) print(name string, out io.Writer) error {
	table := &metav1.Table{ColumnDefinitions: []metav1.TableColumnDefinition{{Name: "File", Type: "string"}, {Name: "Bytes", Type: "integer"}}}
	for _, file := range c.Files {
		table.Rows = append(table.Rows, metav1.TableRow{Cells: []any{file.Name, int64(file.Size)}})
	}
	if err := printers.NewTablePrinter(printers.PrintOptions{}).PrintObj(table, out); err != nil {
		return fmt.Errorf("failed to print: %w", err)
	}
	var text strings.Builder
	if len(c.Missing) > 0 {
		text.WriteString("\nNot included:\n")
		for _, m := range c.Missing {
			fmt.Fprintf(&text, "- %s: %s\n", m.What, m.Reason)
		}
	}
	fmt.Fprintf(&text, "\nWrote %s. It has no Secrets, but names of namespaces, Services, pods, nodes and users, and addresses: look through it before you pass it on.\n", name)
	if _, err := io.WriteString(out, printers.EscapeTerminal(text.String())); err != nil {
		return fmt.Errorf("failed to print: %w", err)
	}
	return nil
}
