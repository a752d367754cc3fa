package certs

import (
	"testing"
	"time"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	cmmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// issued is a Certificate as cert-manager leaves it when all is well.
func issued(changes ...func(*certmanagerv1.CertificateStatus)) *certmanagerv1.Certificate {
	c := &certmanagerv1.Certificate{
		ObjectMeta: metav1.ObjectMeta{Namespace: "tanist-system", Name: CertificateName, UID: "certificate"},
		Status: certmanagerv1.CertificateStatus{
			NotAfter:    &metav1.Time{Time: today.Add(30 * 24 * time.Hour)},
			RenewalTime: &metav1.Time{Time: today.Add(24 * time.Hour)},
		},
	}
	conditions(&c.Status, certmanagerv1.CertificateCondition{Type: certmanagerv1.CertificateConditionReady, Status: cmmeta.ConditionTrue})
	for _, change := range changes {
		change(&c.Status)
	}
	return c
}

func conditions(s *certmanagerv1.CertificateStatus, all ...certmanagerv1.CertificateCondition) {
	s.Conditions = all
}

func failed(at time.Time, attempts int, message string) func(*certmanagerv1.CertificateStatus) {
	return func(s *certmanagerv1.CertificateStatus) {
		s.LastFailureTime, s.FailedIssuanceAttempts = &metav1.Time{Time: at}, &attempts
		s.Conditions = append(s.Conditions, certmanagerv1.CertificateCondition{
			Type: certmanagerv1.CertificateConditionIssuing, Status: cmmeta.ConditionFalse, Reason: "Failed", Message: message,
		})
	}
}

func notReady(reason, message string) certmanagerv1.CertificateCondition {
	return certmanagerv1.CertificateCondition{
		Type: certmanagerv1.CertificateConditionReady, Status: cmmeta.ConditionFalse, Reason: reason, Message: message,
	}
}

func TestTrouble(t *testing.T) {
	type status = certmanagerv1.CertificateStatus
	issuing := certmanagerv1.CertificateCondition{Type: certmanagerv1.CertificateConditionIssuing, Status: cmmeta.ConditionTrue}
	cases := map[string]struct {
		certificate *certmanagerv1.Certificate
		want        string
	}{
		"all is well":                 {certificate: issued()},
		"there is none":               {certificate: &certmanagerv1.Certificate{}},
		"nobody has looked at it yet": {certificate: issued(func(s *status) { *s = status{} })},
		"it is issued for the first time": {certificate: issued(func(s *status) {
			*s = status{}
			conditions(s, notReady("DoesNotExist", "no Secret"), issuing)
		})},
		"it is being renewed": {certificate: issued(func(s *status) {
			s.RenewalTime = &metav1.Time{Time: today.Add(-time.Minute)}
			s.Conditions = append(s.Conditions, issuing)
		})},
		"the first issuance failed": {
			certificate: issued(func(s *status) { *s = status{} }, failed(today, 1, "no such issuer")),
			want:        "issuing failed, the last time at 2026-03-01T12:00:00Z (failures: 1): no such issuer; nothing has been issued yet",
		},
		"renewals fail": {
			certificate: issued(failed(today, 3, "denied")),
			want:        "issuing failed, the last time at 2026-03-01T12:00:00Z (failures: 3): denied; the current certificate expires at 2026-03-31T12:00:00Z",
		},
		"renewals fail, and it has expired": {
			certificate: issued(failed(today, 3, "denied"), func(s *status) { s.NotAfter = &metav1.Time{Time: today.Add(-time.Minute)} }),
			want:        "issuing failed, the last time at 2026-03-01T12:00:00Z (failures: 3): denied; the current certificate expired at 2026-03-01T11:59:00Z",
		},
		"a failure whose attempts nobody counts": {
			certificate: issued(failed(today, 3, "denied"), func(s *status) { s.FailedIssuanceAttempts = nil }),
			want:        "issuing failed, the last time at 2026-03-01T12:00:00Z (failures: 1): denied; the current certificate expires at 2026-03-31T12:00:00Z",
		},
		"not ready, and nothing is done about it": {
			certificate: issued(func(s *status) { conditions(s, notReady("IncorrectIssuer", "issued by another")) }),
			want:        "it is not ready (IncorrectIssuer): issued by another",
		},
		"the renewal is late": {
			certificate: issued(func(s *status) { s.RenewalTime = &metav1.Time{Time: today.Add(-61 * time.Minute)} }),
			want:        "its renewal was due at 2026-03-01T10:59:00Z and has not happened; the current certificate expires at 2026-03-31T12:00:00Z. Is cert-manager running?",
		},
		"it has expired, and nobody has noticed": {
			certificate: issued(func(s *status) { s.NotAfter = &metav1.Time{Time: today.Add(-time.Minute)} }),
			want:        "it expired at 2026-03-01T11:59:00Z; is cert-manager running?",
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if got := CertificateProblem(test.certificate, today); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}
