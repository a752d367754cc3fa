//go:build integration

package integration_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/observe/peer"
)

// TestAReplicaSaysThroughTheAPIThatItLives is what the API server makes of the Lease: whether it takes it, and in which precision.
func TestAReplicaSaysThroughTheAPIThatItLives(t *testing.T) {
	s := newNamespace(t)
	pod := s.withPod("x", "a")
	api, err := newConnections(t).NewLeaseClient()
	if err != nil {
		t.Fatal(err)
	}
	replica := func() *peer.Beacon {
		return &peer.Beacon{Leases: api, Namespace: s.namespace, Pod: pod.Name, UID: pod.UID}
	}
	watch := replica().Watch(pod.Name)
	for i, want := range []bool{false, true, true} {
		if i > 0 {
			// Each is the process after a restart, which does not wait.
			if err := replica().SayAlive(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if changed, err := watch.Changed(t.Context()); changed != want || err != nil {
			t.Errorf("after it said %d times that it lives, another replica sees %t (%v)", i, changed, err)
		}
	}
	if changed, err := watch.Changed(t.Context()); changed || err != nil {
		t.Errorf("another replica sees %t (%v), and nothing was said", changed, err)
	}

	var lease coordinationv1.Lease
	if err := api.Get(t.Context(), client.ObjectKey{Namespace: s.namespace, Name: config.LeaseName + "-" + pod.Name}, &lease); err != nil {
		t.Fatal(err)
	}
	want := []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID}}
	if diff := cmp.Diff(want, lease.OwnerReferences); diff != "" {
		t.Errorf("unexpected owners (-want +got):\n%s", diff)
	}
	at, err := time.Parse(time.RFC3339, lease.Annotations[config.AliveKey])
	if diff := cmp.Diff(lease.Spec.RenewTime.Time, at, cmpopts.EquateApproxTime(time.Millisecond)); err != nil || diff != "" {
		t.Errorf("the annotation (%v) and the time of the renewal differ:\n%s", err, diff)
	}
}

func TestTheAPIServerAnswersEveryReplica(t *testing.T) {
	checker, err := newConnections(t).NewLiveChecker()
	if err != nil {
		t.Fatal(err)
	}
	if err := checker.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func newConnections(t *testing.T) *peer.Connections {
	t.Helper()
	connections, err := peer.NewConnections(cluster)
	if err != nil {
		t.Fatal(err)
	}
	return connections
}
