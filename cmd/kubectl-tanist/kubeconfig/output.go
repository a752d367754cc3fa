package kubeconfig

import (
	"fmt"
	"io"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// Output is the flag --output of a command that prints text, JSON or YAML.
type Output string

// AddTo adds the flag.
func (o *Output) AddTo(flags *pflag.FlagSet) {
	flags.StringVarP((*string)(o), "output", "o", "", "Output format: json or yaml.")
}

// Validate returns an error if the format is none of those.
func (o Output) Validate() error {
	switch o {
	case "", "json", "yaml":
		return nil
	default:
		return fmt.Errorf("--output must be json or yaml, got %q", string(o))
	}
}

// Print prints an object as JSON or YAML. It returns false if the flag asks for text.
func (o Output) Print(object runtime.Object, out io.Writer) (printed bool, err error) {
	if o == "" {
		return false, nil
	}
	printer, err := genericclioptions.NewJSONYamlPrintFlags().ToPrinter(string(o))
	if err != nil {
		return true, fmt.Errorf("--output=%s: %w", o, err)
	}
	if err := printer.PrintObj(object, out); err != nil {
		return true, fmt.Errorf("failed to print: %w", err)
	}
	return true, nil
}
