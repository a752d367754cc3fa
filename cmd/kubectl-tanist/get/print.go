package get

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/cli-runtime/pkg/printers"
	kubectlget "k8s.io/kubectl/pkg/cmd/get"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/terminal"
)

// newPrintFlags are kubectl get's own flags for output, without those about labels, sorting and kinds.
func newPrintFlags(o *options) *kubectlget.PrintFlags {
	flags := kubectlget.NewGetPrintFlags()
	flags.OutputFormat, flags.NoHeaders = &o.output, &o.noHeaders
	flags.HumanReadableFlags = &kubectlget.HumanPrintFlags{}
	return flags
}

// printer prints leaders in the format that was asked for.
type printer struct {
	*options
	format string
	to     printers.ResourcePrinter
	out    flusher
	err    io.Writer
}

// flusher remembers the widths of columns from one flush to the next, for the rows of a watch.
type flusher interface {
	io.Writer
	Flush() error
}

// newPrinter fails when there is no such format.
func newPrinter(o *options, streams genericiooptions.IOStreams) (*printer, error) {
	o.printFlags.HumanReadableFlags.WithNamespace = o.allNamespaces
	to, err := o.printFlags.ToPrinter()
	if err != nil {
		return nil, fmt.Errorf("--output=%s: %w", o.output, err)
	}
	p := &printer{options: o, to: to, out: unbuffered{streams.Out}, err: streams.ErrOut}
	p.format, _, _ = strings.Cut(o.output, "=")
	if p.format == "" && *o.printFlags.TemplateFlags.TemplateArgument != "" {
		p.format = "go-template"
	}
	if p.isTable() || strings.HasPrefix(p.format, "custom-columns") {
		p.out = printers.GetNewTabWriter(terminal.Highlight(streams.Out, colours))
	}
	return p, nil
}

type unbuffered struct{ io.Writer }

func (unbuffered) Flush() error { return nil }

func (p *printer) isTable() bool {
	return p.format == "" || p.format == "wide"
}

// isObjects reports whether the printer takes whole Leaders. A table and names need less.
func (p *printer) isObjects() bool {
	return !p.isTable() && p.format != "name"
}

// list prints the leaders of a snapshot.
func (p *printer) list(list *status.List) error {
	p.warn(list.Warnings)
	if p.isObjects() {
		return p.print(func() error { return p.to.PrintObj(list, p.out) })
	}
	if len(list.Items) == 0 && !p.watch && len(p.services) == 0 {
		where := "in " + p.namespace + " namespace"
		if p.allNamespaces {
			where = "in any namespace"
		}
		fmt.Fprintf(p.err, "No Services with a leader found %s.\n", where)
	}
	return p.rows(list.Items)
}

// rows prints leaders one after another.
func (p *printer) rows(leaders []status.Leader) error {
	return p.print(func() error {
		if p.isTable() {
			return p.to.PrintObj(table(leaders, time.Now()), p.out)
		}
		for i := range leaders {
			var err error
			if p.isObjects() {
				err = p.to.PrintObj(&leaders[i], p.out)
			} else {
				err = p.to.PrintObj(service(&leaders[i]), p.out)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *printer) print(print func() error) error {
	if err := print(); err != nil {
		return fmt.Errorf("failed to print: %w", err)
	}
	return p.out.Flush()
}

// shown is what the output says about a leader, except its age, which changes by itself.
func (p *printer) shown(l *status.Leader) string {
	if p.isObjects() {
		text, _ := json.Marshal(l) // it holds nothing that cannot be encoded
		return string(text)
	}
	var at time.Time
	if l.Since != nil {
		at = *l.Since
	}
	shown := []any{at}
	for i, cell := range cells(l, at) {
		if columns[i].Priority == 0 || p.format == "wide" {
			shown = append(shown, cell)
		}
	}
	return fmt.Sprintf("%q", shown)
}

// warn prints what is wrong with Tanist itself.
func (p *printer) warn(warnings []status.Warning) {
	label := terminal.PaletteOf(p.err).Text(terminal.Yellow, "Warning:")
	for _, warning := range warnings {
		fmt.Fprintf(p.err, "%s %s: %s\n", label, warning.Phrase, warning.Detail)
	}
}

// notes prints what the user has no permission to read.
func (p *printer) notes(notes []string) {
	for _, note := range notes {
		fmt.Fprintf(p.err, "Note: %s\n", note)
	}
}
