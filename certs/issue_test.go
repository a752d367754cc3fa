package certs

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
)

// twoHosts are the names that the tests' certificates are for.
var twoHosts = []string{served, served + ".cluster.local"}

// made returns the Secret's data with a CA and a serving certificate, made at a time.
func made(t *testing.T, at time.Time) map[string][]byte {
	t.Helper()
	return makes(t, makes(t, nil, issueCA, at), issueServing, at)
}

func makes(t *testing.T, data map[string][]byte, what issue, at time.Time) map[string][]byte {
	t.Helper()
	data, err := withIssued(data, what, twoHosts, at)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestNextIssue(t *testing.T) {
	const day = 24 * time.Hour
	data := made(t, today)
	without := func(keys ...string) map[string][]byte {
		rest := maps.Clone(data)
		for _, key := range keys {
			delete(rest, key)
		}
		return rest
	}
	damagedCA := maps.Clone(data)
	damagedCA[caCertKey] = append(slices.Clone(data[caCertKey]), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"...)
	newCA := makes(t, data, issueCA, today)
	trusted := publication{serving: true, ca: time.Hour}
	cases := map[string]struct {
		data        map[string][]byte
		publication publication
		hosts       []string
		after       time.Duration
		want        issue
		wantWait    time.Duration
	}{
		"an empty Secret needs a CA":                               {want: issueCA},
		"a CA alone needs a serving certificate, published or not": {data: without(corev1.TLSCertKey, corev1.TLSPrivateKeyKey), want: issueServing},
		"both are there":                            {data: data, publication: trusted},
		"both are there, and not published yet":     {data: data},
		"somebody took out the key of the CA":       {data: without(caKeyKey), publication: trusted, want: issueCA},
		"a CA that cannot sign is replaced":         {data: damagedCA, publication: trusted, want: issueCA},
		"somebody took out what is served":          {data: without(corev1.TLSCertKey), publication: publication{serving: true}, wantWait: publishTime},
		"somebody took out the serving key":         {data: without(corev1.TLSPrivateKeyKey), publication: trusted, want: issueServing},
		"the last day before the renewal":           {data: data, publication: trusted, after: 59 * day},
		"two thirds of the lifetime have passed":    {data: data, publication: trusted, after: 60*day + time.Minute, want: issueServing},
		"a webhook calls another name":              {data: data, publication: trusted, hosts: append(slices.Clone(twoHosts), "localhost"), want: issueServing},
		"the CA is due":                             {data: data, publication: trusted, after: 3650*day - 179*day, want: issueCA},
		"a new CA is not trusted yet":               {data: newCA, publication: publication{serving: true}, wantWait: publishTime},
		"a new CA has been trusted for a moment":    {data: newCA, publication: publication{serving: true, ca: publishTime - time.Second}, wantWait: time.Second},
		"a new CA has been trusted for long enough": {data: newCA, publication: publication{serving: true, ca: publishTime}, want: issueServing},
		"the CA before is trusted no more, so there is nothing to wait for": {
			data: newCA, publication: publication{}, want: issueServing,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if test.hosts == nil {
				test.hosts = twoHosts
			}
			got, wait := nextIssue(test.data, test.hosts, test.publication, today.Add(test.after))
			if got != test.want || wait != test.wantWait {
				t.Errorf("got %v and %v, want %v and %v", got, wait, test.want, test.wantWait)
			}
		})
	}
}

// TestIssued checks what is made as the API server does.
func TestIssued(t *testing.T) {
	data := made(t, today)
	leaf := certificatesIn(data[corev1.TLSCertKey])
	if len(leaf) != 1 {
		t.Fatalf("%d certificates, want 1", len(leaf))
	}
	for _, host := range twoHosts {
		if problem := distrust(data[caCertKey], [][]byte{leaf[0].Raw}, host, today); problem != "" {
			t.Errorf("%s: %s", host, problem)
		}
	}
	if got := leaf[0].NotAfter.Sub(today); got != servingLifetime {
		t.Errorf("the serving certificate lives %v", got)
	}
	next := makes(t, data, issueCA, today)
	if diff := cmp.Diff(data[corev1.TLSCertKey], next[corev1.TLSCertKey]); diff != "" {
		t.Errorf("a new CA replaces what is served:\n%s", diff)
	}
	// Both CAs have the same subject and serial number.
	for _, both := range [][]byte{withCA(data[caCertKey], next[caCertKey], today), withCA(next[caCertKey], data[caCertKey], today)} {
		for _, d := range []map[string][]byte{data, makes(t, next, issueServing, today)} {
			if problem := distrust(both, [][]byte{certificatesIn(d[corev1.TLSCertKey])[0].Raw}, served, today); problem != "" {
				t.Error(problem)
			}
		}
	}
}

func TestIssuingByACAThatCannotBeRead(t *testing.T) {
	data := made(t, today)
	data[caKeyKey] = []byte("x")
	if _, err := withIssued(data, issueServing, twoHosts, today); err == nil || err.Error() !=
		"failed to read the CA: data does not contain a valid RSA or ECDSA private key" {
		t.Errorf("got %v", err)
	}
}

func TestHostsOf(t *testing.T) {
	url := func(text string) admissionregistrationv1.WebhookClientConfig {
		return admissionregistrationv1.WebhookClientConfig{URL: &text}
	}
	got := hostsOf("tanist-system", []string{"more.example.com"}, []admissionregistrationv1.WebhookClientConfig{
		call(nil), url("https://b.example.com:1/x"), url("https://more.example.com/x"), url("https://a.example.com/y"), url("https://a.example.com/x"),
		url("https://127.0.0.1:1/x"), url("https://[::1]/x"), url("https://not_a_name/x"), {},
	})
	if diff := cmp.Diff(append(slices.Clone(twoHosts), "more.example.com", "a.example.com", "b.example.com"), got); diff != "" {
		t.Errorf("unexpected hosts (-want +got):\n%s", diff)
	}
}
