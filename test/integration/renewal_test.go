//go:build integration

package integration_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"testing"
	"time"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	cmmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// certManagerAPI is a client for cert-manager's objects.
func certManagerAPI(t *testing.T) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := certmanagerv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	api, err := client.New(cluster, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// renew asks cert-manager for the next certificate, as cmctl renew does, and waits until it is there.
func (i *installed) renew(name string) {
	i.t.Helper()
	api, certificate := certManagerAPI(i.t), &certmanagerv1.Certificate{}
	revision := func() int {
		if err := api.Get(i.t.Context(), client.ObjectKey{Namespace: release, Name: name}, certificate); err != nil {
			i.t.Fatal(err)
		}
		if certificate.Status.Revision == nil {
			return 0
		}
		return *certificate.Status.Revision
	}
	before := revision()
	if err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		revision()
		now := metav1.Now()
		certificate.Status.Conditions = append(certificate.Status.Conditions, certmanagerv1.CertificateCondition{
			Type: certmanagerv1.CertificateConditionIssuing, Status: cmmeta.ConditionTrue, Reason: "ManuallyTriggered",
			LastTransitionTime: &now,
		})
		return api.Status().Update(i.t.Context(), certificate)
	}); err != nil {
		i.t.Fatal(err)
	}
	history.eventually(i.t, func() string {
		if got := revision(); got <= before {
			return fmt.Sprintf("revision %d of Certificate %s, got %d", before+1, name, got)
		}
		return ""
	})
}

// served is the certificate that a replica shows to who connects now.
func (r *replica) served() *x509.Certificate {
	r.t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} // the API server verifies it
	connection, err := dialer.DialContext(r.t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", r.port))
	if err != nil {
		r.t.Fatal(err)
	}
	defer connection.Close()
	return connection.(*tls.Conn).ConnectionState().PeerCertificates[0]
}

// TestCertificatesAreRenewedUnderDeletions: the CA, which must be trusted before anything is signed by it, and then what is served. The
// API server keeps its connection until the next CA makes it connect anew.
func TestCertificatesAreRenewedUnderDeletions(t *testing.T) {
	i, r := admitting(t)
	s := newScene(t)
	s.withService("web")
	s.withReadyPod("web", "leader")
	s.leads("web", "leader")
	before, start := failedOpen(t), r.counter("tanist_departures_admitted_total")
	ctx, cancel := context.WithCancel(t.Context())
	deleted := make(chan int, 1)
	go func() { deleted <- s.deleteSteadily(ctx) }()

	first := r.served()
	for range 3 {
		i.renew("tanist-ca")
		i.renew("tanist-serving")
		history.eventually(t, func() string {
			if r.served().Equal(first) {
				return "that the renewed certificate is served"
			}
			return ""
		})
		first = r.served()
	}
	newScene(t).podWitness()
	cancel()
	n := <-deleted
	if n < 10 {
		t.Fatalf("only %d pods were deleted meanwhile", n)
	}
	if got := failedOpen(t) - before; got != 0 {
		t.Errorf("%v of the calls failed", got)
	}
	if got := r.counter("tanist_departures_admitted_total") - start; got < float64(n) {
		t.Errorf("%v of %d deletions were admitted", got, n)
	}
	select {
	case <-r.done:
		t.Error("the replica has ended")
	default:
	}
}

// deleteSteadily makes and deletes a pod every 100 ms until the context ends.
func (s *scene) deleteSteadily(ctx context.Context) (n int) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	pods := clientset.CoreV1().Pods(s.namespace)
	for {
		select {
		case <-ctx.Done():
			return n
		case <-tick.C:
		}
		name := fmt.Sprint("steady-", n)
		if _, err := pods.Create(s.t.Context(), s.podOf("web", name), metav1.CreateOptions{}); err != nil {
			s.t.Errorf("failed to create pod: %v", err)
			return n
		}
		if err := pods.Delete(s.t.Context(), name, metav1.DeleteOptions{}); err != nil {
			s.t.Errorf("failed to delete pod: %v", err)
			return n
		}
		n++
	}
}
