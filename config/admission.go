package config

import (
	"net/url"
	"regexp"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// WebhookConfiguration returns the name that the chart gives to both webhook configurations of the Tanist in a namespace.
func WebhookConfiguration(namespace string) string {
	return namespace + "-tanist"
}

// Paths at which admission is served. A webhook configuration has a secret in front of them, as in /<secret>/validate-departures, or has no
// path at all, or has these alone, as in former versions.
const (
	PathDepartures = "/validate-departures"
	PathServices   = "/validate-services"
	PathTuning     = "/validate-tuning"
	PathNamespaces = "/validate-namespaces"
	PathPods       = "/mutate-pods"
)

// WebhookPaths are the paths of the webhooks in the configurations, by name.
var WebhookPaths = map[string]string{
	"departures." + Domain:  PathDepartures,
	"services." + Domain:    PathServices,
	"tuning." + Domain:      PathTuning,
	"namespaces." + Domain:  PathNamespaces,
	"drainwindow." + Domain: PathPods,
}

// secretPath matches a path whose first segment is a secret. The API server accepts only DNS labels there, or several with dots.
var secretPath = regexp.MustCompile(`^/([a-z0-9]{32,63})(/[a-z-]+)$`)

// SplitAdmissionPath splits the path of a webhook in a configuration. The secret is empty if the path has none.
func SplitAdmissionPath(path string) (secret, rest string) {
	if match := secretPath.FindStringSubmatch(path); match != nil {
		return match[1], match[2]
	}
	return "", path
}

// AdmissionPath returns the path at which a webhook is called.
func AdmissionPath(call admissionregistrationv1.WebhookClientConfig) string {
	path := ""
	switch {
	case call.Service != nil && call.Service.Path != nil:
		path = *call.Service.Path
	case call.URL != nil:
		if u, err := url.Parse(*call.URL); err == nil { // the API server refuses other URLs
			path = u.Path
		}
	}
	if path == "" {
		return "/"
	}
	return path
}

// Unauthenticated reports whether a webhook is called without a secret, so that Tanist trusts none of its calls.
func Unauthenticated(call admissionregistrationv1.WebhookClientConfig) bool {
	secret, _ := SplitAdmissionPath(AdmissionPath(call))
	return secret == ""
}
