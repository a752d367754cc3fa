//go:build integration

package integration_test

import (
	"fmt"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedcoordinationv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/util/retry"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
	"github.com/tanist-dev/tanist/config"
)

// Services that follow a Lease of their application.

func (s *testNamespace) leases() typedcoordinationv1.LeaseInterface {
	return clientset.CoordinationV1().Leases(s.namespace)
}

// holds makes a Lease say that a holder has taken it, for an hour, and creates it if there is none. The time is a second from now, because the pods of
// these tests lead in the second in which they are created: a renewal then may be that of an earlier pod of the name.
func (s *testNamespace) holds(lease, identity string) *coordinationv1.Lease {
	s.t.Helper()
	seconds, at := int32(time.Hour/time.Second), metav1.NewMicroTime(time.Now().Add(time.Second))
	spec := coordinationv1.LeaseSpec{HolderIdentity: &identity, LeaseDurationSeconds: &seconds, RenewTime: &at, AcquireTime: &at}
	var written *coordinationv1.Lease
	if err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		current, err := s.leases().Get(s.t.Context(), lease, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			created := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: lease}, Spec: spec}
			written, err = s.leases().Create(s.t.Context(), created, metav1.CreateOptions{})
			return err
		}
		if err != nil {
			return err
		}
		current.Spec = spec
		written, err = s.leases().Update(s.t.Context(), current, metav1.UpdateOptions{})
		return err
	}); err != nil {
		s.t.Fatalf("failed to write Lease: %v", err)
	}
	return written
}

// following is a Service that follows the Lease "elected" and selects the ready pods a and b.
func following(t *testing.T) *testNamespace {
	t.Helper()
	s := newNamespace(t)
	s.withService("web", annotation(config.FollowLeaseKey, "elected"))
	s.withReadyPod("web", "a")
	s.withReadyPod("web", "b")
	return s
}

func TestALeaderServiceFollowsALease(t *testing.T) {
	newTanist(t).startElected()
	s := following(t)
	s.nobodyLeads("web")
	s.warned("web", "LeaseMissing", "Lease elected does not exist")

	s.holds("elected", "a_1")
	first := s.leads("web", "a")
	s.holds("elected", "a_2") // another process of the same pod
	s.holds("elected", "b_1")
	second := s.leads("web", "b")
	if !s.next("web", first, second) || second.Reason != "LeaseHolder" {
		t.Errorf("got %+v", second)
	}

	s.holds("elected", "z_1")
	s.warned("web", "LeaseHolderUnknown", `"z_1"`)
	s.holds("elected", "")
	s.condition("b", "DisruptionTarget", "True")
	if err := s.leases().Delete(t.Context(), "elected", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.warned("web", "LeaseMissing", "Lease elected does not exist")
	s.stays("web", second)

	s.holds("elected", "a_3") // restored: another UID, and lower transitions
	third := s.leads("web", "a")
	if !s.next("web", second, third) || third.Reason != "LeaseHolder" {
		t.Errorf("got %+v", third)
	}
	s.terminate("a") // the application has elected nobody else
	s.says("web", "a drains", func(l leadership) bool { return l.Leader == "a" && !l.Ready && l.Address != "" })
	s.holds("elected", "b_2")
	fourth := s.leads("web", "b")
	if !s.next("web", third, fourth) || fourth.Reason != "LeaseHolder" {
		t.Errorf("got %+v", fourth)
	}

	s.notReady("b")
	s.nobodyLeads("web")
	s.warned("web", "LeaseHolderNotReady", "pod b")
	s.readyAgain("b")
	s.leads("web", "b")
}

// TestEveryReplicaFollowsALease: the commit is not the Lease holder's of Tanist alone.
func TestEveryReplicaFollowsALease(t *testing.T) {
	i := newTanist(t)
	holder := i.startElected()
	i.start().staysBackup()
	s := following(t)
	s.holds("elected", "a")
	first := s.leads("web", "a")
	holder.die()
	s.holds("elected", "b")
	if second := s.leads("web", "b"); !s.next("web", first, second) || second.Reason != "LeaseHolder" {
		t.Errorf("got %+v", second)
	}
}

// TestAReplicaThatIsBehindWithTheLeaseMovesNobodyBack: the replica that may do everything has seen an older version of the Lease.
func TestAReplicaThatIsBehindWithTheLeaseMovesNobodyBack(t *testing.T) {
	i := newTanist(t)
	holder := i.startElected()
	i.start().staysBackup()
	s := following(t)
	s.holds("elected", "a")
	s.leads("web", "a")

	holder.network.leases.Lock()
	if err := s.leases().Delete(t.Context(), "elected", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.holds("elected", "b") // with another UID
	moved := s.leads("web", "b")
	s.mirrored("web-leader", moved)
	s.withReadyPod("web", "c") // wakes the replica that is behind
	s.staysQuiet("web", moved)
	holder.network.leases.Unlock()
	s.staysQuiet("web", moved)
	s.holds("elected", "c")
	s.leads("web", "c")
}

// TestRenewalsCostNoReconciliation renews 20 Leases 50 times each. Then another process of each holder takes the Lease, which is decided once, after all
// renewals that have come before it.
func TestRenewalsCostNoReconciliation(t *testing.T) {
	const services, renewals, attempts = 20, 50, 3
	s, marker := newNamespace(t), newNamespace(t)
	watched := []string{s.namespace, marker.namespace} // Leases of earlier tests may end now
	r := newTanistFor(t, watched...).startWith(app.Options{WatchNamespaces: watched})
	r.waitElected()
	for at := range services {
		name := fmt.Sprintf("web-%d", at)
		s.withService(name, annotation(config.FollowLeaseKey, name))
		s.withReadyPod(name, name)
		s.holds(name, name+"_0")
	}
	for at := range services {
		name := fmt.Sprintf("web-%d", at)
		s.leads(name, name)
	}
	marker.awaitPodEvents() // by now all pending writes are done
	decisions := func() float64 {
		return r.counter("tanist_leader_cache_hits_total") + r.counter("tanist_leader_cache_misses_total")
	}
	for attempt := 1; ; attempt++ {
		before := decisions()
		for renewal := range renewals + 1 {
			process := attempt - 1
			if renewal == renewals {
				process = attempt
			}
			for at := range services {
				s.holds(fmt.Sprintf("web-%d", at), fmt.Sprintf("web-%d_%d", at, process))
			}
		}
		history.eventually(t, func() string {
			if decisions()-before < services {
				return "that each Lease's new holder was seen"
			}
			return ""
		})
		switch cost := decisions() - before; {
		case cost == services:
			return
		case attempt == attempts: // a timer of a hand-over may have ended, but not each time
			t.Fatalf("%d renewals and %d new holders cost %v decisions", services*renewals, services, cost)
		}
	}
}
