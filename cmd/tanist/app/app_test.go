package app

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"

	"github.com/tanist-dev/tanist/test/env"
)

// nowhere is a cluster that does not answer.
func nowhere() *rest.Config {
	return &rest.Config{Host: "https://127.0.0.1:1"}
}

func TestTheWholeProgramIsBuiltWithoutACluster(t *testing.T) {
	registry := prometheus.NewRegistry()
	options := Options{
		Namespace: "tanist-system", LeaderElect: true, MetricsAddress: "0", HealthAddress: "127.0.0.1:0",
		WebhookPort: env.UnusedPort(), CertDir: newServing(t).folder, WebhookConfiguration: "tanist-system-tanist",
	}
	mgr, err := New(t.Context(), nowhere(), options, Telemetry{Registerer: registry})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-mgr.Elected():
		t.Error("it holds the Lease before it is started")
	default:
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, family := range families {
		names = append(names, family.GetName())
	}
	want := []string{
		"tanist_admission_authenticated", "tanist_admission_failures_total", "tanist_admission_rejected_total",
		"tanist_admission_unauthenticated_total", "tanist_after_handover_total", "tanist_build_info", "tanist_certificate_ready", "tanist_commit_conflicts_total",
		"tanist_commits_slowed_total", "tanist_commits_unstable_total",
		"tanist_departures_admitted_total", "tanist_departures_unadmitted_total", "tanist_events_omitted_total",
		"tanist_handover_duration_seconds",
		"tanist_handovers_total", "tanist_leader_cache_hits_total", "tanist_leader_cache_invalidations_total",
		"tanist_leader_cache_misses_total", "tanist_leader_service_writes_slowed_total", "tanist_leader_services",
		"tanist_leaderless_services", "tanist_loss_window_seconds", "tanist_node_age_seconds", "tanist_nodes_dropping_connections", "tanist_objects_too_large",
		"tanist_observer_stalls_seconds_total", "tanist_prepared_total",
		"tanist_suspicions_total", "tanist_tuning_info", "tanist_tuning_stale", "tanist_unwatched_leaders", "tanist_verdicts_total",
		"tanist_watched_namespaces", "tanist_watched_processes", "tanist_watches_cluster", "tanist_webhook_trusted",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("unexpected metrics (-want +got):\n%s", diff)
	}
}

func TestTheWholeProgramIsBuiltWithSelfManagedCertificates(t *testing.T) {
	options := Options{
		Namespace: "tanist-system", LeaderElect: true, MetricsAddress: "0", MetricsSecure: true, HealthAddress: "0",
		WebhookPort: env.UnusedPort(), SelfManaged: true, CertDir: "/nowhere", WebhookConfiguration: "tanist-system-tanist",
	}
	if _, err := New(t.Context(), nowhere(), options, Telemetry{Registerer: prometheus.NewRegistry()}); err != nil {
		t.Fatal(err)
	}
}

func TestSeveralReplicasFitInOneProcess(t *testing.T) {
	options := Options{Namespace: "tanist-system", MetricsAddress: "0", HealthAddress: "0"}
	for range 2 {
		if _, err := New(t.Context(), nowhere(), options, Telemetry{Registerer: prometheus.NewRegistry()}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestParse(t *testing.T) {
	cases := map[string]struct {
		args    string
		want    Options
		wantErr string
	}{
		"the defaults": {
			args: "--namespace=tanist-system",
			want: Options{
				Namespace: "tanist-system", LeaderElect: true, MetricsAddress: ":8443", MetricsSecure: true, HealthAddress: ":8081", PeerAddress: ":8444", GrantsAddress: "0", GrantsTLSAddress: "0",
				WebhookPort: 10250, CertDir: "/var/run/tanist/serving", WebhookConfiguration: "tanist-system-tanist", PprofAddress: "0",
			},
		},
		"everything": {
			args: "--namespace x --leader-elect=false --metrics-bind-address 0 --metrics-secure=false --health-probe-bind-address :1 -v 1 --kubeconfig y " +
				"--watch-namespaces shop,bank --webhook-port 0 --cert-dir z --webhook-configuration w --self-managed-certificates --pprof-address 127.0.0.1:6060 --tracing-endpoint https://c:4317",
			want: Options{
				Namespace: "x", WatchNamespaces: []string{"shop", "bank"}, MetricsAddress: "0", HealthAddress: ":1", PeerAddress: ":8444", GrantsAddress: "0", GrantsTLSAddress: "0", Verbosity: 1, CertDir: "z", SelfManaged: true, WebhookConfiguration: "w",
				PprofAddress: "127.0.0.1:6060", TracingEndpoint: "https://c:4317",
			},
		},
		"the version needs no namespace": {args: "--version", want: Options{
			LeaderElect: true, MetricsAddress: ":8443", MetricsSecure: true, HealthAddress: ":8081", PeerAddress: ":8444", GrantsAddress: "0", GrantsTLSAddress: "0",
			WebhookPort: 10250, CertDir: "/var/run/tanist/serving", PprofAddress: "0", ShowVersion: true,
		}},
		"tokens without admission": {args: "--namespace x --grants-bind-address :1 --grants-tls-bind-address :2 --webhook-port 0",
			wantErr: "--grants-tls-bind-address=:2: must be 0 without --grants-bind-address or without --webhook-port, whose certificate it serves"},
		"tokens without grants": {args: "--namespace x --grants-tls-bind-address :2",
			wantErr: "--grants-tls-bind-address=:2: must be 0 without --grants-bind-address or without --webhook-port, whose certificate it serves"},
		"no namespace outside a cluster": {wantErr: "--namespace is required outside a cluster"},
		"a port that there is not":       {args: "--namespace x --webhook-port 65536", wantErr: "--webhook-port=65536: must be between 0 and 65535"},
		"a namespace that cannot be": {args: "--namespace x --watch-namespaces shop,Bank",
			wantErr: `--watch-namespaces: "Bank": must be the name of a namespace: a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`},
		"its own namespace": {args: "--namespace x --watch-namespaces shop,x",
			wantErr: `--watch-namespaces: "x": must be another namespace than kube-system and Tanist's own, which never opt in`},
		"a collector without a scheme": {
			args: "--namespace x --tracing-endpoint c:4317", wantErr: "--tracing-endpoint=c:4317: must be a URL without credentials, such as http://collector.monitoring:4317",
		},
		"a collector with a password": {
			args: "--namespace x --tracing-endpoint http://a:b@c:4317", wantErr: "--tracing-endpoint=xxxxx@c:4317: must be a URL without credentials, such as http://collector.monitoring:4317",
		},
		"a value that belongs to no flag": {args: "--namespace x --self-managed-certificates false",
			wantErr: `"false": must be a flag; the value of one that is true or false follows an equals sign, as in --leader-elect=false`},
		"an address without a port": {args: "--namespace x --health-probe-bind-address=8081",
			wantErr: "--health-probe-bind-address=8081: must be an address with a port, such as :8080, or 0 for none"},
		"an address with a port that there is not": {args: "--namespace x --peer-bind-address=:x",
			wantErr: "--peer-bind-address=:x: must be an address with a port, such as :8080, or 0 for none"},
		"a negative verbosity": {args: "--namespace x --v=-9", wantErr: "--v=-9: must not be negative"},
		"an unknown flag":      {args: "--sticky", wantErr: "unknown flag: --sticky"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := parse(strings.Fields(test.args))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected options (-want +got):\n%s", diff)
			}
			gotErr := ""
			if err != nil {
				gotErr = err.Error()
			}
			if gotErr != test.wantErr {
				t.Errorf("got error %q, want %q", gotErr, test.wantErr)
			}
		})
	}
}
