package certs

import (
	"fmt"
	"time"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	cmmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// CertificateName is the name of the serving Certificate, in Tanist's own namespace.
const CertificateName = "tanist-serving"

// lateAfter is how long after its due time a renewal counts as late. At that time a third of the lifetime is left (see the chart), so an
// hour's delay does no harm.
const lateAfter = time.Hour

// issuance reports the state of the serving Certificate.
type issuance struct {
	certificate *latest[certmanagerv1.Certificate]
	metrics     *metrics
}

// check sets the gauges, and returns what a user must correct. A missing Certificate is not a problem: something other than cert-manager
// may provide the files.
func (i *issuance) check(now time.Time) []finding {
	c := i.certificate.load()
	if c == nil {
		c = &certmanagerv1.Certificate{}
	}
	setBool(i.metrics.ready, isReady(c))
	setTime(i.metrics.expiry, timeOf(c.Status.NotAfter))
	setTime(i.metrics.renewal, timeOf(c.Status.RenewalTime))
	problem := CertificateProblem(c, now)
	if problem == "" {
		return nil
	}
	return []finding{{
		about: corev1.ObjectReference{
			APIVersion: certmanagerv1.SchemeGroupVersion.String(), Kind: certmanagerv1.CertificateKind,
			Namespace: c.Namespace, Name: c.Name, UID: c.UID,
		},
		reason: reasonCertificateNotIssued, action: actionCheckCertificate, problem: problem,
	}}
}

// CertificateProblem returns what is wrong with the serving Certificate; empty if nothing is. The text of a failed issuance has the time and number
// of the failure. So a new failure is a new finding, and the deduplicator reports it again.
func CertificateProblem(c *certmanagerv1.Certificate, now time.Time) string {
	ready := condition(c, certmanagerv1.CertificateConditionReady)
	issuing := condition(c, certmanagerv1.CertificateConditionIssuing)
	expiry, renewal := timeOf(c.Status.NotAfter), timeOf(c.Status.RenewalTime)
	switch {
	case c.Status.LastFailureTime != nil: // first, because it says why the certificate has expired or is not ready
		attempts := 1
		if c.Status.FailedIssuanceAttempts != nil {
			attempts = *c.Status.FailedIssuanceAttempts
		}
		return fmt.Sprintf("issuing failed, the last time at %s (failures: %d): %s; %s",
			formatTime(c.Status.LastFailureTime.Time), attempts, issuing.Message, validity(expiry, now))
	case !expiry.IsZero() && now.After(expiry):
		return fmt.Sprintf("it expired at %s; is cert-manager running?", formatTime(expiry))
	case ready.Status == cmmeta.ConditionFalse && issuing.Status != cmmeta.ConditionTrue: // not being ready is normal while it is being issued
		return fmt.Sprintf("it is not ready (%s): %s", ready.Reason, ready.Message)
	case !renewal.IsZero() && now.After(renewal.Add(lateAfter)):
		return fmt.Sprintf("its renewal was due at %s and has not happened; %s. Is cert-manager running?", formatTime(renewal), validity(expiry, now))
	}
	return ""
}

// validity says until when the certificate that was issued last is valid.
func validity(expiry, now time.Time) string {
	switch {
	case expiry.IsZero():
		return "nothing has been issued yet"
	case now.After(expiry):
		return "the current certificate expired at " + formatTime(expiry)
	default:
		return "the current certificate expires at " + formatTime(expiry)
	}
}

func isReady(c *certmanagerv1.Certificate) bool {
	return condition(c, certmanagerv1.CertificateConditionReady).Status == cmmeta.ConditionTrue
}

// condition returns the condition of a type, or the zero value if there is none.
func condition(c *certmanagerv1.Certificate, kind certmanagerv1.CertificateConditionType) certmanagerv1.CertificateCondition {
	for _, condition := range c.Status.Conditions {
		if condition.Type == kind {
			return condition
		}
	}
	return certmanagerv1.CertificateCondition{}
}

func timeOf(t *metav1.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time
}
