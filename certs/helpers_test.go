package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"slices"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// today is the time of the tests. Certificates are valid from an hour before.
var today = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

const served = "tanist.tanist-system.svc"

// authority is a CA. All have the same name, as successive CAs of cert-manager have. The IDs of their keys differ.
type authority struct {
	t           *testing.T
	certificate *x509.Certificate
	key         crypto.Signer
	// chain leads from this CA to the root, which is not in it.
	chain [][]byte
}

// unchanged leaves a certificate as it is.
func unchanged(*x509.Certificate) {}

// newAuthority returns a root CA whose key has an ID.
func newAuthority(t *testing.T, id byte, change func(*x509.Certificate)) *authority {
	t.Helper()
	return (&authority{t: t}).authority(id, change)
}

// authority returns a CA that this one has issued.
func (a *authority) authority(id byte, change func(*x509.Certificate)) *authority {
	a.t.Helper()
	certificate, key := a.sign(func(c *x509.Certificate) {
		c.Subject, c.SubjectKeyId = pkix.Name{CommonName: "tanist-ca"}, []byte{id}
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
		change(c)
	})
	below := &authority{t: a.t, certificate: certificate, key: key}
	if a.certificate != nil {
		below.chain = append([][]byte{certificate.Raw}, a.chain...)
	}
	return below
}

// leaf issues a certificate for what is served, with its chain.
func (a *authority) leaf(change func(*x509.Certificate)) tls.Certificate {
	a.t.Helper()
	certificate, key := a.sign(func(c *x509.Certificate) {
		c.DNSNames, c.ExtKeyUsage = []string{served}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		c.KeyUsage = x509.KeyUsageDigitalSignature
		change(c)
	})
	return tls.Certificate{Certificate: append([][]byte{certificate.Raw}, a.chain...), PrivateKey: key}
}

func (a *authority) sign(change func(*x509.Certificate)) (*x509.Certificate, crypto.Signer) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: today.Add(-time.Hour), NotAfter: today.Add(90 * 24 * time.Hour),
	}
	change(template)
	parent, signer := template, crypto.Signer(key)
	if a.certificate != nil {
		parent, signer = a.certificate, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		a.t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return certificate, key
}

// bundle is the PEM of several roots.
func bundle(all ...*authority) []byte {
	var out []byte
	for _, a := range all {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})...)
	}
	return out
}

// until makes a certificate expire at a time. If necessary, it is valid from an hour before.
func until(end time.Time) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.NotAfter = end
		if !c.NotBefore.Before(end) {
			c.NotBefore = end.Add(-time.Hour)
		}
	}
}

func from(begin time.Time) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.NotBefore = begin }
}

func forNames(names ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.DNSNames = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return net.ParseIP(name) != nil })
		for _, name := range names {
			if ip := net.ParseIP(name); ip != nil {
				c.IPAddresses = append(c.IPAddresses, ip)
			}
		}
	}
}

// call is how the API server calls Tanist, with a bundle.
func call(bundle []byte) admissionregistrationv1.WebhookClientConfig {
	return admissionregistrationv1.WebhookClientConfig{
		CABundle: bundle, Service: &admissionregistrationv1.ServiceReference{Namespace: "tanist-system", Name: "tanist"},
	}
}

// validatingWith is the validating configuration, with one bundle for all webhooks.
func validatingWith(bundle []byte) *admissionregistrationv1.ValidatingWebhookConfiguration {
	c := &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "x", UID: "validating"}}
	for _, name := range []string{"departures.tanist.dev", "services.tanist.dev", "tuning.tanist.dev", "namespaces.tanist.dev"} {
		c.Webhooks = append(c.Webhooks, admissionregistrationv1.ValidatingWebhook{Name: name, ClientConfig: call(bundle)})
	}
	return c
}

func mutatingWith(bundle []byte) *admissionregistrationv1.MutatingWebhookConfiguration {
	return &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "x", UID: "mutating"},
		Webhooks: []admissionregistrationv1.MutatingWebhook{
			{Name: "drainwindow.tanist.dev", ClientConfig: call(bundle)},
		},
	}
}
