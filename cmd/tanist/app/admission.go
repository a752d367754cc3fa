package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"path/filepath"

	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tanist-dev/tanist/certs"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler"
	"github.com/tanist-dev/tanist/webhook"
)

// The files in Options.CertDir, named as the keys of a Secret of type kubernetes.io/tls.
const (
	certFile = "tls.crt"
	keyFile  = "tls.key"
)

// admission serves the webhooks. It runs on every replica, because the API server may call any of them. Without webhooks, all fields
// are nil.
type admission struct {
	server ctrlwebhook.Server
	mux    *http.ServeMux
	// serving has the certificate: files or selfManaged.
	serving certs.Serving
	// files is nil with self-managed certificates.
	files *certwatcher.CertWatcher
}

// newAdmission reads the certificate. With self-managed certificates it has none until the manager runs. It does not wait for a missing file: in a pod, the kubelet mounts the certificate before the
// program starts.
func newAdmission(o Options) (admission, error) {
	if o.WebhookPort == 0 {
		return admission{}, nil
	}
	a := admission{mux: http.NewServeMux()}
	if o.SelfManaged {
		a.serving = certs.NewSelfManaged(o.Namespace, grantsHosts(o)...)
	} else {
		files, err := certwatcher.New(filepath.Join(o.CertDir, certFile), filepath.Join(o.CertDir, keyFile))
		if err != nil {
			return admission{}, fmt.Errorf("failed to load the serving certificate: --cert-dir=%s must hold %s and %s, or --webhook-port=0 does without admission: %w",
				o.CertDir, certFile, keyFile, err)
		}
		a.serving, a.files = files, files
	}
	a.server = ctrlwebhook.NewServer(ctrlwebhook.Options{
		Port: o.WebhookPort, WebhookMux: a.mux,
		TLSOpts: []func(*tls.Config){func(c *tls.Config) {
			c.MinVersion = tls.VersionTLS12
			c.GetCertificate = a.serving.GetCertificate
		}},
	})
	return a, nil
}

// setup adds the server with the webhooks' handlers, what brings its certificate, and the checks of both.
func (a admission) setup(
	ctx context.Context, mgr manager.Manager, o Options, tuning *config.Store, known *reconciler.Admission, telemetry Telemetry,
) error {
	if a.files != nil {
		if err := mgr.Add(a.files); err != nil {
			return fmt.Errorf("failed to add certificate watcher: %w", err)
		}
	}
	// The first call of GetWebhookServer adds the server to the manager.
	if err := mgr.AddReadyzCheck("webhook", mgr.GetWebhookServer().StartedChecker()); err != nil {
		return fmt.Errorf("failed to add readiness check of webhook server: %w", err)
	}
	read, err := certs.NewCallReader(mgr, o.WebhookConfiguration)
	if err != nil {
		return err
	}
	paths := webhook.NewPaths(read)
	if err := webhook.Register(a.mux, webhook.Options{
		Namespace: o.Namespace, Tuning: tuning, Paths: paths, Preparer: known, Services: known, Registerer: telemetry.Registerer,
		Tracer: telemetry.Tracer,
	}); err != nil {
		return err
	}
	return certs.Setup(ctx, mgr, certs.Options{
		Namespace: o.Namespace, WebhookConfiguration: o.WebhookConfiguration, Serving: a.serving, Calls: paths.Set, Registerer: telemetry.Registerer,
		Recorder: known.Events,
	})
}
