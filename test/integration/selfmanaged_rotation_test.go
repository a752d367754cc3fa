//go:build integration

package integration_test

import (
	"bytes"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// rotating has pods deleted all the time while a test changes the certificates. ended says how many calls failed.
func (s *selfManaged) rotating() (steady *steadyDeletions, ended func()) {
	s.t.Helper()
	namespace := newNamespace(s.t)
	namespace.withService("web")
	namespace.withReadyPod("web", "leader")
	namespace.leads("web", "leader")
	before := failedOpen(s.t)
	steady = namespace.deleteSteadily()
	return steady, func() {
		s.t.Helper()
		newNamespace(s.t).awaitPodEvents()
		n := steady.stop()
		if got := failedOpen(s.t) - before; got != 0 {
			s.t.Errorf("%v of the calls failed during %d deletions", got, n)
		}
		if n == 0 {
			s.t.Error("nothing was deleted meanwhile")
		}
	}
}

// serves waits until a replica serves another certificate than before, which the CA in the Secret has issued.
func (s *selfManaged) serves(before []byte, all ...*replica) {
	s.t.Helper()
	history.eventually(s.t, func() string {
		data := s.data()
		for _, r := range all {
			if served := r.served(); bytes.Equal(data[corev1.TLSCertKey], before) || !served.Equal(parsed(s.t, data[corev1.TLSCertKey])[0]) ||
				served.CheckSignatureFrom(parsed(s.t, data["ca.crt"])[0]) != nil {
				return "that a new certificate is served"
			}
		}
		return ""
	})
}

// TestSelfManagedCertificatesRotateUnderDeletions renews the serving certificate and then the CA.
func TestSelfManagedCertificatesRotateUnderDeletions(t *testing.T) {
	s, r := admittingSelfManaged(t)
	other, _ := s.serve()
	steady, ended := s.rotating()
	first := s.data()
	for _, key := range []string{corev1.TLSPrivateKeyKey, "ca.key"} {
		before, deleted := s.data(), steady.deleted()
		if key == "ca.key" {
			documented(t, "Renewing the CA", 1, 1)
		} else {
			s.remove(key)
		}
		s.serves(before[corev1.TLSCertKey], r, other)
		history.eventually(t, func() string {
			if steady.deleted() < deleted+10 {
				return "more deletions"
			}
			return ""
		})
	}
	ended()
	if last := s.data(); bytes.Equal(last["ca.crt"], first["ca.crt"]) {
		t.Error("the CA is the one of the beginning")
	}
	trusts(t, first["ca.crt"], false) // until it expires
	trusts(t, s.data()["ca.crt"], false)
}

const stolenSelfManaged = "When the key of a self-managed CA is stolen"

// TestAStolenSelfManagedCAIsReplacedUnderDeletions follows docs/certificates.md.
func TestAStolenSelfManagedCAIsReplacedUnderDeletions(t *testing.T) {
	s, r := admittingSelfManaged(t)
	before := s.data()
	_, ended := s.rotating()
	documented(t, stolenSelfManaged, 0, 0)
	s.serves(before[corev1.TLSCertKey], r)
	documented(t, stolenSelfManaged, 1, 1)
	trusts(t, s.data()["ca.crt"], true)
	if got := strings.Fields(documented(t, stolenSelfManaged, 2, 2)); len(got) != len(validatingWebhooks)+len(mutatingWebhooks) || strings.Join(got, "") != strings.Repeat("1", len(got)) {
		t.Errorf("the webhooks trust %v CAs", got)
	}
	s.awaitCalls(r)
	ended()
	trusts(t, s.data()["ca.crt"], true)
}
