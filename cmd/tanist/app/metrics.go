package app

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	certutil "k8s.io/client-go/util/cert"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"

	"github.com/tanist-dev/tanist/httpserver"
)

const (
	metricsConnections     = 64
	metricsConnectionsEach = 16
	// metricsTimeout is as long as Prometheus waits for the answer by default.
	metricsTimeout = 10 * time.Second
)

// addMetrics makes the manager serve the metrics.
//
// The API server decides who may read them, as for its own components. That is why the program depends on k8s.io/apiserver. The manager's
// own server of metrics limits no connections.
func addMetrics(mgr manager.Manager, o Options, admission admission) error {
	if cmp.Or(o.MetricsAddress, "0") == "0" {
		return nil
	}
	handler := promhttp.HandlerFor(metrics.Registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError})
	options := httpserver.Options{
		Name: "metrics", Address: o.MetricsAddress, Connections: metricsConnections, ConnectionsEach: metricsConnectionsEach,
		ReadTimeout: metricsTimeout, WriteTimeout: metricsTimeout,
	}
	if o.MetricsSecure {
		filter, err := filters.WithAuthenticationAndAuthorization(mgr.GetConfig(), mgr.GetHTTPClient())
		if err != nil {
			return fmt.Errorf("failed to protect metrics: %w", err)
		}
		if handler, err = filter(logf.Log.WithName("metrics"), handler); err != nil {
			return fmt.Errorf("failed to protect metrics: %w", err)
		}
		handler = limitReaders(handler)
		if options.TLS, err = metricsTLS(admission); err != nil {
			return err
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", handler)
	options.Handler = mux
	server, err := httpserver.New(options)
	if err != nil {
		return err
	}
	return mgr.Add(server)
}

// metricsTLS has the certificate of admission, which a client can verify. Without admission it is made here, and nobody can.
func metricsTLS(admission admission) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if admission.serving != nil {
		config.GetCertificate = admission.serving.GetCertificate
		return config, nil
	}
	certificate, key, err := certutil.GenerateSelfSignedCertKey("localhost", []net.IP{net.IPv4(127, 0, 0, 1)}, nil)
	if err != nil {
		return nil, fmt.Errorf("failed to make a certificate for metrics: %w", err)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("failed to make a certificate for metrics: %w", err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}
