package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/tanist-dev/tanist/certs"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/httpserver"
	"github.com/tanist-dev/tanist/reconciler"
	"github.com/tanist-dev/tanist/webhook"
)

// The files in Options.CertDir, named as the keys of a Secret of type kubernetes.io/tls.
const (
	certFile = "tls.crt"
	keyFile  = "tls.key"
)

const (
	// admissionConnections is how many connections there may be, and admissionConnectionsEach how many of one address. An API server needs a
	// few, but opens one for each call that waits when it has none.
	admissionConnections     = 512
	admissionConnectionsEach = 256
	// admissionTimeout is for each half of a call: to read it, and to answer. No webhook's timeout is longer.
	admissionTimeout = 5 * time.Second
)

// admission serves the webhooks. It runs on every replica, because the API server may call any of them. Without webhooks, all fields
// are nil.
type admission struct {
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
	if o.SelfManaged {
		return admission{serving: certs.NewSelfManaged(o.Namespace, grantsHosts(o)...)}, nil
	}
	files, err := certwatcher.New(filepath.Join(o.CertDir, certFile), filepath.Join(o.CertDir, keyFile))
	if err != nil {
		return admission{}, fmt.Errorf("failed to load the serving certificate: --cert-dir=%s must hold %s and %s, or --webhook-port=0 does without admission: %w",
			o.CertDir, certFile, keyFile, err)
	}
	return admission{serving: files, files: files}, nil
}

// newServer returns the server of the webhooks.
func (a admission) newServer(port int, handler http.Handler) (*manager.Server, error) {
	return httpserver.New(httpserver.Options{
		Name: "webhooks", Address: fmt.Sprintf(":%d", port), Handler: handler,
		Connections: admissionConnections, ConnectionsEach: admissionConnectionsEach,
		ReadTimeout: admissionTimeout, WriteTimeout: admissionTimeout,
		TLS: &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, GetCertificate: a.serving.GetCertificate},
	})
}

// certified is a check that fails while there is no certificate to serve.
func (a admission) certified(*http.Request) error {
	_, err := a.serving.GetCertificate(nil)
	return err
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
	if err := mgr.AddReadyzCheck("webhook", a.certified); err != nil {
		return fmt.Errorf("failed to add readiness check of webhook server: %w", err)
	}
	read, err := certs.NewCallReader(mgr, o.WebhookConfiguration)
	if err != nil {
		return err
	}
	paths := webhook.NewPaths(read)
	handler, err := webhook.NewHandler(webhook.Options{
		Namespace: o.Namespace, Tuning: tuning, Paths: paths, Preparer: known, Services: known, Registerer: telemetry.Registerer,
		Tracer: telemetry.Tracer,
	})
	if err != nil {
		return err
	}
	server, err := a.newServer(o.WebhookPort, handler)
	if err != nil {
		return err
	}
	if err := mgr.Add(server); err != nil {
		return fmt.Errorf("failed to add webhook server: %w", err)
	}
	return certs.Setup(ctx, mgr, certs.Options{
		Namespace: o.Namespace, WebhookConfiguration: o.WebhookConfiguration, Serving: a.serving, Calls: paths.Set, Registerer: telemetry.Registerer,
		Recorder: known.Events,
	})
}
