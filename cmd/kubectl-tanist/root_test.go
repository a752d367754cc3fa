package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/tanist-dev/tanist/bench"
	"github.com/tanist-dev/tanist/bench/report"
	"github.com/tanist-dev/tanist/bench/traffic"
)

// run runs the program with arguments and without a cluster, and returns what it printed.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	root := newRootCommand("v1.2.3")
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

func TestCommands(t *testing.T) {
	visible := map[string]bool{}
	for _, command := range newRootCommand("v1.2.3").Commands() {
		visible[command.Name()] = !command.Hidden
	}
	want := map[string]bool{"get": true, "explain": true, "history": true, "dashboard": true, "handover": true, "doctor": true, "report": true, "rotate-secret": true, "bench": true, "bench-server": false, "bench-client": false, "bench-floor": false}
	if diff := cmp.Diff(want, visible); diff != "" {
		t.Errorf("visible commands (-want +got):\n%s", diff)
	}
}

func TestVersion(t *testing.T) {
	got, err := run(t, "--version")
	if err != nil || got != "kubectl tanist version v1.2.3\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestBenchHelpNamesEveryFlag(t *testing.T) {
	help, err := run(t, "bench", "--help")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		"kubectl tanist bench [SERVICE]", "--failovers", "--mode", "--floor", "--traffic", "--output", "--report", "--timeout", "--image", "--pods",
		"tanist-bench-plain-", "--burst", "--services", "--yes", "--allow-not-enabled", "--namespace", "--kubeconfig", "--context",
	} {
		if !strings.Contains(help, part) {
			t.Errorf("help does not say %q:\n%s", part, help)
		}
	}
}

func TestWrongCommandLines(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"unknown mode":   {[]string{"bench", "--mode", "delete,drain"}, `unknown mode "drain": must be one of delete, force, evict, readiness, crash, freeze, node`},
		"unknown output": {[]string{"bench", "-o", "yaml"}, `--output must be table or json, got "yaml"`},
		"no failovers":   {[]string{"bench", "--failovers", "0"}, "--failovers must be at least 1, got 0"},
		"two Services":   {[]string{"bench", "a", "b"}, "name one Service, got a b"},
		"a crash of a user's pods": {
			[]string{"bench", "web", "--mode=crash"},
			"--mode crash works only on bench's own workload: omit the Service's name",
		},
		"a user's Service, and nobody to ask": {
			[]string{"bench", "payments", "-n", "shop", "--mode", "delete,evict"},
			"bench takes the leader of Service payments in namespace shop (context <none>) away 100 times (delete, evict), and the Service's clients notice it: " +
				"there is no terminal to ask on, so add --yes if you want that",
		},
		"a leader's output that does not exist": {[]string{"get", "-o", "html"}, `--output=html: unable to match a printer suitable for the output format "html", ` +
			"allowed formats are: custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml"},
		"a name in all namespaces": {
			[]string{"get", "-A", "web"}, "--all-namespaces cannot be used with the name of a Service: use -n with its namespace instead",
		},
		"a name and a selector": {[]string{"get", "web", "-l", "a=b"}, "--selector cannot be used with the name of a Service"},
		"a selector that is none": {
			[]string{"get", "-l", "a=b=c"}, "--selector must be a label selector such as team=shop: found '=', expected: ',' or 'end of string'",
		},
		"an explanation of nothing":           {[]string{"explain"}, "name a Service (kubectl tanist get lists them)"},
		"the history of nothing":              {[]string{"history"}, "name a Service (kubectl tanist get lists them)"},
		"the history as a table":              {[]string{"history", "web", "-o", "wide"}, `--output must be json or yaml, got "wide"`},
		"an explanation as a table":           {[]string{"explain", "web", "-o", "wide"}, `--output must be json or yaml, got "wide"`},
		"a dashboard of one Service":          {[]string{"dashboard", "web"}, "dashboard takes no argument, got web (see --help)"},
		"a dashboard on no port":              {[]string{"dashboard", "--port", "70000"}, "--port must be between 0 and 65535, got 70000"},
		"a hand-over of nothing":              {[]string{"handover"}, "name a Service (kubectl tanist get lists them) or --node"},
		"a hand-over of a Service and a node": {[]string{"handover", "web", "--node", "a"}, "handover takes a Service or --node, not both: without a Service, --node moves all leaders off the node"},
		"two hand-overs":                      {[]string{"handover", "web", "api"}, "name one Service, got web api"},
		"a check of one Service":              {[]string{"doctor", "web"}, "doctor takes no argument, got web (see --help)"},
		"a report of one Service":             {[]string{"report", "web"}, "report takes no argument, got web (see --help)"},
		"a secret with a name":                {[]string{"rotate-secret", "web"}, "rotate-secret takes no argument, got web (see --help)"},
		"a node and a pod":                    {[]string{"handover", "--node", "a", "--to", "b"}, "--node cannot be used with --to or --keep: they are about one Service"},
		"no hand-over at a time":              {[]string{"handover", "--node", "a", "--parallel", "0"}, "--parallel must be at least 1, got 0"},
		"a hand-over without a wait":          {[]string{"handover", "web", "--timeout", "0s"}, "--timeout must be longer than 0s, got 0s"},
		"an unknown dry run":                  {[]string{"rotate-secret", "--dry-run", "yes"}, `--dry-run must be none, client or server, got "yes"`},
		"a client without a URL":              {[]string{"bench-client"}, "--url must not be empty"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			printed, err := run(t, test.args...)
			if err == nil || err.Error() != test.want {
				t.Errorf("error = %v, want %s", err, test.want)
			}
			if printed != "" {
				t.Errorf("printed %q, want the error only", printed)
			}
		})
	}
}

func TestBenchOptions(t *testing.T) {
	tests := map[string]struct {
		args []string
		want func(*bench.Options)
	}{
		"defaults": {nil, func(*bench.Options) {}},
		"modes by comma and repeated": {
			[]string{"--mode", "delete,force", "--mode", "evict"},
			func(o *bench.Options) { o.Modes = []report.Mode{report.ModeDelete, report.ModeForce, report.ModeEvict} },
		},
		"a user's Service": {
			[]string{"service/web", "-n", "shop"}, func(o *bench.Options) { o.Service, o.Namespace = "web", "shop" },
		},
		"a burst has few rounds": {
			[]string{"--burst"}, func(o *bench.Options) { o.Burst, o.Failovers = true, burstRounds },
		},
		"unless one asks for more": {
			[]string{"--burst", "--failovers", "50"}, func(o *bench.Options) { o.Burst = true },
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
			want := bench.DefaultOptions("v1.2.3")
			test.want(&want)
			if diff := cmp.Diff(want, optionsOf(t, test.args)); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
		})
	}
}

// optionsOf parses the arguments of bench without running it.
func optionsOf(t *testing.T, args []string) bench.Options {
	t.Helper()
	kubeconfig := newKubeconfig()
	flags := benchFlags{options: bench.DefaultOptions("v1.2.3")}
	command := &cobra.Command{Use: "bench"}
	kubeconfig.AddFlags(command.Flags())
	flags.add(command)
	if err := command.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	if err := flags.complete(kubeconfig, command.Flags().Args(), command.Flags().Changed("failovers")); err != nil {
		t.Fatal(err)
	}
	return flags.options
}

func TestClientPrintsWindows(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	var out bytes.Buffer
	command := newClientCommand(&out)
	command.SetArgs([]string{"--url", server.URL, "--rate", "199", "--max-requests", "10"})
	if err := command.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	var ok int64
	lines := json.NewDecoder(&out)
	for {
		var window traffic.Window
		if err := lines.Decode(&window); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		ok += window.Fresh.OK + window.Kept.OK
	}
	if ok < 10 {
		t.Errorf("%d successes in the output, want at least 10", ok)
	}
}

func TestWriteGivesTableAndPage(t *testing.T) {
	page := filepath.Join(t.TempDir(), "bench.html")
	flags := benchFlags{output: "json", report: page}
	var out bytes.Buffer
	if err := flags.write(&report.Report{}, &out); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(out.Bytes()) {
		t.Errorf("output is not JSON: %s", out.String())
	}
	written, err := os.ReadFile(page)
	if err != nil || !strings.HasPrefix(string(written), "<!doctype html>") {
		t.Errorf("page = %.40q, %v", written, err)
	}
}
