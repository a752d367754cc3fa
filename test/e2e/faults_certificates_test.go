//go:build e2e

package e2e

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestTheServingCertificateHasExpired: the API server trusts no replica any longer, and hand-overs go on unprepared. Every replica
// says so, and stays ready.
func TestTheServingCertificateHasExpired(t *testing.T) {
	client := connect(t)
	s := newStorm(t, client)
	admits(t, client)

	goOn := findCertManager(t).halt() // or it would issue another one at once
	expired := issueExpired(t, client)
	serves(t, client, "the expired certificate", is(expired))
	broken := secret(t, client, servingName).Data[corev1.TLSCertKey]
	setBundles(t, client, func(bundle []byte) []byte { return append(bundle, '\n') })
	s.goesOnUnverified()

	goOn()
	renewed(t, client, broken)
	says(t, client, true)
	admits(t, client)
	s.stop()
}

// TestTheCAIsNotInjected: as if the injector had never come.
func TestTheCAIsNotInjected(t *testing.T) {
	client := connect(t)
	s := newStorm(t, client)
	admits(t, client)

	goOn := findCertManager(t).halt()
	setBundles(t, client, func([]byte) []byte { return nil })
	s.goesOnUnverified()

	goOn()
	says(t, client, true)
	admits(t, client)
	s.stop()
}

// TestCertManagerIsAbsent: what it has made stays, and is enough for admission and for new replicas.
func TestCertManagerIsAbsent(t *testing.T) {
	client := connect(t)
	s := newStorm(t, client)
	admits(t, client)

	startAgain := findCertManager(t).die()
	admits(t, client)
	pods, err := replicas(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	for _, pod := range pods {
		if err := client.CoreV1().Pods(tanistNamespace).Delete(t.Context(), pod.Name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		bothReplicas(t, client)
	}
	s.handsOver(during)
	says(t, client, true)
	admits(t, client)
	startAgain()
	s.stop()
}

// goesOnUnverified: what is served cannot be verified, so admission is skipped; leaders are handed over all the same, and the replicas
// say what is wrong and stay ready.
func (s *storm) goesOnUnverified() {
	before := failedOpen(s.t, s.client, departures)
	s.handsOver(during)
	skipped(s.t, s.client, before, during)
	says(s.t, s.client, false)
	bothReplicas(s.t, s.client)
}
