//go:build integration

package integration_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	cmmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
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

// renew asks cert-manager for the next certificate, as cmctl renew does, and waits until it is issued.
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
	history.eventually(i.t, func() string { // cert-manager may write at the same time
		revision()
		now := metav1.Now()
		certificate.Status.Conditions = append(certificate.Status.Conditions, certmanagerv1.CertificateCondition{
			Type: certmanagerv1.CertificateConditionIssuing, Status: cmmeta.ConditionTrue, Reason: "ManuallyTriggered",
			LastTransitionTime: &now,
		})
		err := api.Status().Update(i.t.Context(), certificate)
		if apierrors.IsConflict(err) {
			return "that the renewal is asked for: " + err.Error()
		}
		if err != nil {
			i.t.Fatal(err)
		}
		return ""
	})
	history.eventually(i.t, func() string {
		if got := revision(); got <= before {
			return fmt.Sprintf("revision %d of Certificate %s, got %d", before+1, name, got)
		}
		return ""
	})
}

// served returns the certificate that a replica serves now. It takes its time: a replica limits how often an address connects, and the API
// server has the same one.
func (r *replica) served() *x509.Certificate {
	r.t.Helper()
	<-time.After(100 * time.Millisecond)
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} // the API server verifies it
	connection, err := dialer.DialContext(r.t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", r.port))
	if err != nil {
		r.t.Fatal(err)
	}
	defer connection.Close()
	return connection.(*tls.Conn).ConnectionState().PeerCertificates[0]
}

// TestCertificatesAreRenewedUnderDeletions renews the CA, which must be trusted before it signs anything, and then the serving certificate.
// The API server keeps its connection until the next CA makes it connect anew. The test goes on until enough pods have been deleted during
// renewals, however long either takes.
func TestCertificatesAreRenewedUnderDeletions(t *testing.T) {
	const renewals, enough = 3, 10
	i, r := admitting(t)
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "leader")
	s.leads("web", "leader")
	before, start := failedOpen(t), r.counter("tanist_departures_admitted_total")
	steady := s.deleteSteadily()
	during := 0
	for n := 0; n < renewals || during < enough; n++ {
		first, deleted := r.served(), steady.deleted()
		i.renew("tanist-ca")
		i.renew("tanist-serving")
		history.eventually(t, func() string {
			if r.served().Equal(first) {
				return "that the renewed certificate is served"
			}
			return ""
		})
		during += steady.deleted() - deleted
	}
	newNamespace(t).awaitPodEvents()
	n := steady.stop()
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

// steadyDeletions creates and deletes one pod after another until it is stopped. The pods have no node, so each is gone at once.
type steadyDeletions struct {
	t      *testing.T
	count  atomic.Int64
	cancel context.CancelFunc
	// ended gets the error that ended it, or nil when it was stopped.
	ended chan error
}

func (s *testNamespace) deleteSteadily() *steadyDeletions {
	ctx, cancel := context.WithCancel(s.t.Context())
	d := &steadyDeletions{t: s.t, cancel: cancel, ended: make(chan error, 1)}
	s.t.Cleanup(cancel)
	pods := clientset.CoreV1().Pods(s.namespace)
	go func() {
		for ctx.Err() == nil {
			// The context that stop cancels is not used here: what has begun is finished and counted.
			name := fmt.Sprint("steady-", d.count.Load())
			if _, err := pods.Create(s.t.Context(), s.podOf("web", name, onNode("")), metav1.CreateOptions{}); err != nil {
				d.ended <- fmt.Errorf("failed to create pod: %w", err)
				return
			}
			if err := pods.Delete(s.t.Context(), name, metav1.DeleteOptions{}); err != nil {
				d.ended <- fmt.Errorf("failed to delete pod: %w", err)
				return
			}
			d.count.Add(1)
		}
		d.ended <- nil
	}()
	return d
}

// deleted returns how many pods have been deleted so far. The test fails if an error has ended the deletions.
func (d *steadyDeletions) deleted() int {
	d.t.Helper()
	select {
	case err := <-d.ended:
		d.t.Fatal(err)
	default:
	}
	return int(d.count.Load())
}

// stop ends the deletions and returns how many pods were deleted.
func (d *steadyDeletions) stop() int {
	d.t.Helper()
	d.cancel()
	if err := <-d.ended; err != nil {
		d.t.Fatal(err)
	}
	return int(d.count.Load())
}
