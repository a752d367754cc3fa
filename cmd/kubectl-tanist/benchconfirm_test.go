package main

import (
	"bytes"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/tanist-dev/tanist/bench"
	"github.com/tanist-dev/tanist/bench/report"
)

func TestBenchAsksBeforeItTakesAUsersLeadersAway(t *testing.T) {
	const about = "bench takes the leader of Service payments in namespace shop (context prod) away "
	for name, test := range map[string]struct {
		change func(*benchFlags)
		// want is the beginning of the error; empty for none.
		want string
	}{
		"a user's Service":             {want: about + "50 times (delete), and the Service's clients notice it: there is no terminal to ask on"},
		"in several ways":              {change: func(f *benchFlags) { f.options.Modes = []report.Mode{"delete", "evict"} }, want: about + "100 times (delete, evict)"},
		"bench's own workload":         {change: func(f *benchFlags) { f.options.Service = "" }},
		"the user has said yes before": {change: func(f *benchFlags) { f.yes = true }},
	} {
		t.Run(name, func(t *testing.T) {
			f := benchFlags{options: bench.DefaultOptions("v1.2.3")}
			f.options.Service, f.options.Namespace = "payments", "shop"
			if test.change != nil {
				test.change(&f)
			}
			kubeconfig := newKubeconfig()
			*kubeconfig.Context = "prod"
			var out bytes.Buffer
			err := f.confirm(t.Context(), kubeconfig, genericiooptions.IOStreams{In: strings.NewReader("y\n"), Out: &out, ErrOut: &out})
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if out.Len() > 0 {
				t.Errorf("printed %q without a terminal", out.String())
			}
		})
	}
}
