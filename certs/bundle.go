package certs

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"slices"
	"time"

	"github.com/open-policy-agent/cert-controller/pkg/rotator"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	certutil "k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// parseCA reads a CA in PEM.
func parseCA(crt, key []byte) (*rotator.KeyPairArtifacts, error) {
	all, err := certutil.ParseCertsPEM(crt)
	if err != nil {
		return nil, err
	}
	private, err := keyutil.ParsePrivateKeyPEM(key)
	if err != nil {
		return nil, err
	}
	typed, ok := private.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("its key is not an RSA key")
	}
	return &rotator.KeyPairArtifacts{Cert: all[0], Key: typed, CertPEM: crt, KeyPEM: key}, nil
}

// withCA returns a bundle with the CA (both PEM). Other CAs stay until they expire, because a replica may still serve a certificate of one of
// them, or may be about to: cert-manager's CA injector merges in the same way. A bundle that needs no change is returned as it is.
func withCA(bundle, ca []byte, now time.Time) []byte {
	wanted := certificatesIn(ca)
	kept := slices.Clone(wanted)
	trusted, expired := 0, false
	for _, c := range certificatesIn(bundle) {
		switch {
		case slices.ContainsFunc(wanted, c.Equal):
			trusted++
		case now.After(c.NotAfter):
			expired = true
		default:
			kept = append(kept, c)
		}
	}
	if trusted == len(wanted) && !expired {
		return bundle
	}
	var out bytes.Buffer
	for _, c := range kept {
		out.Write(pem.EncodeToMemory(&pem.Block{Type: certutil.CertificateBlockType, Bytes: c.Raw}))
	}
	return out.Bytes()
}

// certificatesIn returns the certificates in PEM, and leaves out what is none.
func certificatesIn(text []byte) (all []*x509.Certificate) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return all
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == certutil.CertificateBlockType {
			all = append(all, c)
		}
	}
}

// hostsOf returns the names that a serving certificate must be for: those of the Service, more, and those that webhooks call instead. Others
// than DNS names are left out, because the library makes no certificate for them.
func hostsOf(namespace string, more []string, calls []admissionregistrationv1.WebhookClientConfig) []string {
	service := "tanist." + namespace + ".svc"
	hosts := append([]string{service, service + ".cluster.local"}, more...)
	var others []string
	for _, call := range calls {
		name := host(call)
		if net.ParseIP(name) == nil && len(validation.IsDNS1123Subdomain(name)) == 0 && !slices.Contains(hosts, name) {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	return append(hosts, slices.Compact(others)...)
}
