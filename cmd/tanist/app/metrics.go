package app

import (
	"cmp"
	"crypto/tls"
	"net/http"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// metricsOptions returns how metrics are served. With admission, they are served with the same certificate, which a client can verify.
// Without, the certificate is made at the start, and nobody can.
//
// The API server decides who may read them, as for its own components. That is why the program depends on k8s.io/apiserver.
func metricsOptions(o Options, admission admission) metricsserver.Options {
	options := metricsserver.Options{BindAddress: cmp.Or(o.MetricsAddress, "0")} // empty would be the default, :8080
	if !o.MetricsSecure {
		return options
	}
	options.SecureServing = true
	options.FilterProvider = func(config *rest.Config, client *http.Client) (metricsserver.Filter, error) {
		return limited(func() (metricsserver.Filter, error) {
			return filters.WithAuthenticationAndAuthorization(config, client)
		})
	}
	options.TLSOpts = []func(*tls.Config){func(c *tls.Config) {
		c.MinVersion = tls.VersionTLS12
		if admission.serving != nil {
			c.GetCertificate = admission.serving.GetCertificate
		}
	}}
	return options
}
