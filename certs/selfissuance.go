package certs

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// selfIssuance reports the state of the certificate that Tanist makes itself.
type selfIssuance struct {
	source  *SelfManaged
	metrics *metrics
}

// check sets the gauges, and returns what a user must correct.
func (i *selfIssuance) check(now time.Time) []finding {
	var expiry, renewal time.Time
	if served := i.source.serving.Load(); served != nil {
		expiry = served.Leaf.NotAfter
		renewal = expiry.Add(-servingRenewBefore)
	}
	setBool(i.metrics.ready, now.Before(expiry))
	setTime(i.metrics.expiry, expiry)
	setTime(i.metrics.renewal, renewal)
	failure := i.source.failure.Load()
	if failure == nil {
		return nil
	}
	about := corev1.ObjectReference{APIVersion: "v1", Kind: "Secret", Namespace: i.source.namespace, Name: SelfManagedSecret}
	if secret := i.source.secret.load(); secret != nil {
		about.UID = secret.UID
	}
	return []finding{{about: about, reason: reasonCertificateNotIssued, action: actionCheckCertificate, problem: *failure}}
}
