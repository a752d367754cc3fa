package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/terminal"
)

// confirm asks before bench takes leaders of a user's own Service away. bench's own workload needs no question. It sends no request to a
// cluster.
func (f *benchFlags) confirm(ctx context.Context, kubeconfig *genericclioptions.ConfigFlags, streams genericiooptions.IOStreams) error {
	if f.options.Service == "" || f.yes {
		return nil
	}
	what := f.consequence(contextOf(kubeconfig))
	if !terminal.CanAsk(streams) {
		return errors.New(what + ": there is no terminal to ask on, so add --yes if you want that")
	}
	yes, err := terminal.Ask(ctx, streams, strings.ToUpper(what[:1])+what[1:]+". Continue?")
	if err == nil && !yes {
		err = errors.New("nothing was done: the answer was not yes")
	}
	return err
}

// consequence says what a run does to the user's Service.
func (f *benchFlags) consequence(kubeContext string) string {
	var modes []string
	for _, mode := range f.options.Modes {
		modes = append(modes, string(mode))
	}
	return fmt.Sprintf("bench takes the leader of Service %s in namespace %s (context %s) away %d times (%s), and the Service's clients notice it",
		f.options.Service, f.options.Namespace, cmp.Or(kubeContext, "<none>"), len(modes)*f.options.Failovers, strings.Join(modes, ", "))
}

// contextOf returns the name of the context in use; empty if there is none.
func contextOf(kubeconfig *genericclioptions.ConfigFlags) string {
	if kubeconfig.Context != nil && *kubeconfig.Context != "" {
		return *kubeconfig.Context
	}
	raw, err := kubeconfig.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return "" // the command fails with this error a moment later
	}
	return raw.CurrentContext
}
