//go:build e2e

package e2e

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/test/env"
)

// TestTheServingCertificateHasExpired: the API server trusts no replica any longer, and hand-overs go on unprepared. Every replica
// reports it, and stays ready.
func TestTheServingCertificateHasExpired(t *testing.T) {
	client := env.Connect(t)
	s := startDeletions(t, client)
	awaitAdmission(t, client)

	resume := findCertManager(t).pause() // it would issue another certificate at once
	expired := issueExpired(t, client)
	awaitServed(t, client, "the expired certificate", isCertificate(expired))
	broken := secret(t, client, servingName).Data[corev1.TLSCertKey]
	setBundles(t, client, func(bundle []byte) []byte { return append(bundle, '\n') })
	s.awaitUnverified()

	resume()
	awaitRenewed(t, client, broken)
	awaitTrusted(t, client, true)
	awaitAdmission(t, client)
	s.stop()
}

// TestTheCAIsNotInjected: the webhook configurations have no CA.
func TestTheCAIsNotInjected(t *testing.T) {
	client := env.Connect(t)
	s := startDeletions(t, client)
	awaitAdmission(t, client)

	resume := findCertManager(t).pause()
	setBundles(t, client, func([]byte) []byte { return nil })
	s.awaitUnverified()

	resume()
	awaitTrusted(t, client, true)
	awaitAdmission(t, client)
	s.stop()
}

// TestCertManagerIsAbsent: what cert-manager has issued is enough for admission and for new replicas.
func TestCertManagerIsAbsent(t *testing.T) {
	client := env.Connect(t)
	s := startDeletions(t, client)
	awaitAdmission(t, client)

	restart := findCertManager(t).kill()
	awaitAdmission(t, client)
	pods, err := env.ReadyReplicas(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	for _, pod := range pods {
		if err := client.CoreV1().Pods(env.TanistNamespace).Delete(t.Context(), pod.Name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		env.AwaitBothReplicas(t, client)
	}
	s.awaitHandovers(during)
	awaitTrusted(t, client, true)
	awaitAdmission(t, client)
	restart()
	s.stop()
}

// awaitUnverified waits for what follows when the API server cannot verify a replica: it skips admission, leaders are handed over all the
// same, and the replicas report the problem and stay ready.
func (s *deletions) awaitUnverified() {
	before := failedOpen(s.t, s.client, departures)
	s.awaitHandovers(during)
	awaitFailedOpen(s.t, s.client, before, during)
	awaitTrusted(s.t, s.client, false)
	env.AwaitBothReplicas(s.t, s.client)
}
