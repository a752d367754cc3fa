package certs

import (
	"crypto/x509"
	"fmt"
	"maps"
	"time"

	"github.com/open-policy-agent/cert-controller/pkg/rotator"
	corev1 "k8s.io/api/core/v1"
)

// The keys of the Secret that are not those of a Secret of type kubernetes.io/tls.
const (
	caCertKey = "ca.crt"
	caKeyKey  = "ca.key"
)

// caName is the subject of every CA that Tanist makes. Successive CAs differ in their keys.
const caName = "tanist-ca"

// The lifetimes are those that the chart asks cert-manager for. A CA is renewed longer before its end than what it signs lives.
const (
	caLifetime         = 10 * 365 * 24 * time.Hour
	caRenewBefore      = 180 * 24 * time.Hour
	servingLifetime    = 90 * 24 * time.Hour
	servingRenewBefore = 30 * 24 * time.Hour
)

// backdate is how long before it is made a certificate is valid, because clocks differ.
const backdate = time.Hour

// publishTime is how long all webhooks trust a new CA before it signs what is served. API servers watch the webhook configurations, and may
// be behind this replica.
const publishTime = 30 * time.Second

// publication is what the API server trusts.
type publication struct {
	// serving is whether every webhook trusts the certificate in the Secret or, if it has none, the one that this replica serves.
	serving bool
	// ca is for how long every webhook has trusted the CA in the Secret; 0 if one does not.
	ca time.Duration
}

// issue is what must be made next.
type issue int

const (
	issueNothing issue = iota
	issueCA
	issueServing
)

// nextIssue returns what to make next, from the Secret's data. A new CA signs nothing while the API server trusts the serving certificate of
// the CA before, until the new one is published. wait is how long that takes at least; otherwise it is 0.
func nextIssue(data map[string][]byte, hosts []string, p publication, now time.Time) (next issue, wait time.Duration) {
	ca := data[caCertKey]
	if _, err := parseCA(ca, data[caKeyKey]); err != nil || !valid(ca, ca, data[caKeyKey], caName, now.Add(caRenewBefore)) {
		return issueCA, 0
	}
	crt, key := data[corev1.TLSCertKey], data[corev1.TLSPrivateKeyKey]
	due := false
	for _, host := range hosts {
		due = due || !valid(ca, crt, key, host, now.Add(servingRenewBefore))
	}
	switch {
	case !due:
		return issueNothing, 0
	case p.serving && p.ca < publishTime && !valid(ca, crt, key, "", now):
		return issueNothing, publishTime - p.ca
	}
	return issueServing, 0
}

// valid reports whether a key pair, in PEM, is one that the CA has issued, for a host (empty: any) and a time.
func valid(ca, crt, key []byte, host string, at time.Time) bool {
	ok, err := rotator.ValidCert(ca, crt, key, host, &[]x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, at)
	return ok && err == nil
}

// withIssued returns the Secret's data with what was to be made. The serving certificate stays when its CA is replaced: it is served until
// the new CA is trusted.
func withIssued(data map[string][]byte, what issue, hosts []string, now time.Time) (map[string][]byte, error) {
	data = maps.Clone(data)
	if data == nil {
		data = map[string][]byte{}
	}
	maker := &rotator.CertRotator{
		CAName: caName, CAOrganization: "tanist.dev", DNSName: hosts[0], ExtraDNSNames: hosts[1:],
		ExtKeyUsages: &[]x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	begin := now.Add(-backdate)
	if what == issueCA {
		ca, err := maker.CreateCACert(begin, now.Add(caLifetime))
		if err != nil {
			return nil, fmt.Errorf("failed to make a CA: %w", err)
		}
		data[caCertKey], data[caKeyKey] = ca.CertPEM, ca.KeyPEM
		return data, nil
	}
	ca, err := parseCA(data[caCertKey], data[caKeyKey])
	if err != nil {
		return nil, fmt.Errorf("failed to read the CA: %w", err)
	}
	crt, key, err := maker.CreateCertPEM(ca, begin, now.Add(servingLifetime))
	if err != nil {
		return nil, fmt.Errorf("failed to make a serving certificate: %w", err)
	}
	data[corev1.TLSCertKey], data[corev1.TLSPrivateKeyKey] = crt, key
	return data, nil
}
