package certs

import (
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// distrust returns why the API server does not trust a chain (DER, the leaf first), and what would be right. The API server trusts the
// bundle (PEM) and calls the host; it makes the same check before each call. The result is empty if it trusts the chain.
func distrust(bundle []byte, chain [][]byte, host string, now time.Time) string {
	if len(chain) == 0 {
		return "no certificate is served"
	}
	leaf, intermediates, err := parse(chain)
	if err != nil {
		return fmt.Sprintf("the certificate served cannot be read: %v", err)
	}
	if len(bundle) == 0 {
		return "no caBundle is injected; cert-manager's CA injector must fill it from the Certificate named by the annotation cert-manager.io/inject-ca-from, or Tanist itself with self-managed certificates"
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(bundle) {
		return "the caBundle holds no certificate; it must be PEM, with the CA that issued the certificate served"
	}
	_, err = leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: intermediates, CurrentTime: now})
	if err == nil {
		return ""
	}
	return explain(err, leaf, host, now)
}

// explain describes an error of a verification, and what would be right.
func explain(err error, leaf *x509.Certificate, host string, now time.Time) string {
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		what := "the certificate served"
		if !invalid.Cert.Equal(leaf) {
			what = fmt.Sprintf("the CA %q", invalid.Cert.Subject)
		}
		if now.Before(invalid.Cert.NotBefore) {
			return fmt.Sprintf("%s is not valid before %s; is the clock right?", what, formatTime(invalid.Cert.NotBefore))
		}
		return fmt.Sprintf("%s expired at %s; it must be renewed", what, formatTime(invalid.Cert.NotAfter))
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return fmt.Sprintf("the certificate served is for %s; it must be for %s", names(leaf), host)
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return fmt.Sprintf("the caBundle does not hold the CA that issued the certificate served, %q with the key %s; it must",
			leaf.Issuer, hex.EncodeToString(leaf.AuthorityKeyId))
	}
	return fmt.Sprintf("the certificate served is refused: %v", err)
}

func parse(chain [][]byte) (leaf *x509.Certificate, intermediates *x509.CertPool, err error) {
	intermediates = x509.NewCertPool()
	for i, der := range chain {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, nil, err
		}
		if i == 0 {
			leaf = certificate
		} else {
			intermediates.AddCert(certificate)
		}
	}
	return leaf, intermediates, nil
}

// names returns the hosts that a certificate is valid for. Go and Kubernetes ignore its common name.
func names(leaf *x509.Certificate) string {
	all := leaf.DNSNames
	for _, ip := range leaf.IPAddresses {
		all = append(all, ip.String())
	}
	if len(all) == 0 {
		return "no name at all"
	}
	return strings.Join(all, ", ")
}

func formatTime(t time.Time) string {
	return t.UTC().Format(time.RFC3339)
}
