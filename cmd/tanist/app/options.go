package app

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/validation"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/client/config"

	"github.com/tanist-dev/tanist/config"
)

// Options are the flags. What can be changed while Tanist runs is in the tuning instead.
type Options struct {
	// Namespace is Tanist's own namespace, which has its Lease and its tuning.
	Namespace string
	// WatchNamespaces are the only namespaces that may opt in; empty if all may.
	WatchNamespaces []string
	// LeaderElect enables leader election among the replicas, with a Lease.
	LeaderElect bool
	// MetricsAddress and HealthAddress are the addresses to listen on; "0" disables them.
	MetricsAddress string
	HealthAddress  string
	// PeerAddress is the address to answer other replicas on; "0" disables it.
	PeerAddress string
	// GrantsAddress is the address to tell pods on whether they lead; "0" disables that.
	GrantsAddress string
	// GrantsTLSAddress is the address to do so over TLS, where pods can show a token; "0" disables that.
	GrantsTLSAddress string
	// MetricsSecure serves metrics over TLS, and only to those who may get /metrics.
	MetricsSecure bool
	// WebhookPort is the port to serve admission on; 0 disables admission.
	WebhookPort int
	// CertDir has the serving certificate of admission: tls.crt and tls.key.
	CertDir string
	// SelfManaged makes the serving certificate in the Secret tanist-self-managed, instead of reading CertDir.
	SelfManaged bool
	// WebhookConfiguration is the name of both webhook configurations that call this program, the validating and the mutating one.
	WebhookConfiguration string
	// PprofAddress is the address to serve profiles on; "0" disables them.
	PprofAddress string
	// TracingEndpoint is the URL of the collector to send spans to. Empty: OpenTelemetry's own variables name it, or nothing is traced.
	TracingEndpoint string
	// Verbosity is how much to log: 0 for the start, changes of leader and errors, 1 for what libraries report, too, 5 for everything.
	Verbosity int
	// ShowVersion prints the version, and does nothing else.
	ShowVersion bool
	// Version is the program's own. It is no flag: the build sets it.
	Version string
}

// serviceAccountNamespace is the file with the namespace of the pod.
const serviceAccountNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// parse parses the flags. It returns pflag.ErrHelp if help was requested and has been printed.
func parse(args []string) (Options, error) {
	var o Options
	flags := pflag.NewFlagSet("tanist", pflag.ContinueOnError)
	flags.StringVar(&o.Namespace, "namespace", ownNamespace(),
		"Tanist's own namespace, with its Lease and the ConfigMap tanist-tuning. Defaults to the namespace of its pod.")
	flags.StringSliceVar(&o.WatchNamespaces, "watch-namespaces", nil,
		"The only namespaces that may opt in, separated by commas. Tanist then needs no right to watch objects of other namespaces. Defaults to all.")
	flags.BoolVar(&o.LeaderElect, "leader-elect", true,
		"Elect one of several replicas with a Lease. Every replica replaces a lost leader; the Lease holder does everything else. Without it, run a single replica.")
	flags.StringVar(&o.MetricsAddress, "metrics-bind-address", ":8443",
		"Address to serve metrics on; 0 disables them.")
	flags.BoolVar(&o.MetricsSecure, "metrics-secure", true,
		"Serve metrics over TLS, and only to those who have the right to get /metrics. They name every Service with a leader.")
	flags.StringVar(&o.HealthAddress, "health-probe-bind-address", ":8081",
		"Address to serve /healthz and /readyz on; 0 disables them.")
	flags.StringVar(&o.PeerAddress, "peer-bind-address", ":8444",
		"Address to answer the other replicas on, when they suspect that a node is lost; 0 disables it.")
	flags.StringVar(&o.GrantsAddress, "grants-bind-address", "0",
		"Address to tell pods on whether they lead, such as :8445; 0 disables that. Every pod that reaches it learns about itself alone.")
	flags.StringVar(&o.GrantsTLSAddress, "grants-tls-bind-address", "0",
		"Address to do so over TLS, with the serving certificate of admission, such as :8446; 0 disables that. There, pods can show a token instead of being known by their address.")
	flags.IntVar(&o.WebhookPort, "webhook-port", 10250,
		"Port to serve admission on; 0 disables admission.")
	flags.StringVar(&o.CertDir, "cert-dir", "/var/run/tanist/serving",
		"Directory with the serving certificate of admission, tls.crt and tls.key. Tanist watches both files for changes.")
	flags.BoolVar(&o.SelfManaged, "self-managed-certificates", false,
		"Make and renew the serving certificate in the Secret tanist-self-managed, and publish its CA in the webhook configurations. Then --cert-dir is not read.")
	flags.StringVar(&o.WebhookConfiguration, "webhook-configuration", "",
		"Name of the ValidatingWebhookConfiguration and the MutatingWebhookConfiguration that call Tanist. Defaults to <namespace>-tanist.")
	flags.StringVar(&o.PprofAddress, "pprof-address", "0",
		"Address to serve profiles of the program on, such as 127.0.0.1:6060; 0 disables them. Whoever reaches it can read them.")
	flags.StringVar(&o.TracingEndpoint, "tracing-endpoint", "",
		"URL of the OpenTelemetry collector to send traces of hand-overs to, with gRPC, such as http://collector.monitoring:4317. Defaults to OTEL_EXPORTER_OTLP_ENDPOINT. Without either, nothing is traced.")
	flags.IntVarP(&o.Verbosity, "v", "v", 0,
		"Log verbosity: 0 for the start, every change of leader, and errors; 1 for what libraries report, too; 5 for every reconciliation.")
	flags.BoolVar(&o.ShowVersion, "version", false, "Print the version and exit.")

	kubeconfig := flag.NewFlagSet("", flag.ContinueOnError)
	ctrlconfig.RegisterFlags(kubeconfig)
	flags.AddGoFlagSet(kubeconfig)

	if err := flags.Parse(args); err != nil {
		return Options{}, err
	}
	if flags.NArg() > 0 {
		return Options{}, fmt.Errorf("%q: must be a flag; the value of one that is true or false follows an equals sign, as in --leader-elect=false", flags.Arg(0))
	}
	if o.ShowVersion {
		return o, nil
	}
	if err := o.check(); err != nil {
		return Options{}, err
	}
	if o.WebhookConfiguration == "" {
		o.WebhookConfiguration = config.WebhookConfiguration(o.Namespace)
	}
	return o, nil
}

// check returns the error of the first flag that is wrong.
func (o Options) check() error {
	if o.Namespace == "" {
		return errors.New("--namespace is required outside a cluster")
	}
	for _, namespace := range o.WatchNamespaces {
		if problems := validation.IsDNS1123Label(namespace); len(problems) > 0 {
			return fmt.Errorf("--watch-namespaces: %q: must be the name of a namespace: %s", namespace, problems[0])
		}
		if config.NeverOptsIn(namespace, o.Namespace) {
			return fmt.Errorf("--watch-namespaces: %q: must be another namespace than kube-system and Tanist's own, which never opt in", namespace)
		}
	}
	if o.WebhookPort < 0 || o.WebhookPort > 65535 {
		return fmt.Errorf("--webhook-port=%d: must be between 0 and 65535", o.WebhookPort)
	}
	if err := o.checkAddresses(); err != nil {
		return err
	}
	if err := o.checkTokens(); err != nil {
		return err
	}
	if o.Verbosity < 0 {
		return fmt.Errorf("--v=%d: must not be negative", o.Verbosity)
	}
	return o.checkTracing()
}

func (o Options) checkTracing() error {
	endpoint, err := url.Parse(o.TracingEndpoint)
	if o.TracingEndpoint == "" || err == nil && endpoint.Host != "" && endpoint.User == nil && (endpoint.Scheme == "http" || endpoint.Scheme == "https") {
		return nil
	}
	shown := o.TracingEndpoint
	if i := strings.LastIndex(shown, "@"); i >= 0 {
		shown = "xxxxx" + shown[i:] // whatever is before may be a password
	}
	return fmt.Errorf("--tracing-endpoint=%s: must be a URL without credentials, such as http://collector.monitoring:4317", shown)
}

func (o Options) checkAddresses() error {
	for _, address := range []struct{ flag, value string }{
		{"metrics-bind-address", o.MetricsAddress}, {"health-probe-bind-address", o.HealthAddress}, {"peer-bind-address", o.PeerAddress},
		{"grants-bind-address", o.GrantsAddress}, {"grants-tls-bind-address", o.GrantsTLSAddress}, {"pprof-address", o.PprofAddress},
	} {
		_, port, err := net.SplitHostPort(address.value)
		if err == nil {
			_, err = net.LookupPort("tcp", port)
		}
		if address.value != "" && address.value != "0" && err != nil {
			return fmt.Errorf("--%s=%s: must be an address with a port, such as :8080, or 0 for none", address.flag, address.value)
		}
	}
	return nil
}

func (o Options) checkTokens() error {
	if o.withTokens() && (o.WebhookPort == 0 || cmp.Or(o.GrantsAddress, "0") == "0") {
		return fmt.Errorf("--grants-tls-bind-address=%s: must be 0 without --grants-bind-address or without --webhook-port, whose certificate it serves", o.GrantsTLSAddress)
	}
	return nil
}

// withTokens reports whether pods can ask with a token whether they lead.
func (o Options) withTokens() bool { return cmp.Or(o.GrantsTLSAddress, "0") != "0" }

// ownNamespace returns the namespace of the pod that the program runs in; empty outside a pod.
func ownNamespace() string {
	content, err := os.ReadFile(serviceAccountNamespace)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(content))
}
