package app

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/client/config"
)

// Options are the flags. What changes how Tanist works while it runs is not here but in the tuning.
type Options struct {
	// Namespace is Tanist's own: its Lease and its tuning are there.
	Namespace string
	// LeaderElect makes one of several replicas the holder of the Lease.
	LeaderElect bool
	// MetricsAddress and HealthAddress are where to listen; "0" for nowhere.
	MetricsAddress string
	HealthAddress  string
	// WebhookPort is where to serve admission; 0 for nowhere.
	WebhookPort int
	// CertDir holds the certificate that admission is served with: tls.crt and tls.key.
	CertDir string
	// WebhookConfiguration is the name of the webhook configurations, the validating and the mutating one, that call this program.
	WebhookConfiguration string
	// Verbosity is how much to log: 0 errors, 1 changes of leader, 5 everything.
	Verbosity int
}

// serviceAccountNamespace says in which namespace a pod runs.
const serviceAccountNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// parse reads the command line. The error is pflag.ErrHelp when help was asked for, and has been printed.
func parse(args []string) (Options, error) {
	var o Options
	flags := pflag.NewFlagSet("tanist", pflag.ContinueOnError)
	flags.StringVar(&o.Namespace, "namespace", ownNamespace(),
		"Tanist's own namespace, where its Lease and the ConfigMap tanist-tuning are. Defaults to the one it runs in.")
	flags.BoolVar(&o.LeaderElect, "leader-elect", true,
		"Elect one of several replicas with a Lease. Every replica replaces a lost leader; the Lease holder does everything else. Without it, run a single replica.")
	flags.StringVar(&o.MetricsAddress, "metrics-bind-address", ":8080",
		"Address to serve metrics on; 0 for none.")
	flags.StringVar(&o.HealthAddress, "health-probe-bind-address", ":8081",
		"Address to serve /healthz and /readyz on; 0 for none.")
	flags.IntVar(&o.WebhookPort, "webhook-port", 10250,
		"Port to serve admission on; 0 for none.")
	flags.StringVar(&o.CertDir, "cert-dir", "/var/run/tanist/serving",
		"Folder with the certificate that admission is served with, tls.crt and tls.key. It is watched.")
	flags.StringVar(&o.WebhookConfiguration, "webhook-configuration", "",
		"Name of the ValidatingWebhookConfiguration and the MutatingWebhookConfiguration that call Tanist. Defaults to <namespace>-tanist.")
	flags.IntVarP(&o.Verbosity, "v", "v", 0,
		"How much to log: 0, errors; 1, every change of leader; 5, every reconciliation.")

	kubeconfig := flag.NewFlagSet("", flag.ContinueOnError)
	ctrlconfig.RegisterFlags(kubeconfig)
	flags.AddGoFlagSet(kubeconfig)

	if err := flags.Parse(args); err != nil {
		return Options{}, err
	}
	if o.Namespace == "" {
		return Options{}, errors.New("--namespace is needed outside a cluster")
	}
	if o.WebhookPort < 0 || o.WebhookPort > 65535 {
		return Options{}, fmt.Errorf("--webhook-port=%d: must be between 0 and 65535", o.WebhookPort)
	}
	if o.WebhookConfiguration == "" {
		o.WebhookConfiguration = o.Namespace + "-tanist"
	}
	return o, nil
}

// ownNamespace is the namespace of the pod that this runs in; empty outside of one.
func ownNamespace() string {
	content, err := os.ReadFile(serviceAccountNamespace)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(content))
}
