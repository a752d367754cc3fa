package get

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

// printer prints in the form that was asked for.
type printer struct {
	*options
	to  printers.ResourcePrinter
	out flusher
	err io.Writer
}

// flusher remembers the widths of columns from one flush to the next, for the rows of a watch.
type flusher interface {
	io.Writer
	Flush() error
}

func newPrinter(o *options, streams genericiooptions.IOStreams) *printer {
	p := &printer{options: o, out: printers.GetNewTabWriter(streams.Out), err: streams.ErrOut}
	switch o.output {
	case "json":
		p.to, p.out = &printers.JSONPrinter{}, unbuffered{streams.Out}
	case "yaml":
		p.to, p.out = &printers.YAMLPrinter{}, unbuffered{streams.Out}
	case "name":
		p.to = &printers.NamePrinter{}
	default:
		p.to = printers.NewTablePrinter(printers.PrintOptions{
			NoHeaders: o.noHeaders, Wide: o.output == "wide", WithNamespace: o.allNamespaces,
		})
	}
	return p
}

type unbuffered struct{ io.Writer }

func (unbuffered) Flush() error { return nil }

// list prints what there is at first.
func (p *printer) list(list *status.List) error {
	p.warn(list.Warnings)
	switch p.output {
	case "json", "yaml":
		return p.to.PrintObj(list, p.out)
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

// rows prints leaders, of a watch one after another.
func (p *printer) rows(leaders []status.Leader) error {
	var err error
	switch p.output {
	case "json", "yaml":
		for i := 0; i < len(leaders) && err == nil; i++ {
			err = p.to.PrintObj(&leaders[i], p.out)
		}
	case "name":
		for i := 0; i < len(leaders) && err == nil; i++ {
			err = p.to.PrintObj(service(&leaders[i]), p.out)
		}
	default:
		err = p.to.PrintObj(table(leaders, time.Now()), p.out)
	}
	if err != nil {
		return fmt.Errorf("failed to print: %w", err)
	}
	return p.out.Flush()
}

// shown is what is printed of a leader, without what changes by itself: its age.
func (p *printer) shown(l *status.Leader) string {
	if p.output == "json" || p.output == "yaml" {
		text, _ := json.Marshal(l) // it holds nothing that cannot be encoded
		return string(text)
	}
	var at time.Time
	if l.Since != nil {
		at = *l.Since
	}
	shown := []any{at}
	for i, cell := range cells(l, at) {
		if columns[i].Priority == 0 || p.output == "wide" {
			shown = append(shown, cell)
		}
	}
	return fmt.Sprintf("%q", shown)
}

// warn says what is wrong with Tanist itself.
func (p *printer) warn(warnings []status.Warning) {
	for _, warning := range warnings {
		fmt.Fprintf(p.err, "Warning: %s: %s\n", warning.Phrase, warning.Detail)
	}
}

// notes say what may not be read.
func (p *printer) notes(notes []string) {
	for _, note := range notes {
		fmt.Fprintf(p.err, "Note: %s\n", note)
	}
}
