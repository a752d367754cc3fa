package certs

import (
	"crypto/x509"
	"testing"
	"time"
)

func TestDistrust(t *testing.T) {
	first, second := newAuthority(t, 1, unchanged), newAuthority(t, 2, unchanged)
	between := first.authority(3, unchanged)
	aged := newAuthority(t, 4, until(today.Add(-24*time.Hour)))
	chain := func(a *authority, change func(*x509.Certificate)) [][]byte { return a.leaf(change).Certificate }

	cases := map[string]struct {
		bundle []byte
		chain  [][]byte
		host   string // served when empty
		want   string
	}{
		"the CA in the bundle issued the leaf":           {bundle: bundle(first), chain: chain(first, unchanged)},
		"a new CA is in the bundle before its leaf":      {bundle: bundle(first, second), chain: chain(first, unchanged)},
		"the new CA's leaf, the old CA still in it":      {bundle: bundle(first, second), chain: chain(second, unchanged)},
		"the chain leads to the CA":                      {bundle: bundle(first), chain: chain(between, unchanged)},
		"one of several names":                           {bundle: bundle(first), chain: chain(first, forNames("localhost", served))},
		"an address":                                     {bundle: bundle(first), chain: chain(first, forNames("127.0.0.1")), host: "127.0.0.1"},
		"an old CA that has expired in the bundle, too":  {bundle: bundle(aged, first), chain: chain(first, unchanged)},
		"nothing is served":                              {bundle: bundle(first), want: "no certificate is served"},
		"a certificate served that is none":              {bundle: bundle(first), chain: [][]byte{{1}}, want: "the certificate served cannot be read: x509: malformed certificate"},
		"no bundle":                                      {chain: chain(first, unchanged), want: "no caBundle is injected; cert-manager's CA injector must fill it from the Certificate named by the annotation cert-manager.io/inject-ca-from, or Tanist itself with self-managed certificates"},
		"a bundle that is none":                          {bundle: []byte("x"), chain: chain(first, unchanged), want: "the caBundle holds no certificate; it must be PEM, with the CA that issued the certificate served"},
		"another CA of the same name":                    {bundle: bundle(first), chain: chain(second, unchanged), want: `the caBundle does not hold the CA that issued the certificate served, "CN=tanist-ca" with the key 02; it must`},
		"the chain to the CA is not served":              {bundle: bundle(first), chain: chain(between, unchanged)[:1], want: `the caBundle does not hold the CA that issued the certificate served, "CN=tanist-ca" with the key 03; it must`},
		"the leaf has expired":                           {bundle: bundle(first), chain: chain(first, until(today.Add(-time.Minute))), want: "the certificate served expired at 2026-03-01T11:59:00Z; it must be renewed"},
		"the leaf is not valid yet":                      {bundle: bundle(first), chain: chain(first, from(today.Add(time.Minute))), want: "the certificate served is not valid before 2026-03-01T12:01:00Z; is the clock right?"},
		"the CA has expired":                             {bundle: bundle(aged), chain: chain(aged, unchanged), want: `the CA "CN=tanist-ca" expired at 2026-02-28T12:00:00Z; it must be renewed`},
		"the leaf is for other names":                    {bundle: bundle(first), chain: chain(first, forNames("tanist", "10.0.0.1")), want: "the certificate served is for tanist, 10.0.0.1; it must be for tanist.tanist-system.svc"},
		"the leaf is for no name":                        {bundle: bundle(first), chain: chain(first, forNames()), want: "the certificate served is for no name at all; it must be for tanist.tanist-system.svc"},
		"the leaf is not a server's":                     {bundle: bundle(first), chain: chain(first, clientOnly), want: "the certificate served is refused: x509: certificate specifies an incompatible key usage"},
		"everything is wrong: the leaf's dates are said": {bundle: bundle(second), chain: chain(first, until(today.Add(-time.Minute))), want: "the certificate served expired at 2026-03-01T11:59:00Z; it must be renewed"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			host := test.host
			if host == "" {
				host = served
			}
			if got := distrust(test.bundle, test.chain, host, today); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func clientOnly(c *x509.Certificate) {
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
}
