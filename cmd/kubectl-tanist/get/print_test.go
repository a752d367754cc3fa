package get

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

var update = flag.Bool("update", false, "update the golden files")

// golden compares the output with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("not as in %s (-want +got):\n%s", file, diff)
	}
}

// leaders are three Services in different states. The first has had its leader since yesterday.
func leaders() []status.Leader {
	since, sticky := time.Now().Add(-26*time.Hour-30*time.Minute), true
	kind := metav1.TypeMeta{APIVersion: status.APIVersion, Kind: status.KindLeader}
	return []status.Leader{
		{
			TypeMeta: kind, Namespace: "shop", Service: "payments", LeaderService: "payments-leader",
			Leader: &status.Pod{
				Name: "payments-1", UID: "u1", Node: "node-2", Ready: true, Addresses: []string{"10.1.0.7"}, DrainWindow: "3s", Revision: "7d4b9c",
			},
			Successor: "payments-0", Term: 4, Since: &since, Reason: "LeaderDeleted",
			Options:    status.Options{Strategy: "oldest", Sticky: &sticky, Probe: "auto", LossAfter: "2s"},
			Watched:    &status.Watched{Node: true, Reasons: []string{"its pod: it has no readiness probe"}},
			Candidates: &status.Candidates{Ready: 2, Total: 3},
			Slices:     []status.Slice{{Name: "payments-leader-ipv4", AddressType: "IPv4", Addresses: []string{"10.1.0.7"}}},
		},
		{
			TypeMeta: kind, Namespace: "shop", Service: "search", LeaderService: "search-leader", Term: 2, Reason: "NoCandidate",
			Candidates: &status.Candidates{Total: 1}, SuccessorPending: true,
			Warnings: []status.Warning{{Phrase: status.WrongAnnotation + " strategy", Detail: "x"}, {Phrase: status.NoReadyPod, Detail: "y"}},
		},
		{
			TypeMeta: kind, Namespace: "warehouse", Service: "stock", LeaderService: "stock-leader",
			Leader: &status.Pod{Name: "stock-0", Node: "node-1", DrainWindow: "0s", OwnPreStop: true}, Term: 1,
			Options: status.Options{Strategy: "ordinal"},
		},
	}
}

func printerFor(t *testing.T, o *options, streams genericiooptions.IOStreams) *printer {
	t.Helper()
	o.printFlags = newPrintFlags(o)
	p, err := newPrinter(o, streams)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// printed is what a printer writes to standard output and standard error.
func printed(t *testing.T, o *options, print func(*printer) error) (out, err string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if err := print(printerFor(t, o, genericiooptions.IOStreams{Out: &stdout, ErrOut: &stderr})); err != nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String()
}

func TestTables(t *testing.T) {
	cases := map[string]*options{
		"table.txt":      {namespace: "shop"},
		"all.txt":        {allNamespaces: true},
		"wide.txt":       {output: "wide"},
		"no-headers.txt": {noHeaders: true},
		"name.txt":       {output: "name"},
	}
	for file, options := range cases {
		t.Run(file, func(t *testing.T) {
			out, _ := printed(t, options, func(p *printer) error { return p.list(&status.List{Items: leaders()}) })
			golden(t, file, out)
		})
	}
}

func TestObjects(t *testing.T) {
	list := &status.List{
		TypeMeta: metav1.TypeMeta{APIVersion: status.APIVersion, Kind: status.KindList}, Items: leaders(),
		Warnings: []status.Warning{{Phrase: status.TanistNotRunning, Detail: "nobody holds its Lease"}},
	}
	since := time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)
	list.Items[0].Since = &since
	for _, format := range []string{"json", "yaml"} {
		t.Run(format, func(t *testing.T) {
			out, stderr := printed(t, &options{output: format}, func(p *printer) error { return p.list(list) })
			golden(t, "list."+format, out)
			if want := "Warning: Tanist is not running: nobody holds its Lease\n"; stderr != want {
				t.Errorf("got %q, want %q", stderr, want)
			}
		})
	}
}

func TestKubectlsOtherFormats(t *testing.T) {
	cases := map[string]struct {
		output, want string
	}{
		"jsonpath":       {"jsonpath={.items[*].leader.name}", "payments-1 stock-0"},
		"go-template":    {`go-template={{range .items}}{{.service}}{{"\n"}}{{end}}`, "payments\nsearch\nstock\n"},
		"custom-columns": {"custom-columns=SERVICE:.service,TERM:.term", "SERVICE    TERM\npayments   4\nsearch     2\nstock      1\n"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			out, _ := printed(t, &options{output: test.output}, func(p *printer) error { return p.list(&status.List{Items: leaders()}) })
			if diff := cmp.Diff(test.want, out); diff != "" {
				t.Errorf("unexpected output (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNothingToShow(t *testing.T) {
	cases := map[string]struct {
		options *options
		want    string
	}{
		"in a namespace": {&options{namespace: "shop"}, "No Services with a leader found in shop namespace.\n"},
		"in all":         {&options{allNamespaces: true}, "No Services with a leader found in any namespace.\n"},
		"of one by name": {&options{services: []string{"web"}}, ""},
		"yet":            {&options{watch: true}, ""},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			out, stderr := printed(t, test.options, func(p *printer) error { return p.list(&status.List{}) })
			if out != "" || stderr != test.want {
				t.Errorf("got %q and %q, want %q", out, stderr, test.want)
			}
		})
	}
}
