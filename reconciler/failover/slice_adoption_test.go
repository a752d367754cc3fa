package failover

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
)

// A restored, an orphaned and a re-created leader Service's slices are the record of who leads, and are adopted by whoever may repair
// them.
func TestASliceThatNobodyControlsIsAdopted(t *testing.T) {
	orphan := func(slice *discoveryv1.EndpointSlice) { slice.OwnerReferences = nil }
	predecessors := func(slice *discoveryv1.EndpointSlice) { slice.OwnerReferences[0].UID = "earlier" }
	shared := func(slice *discoveryv1.EndpointSlice) {
		slice.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "backup", UID: "backup"}}
	}
	unlabelled := func(slice *discoveryv1.EndpointSlice) { slice.OwnerReferences, slice.Labels = nil, nil }
	others := func(slice *discoveryv1.EndpointSlice) {
		slice.OwnerReferences[0].Name, slice.OwnerReferences[0].UID = "api-leader", "api-leader-uid"
	}
	both := []string{"update web-leader-ipv4"}
	cases := map[string]struct {
		change func(*discoveryv1.EndpointSlice)
		pods   []*corev1.Pod
		all    planned
		losses []string
	}{
		"it has no owner": {
			change: orphan, pods: []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")},
			all: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: both},
		},
		"it has no owner, and its leader is gone": {
			change: orphan, pods: []*corev1.Pod{gen.ReadyPod("b2")},
			all: planned{Leader: "b2", Term: NewTerm, Reason: "LeaderGone", Ready: true, Writes: both}, losses: both,
		},
		"it is the predecessor's": {
			change: predecessors, pods: []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")},
			all: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: both},
		},
		"another owner does not control it": {
			change: shared, pods: []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")},
			all: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: both},
		},
		"it has none of our labels": {
			change: unlabelled, pods: []*corev1.Pod{gen.ReadyPod("b2")},
			all: planned{Leader: "b2", Term: firstTerm, Reason: "FirstLeader", Ready: true, Taken: []string{"web-leader-ipv4"}},
		},
		"another Service controls it": {
			change: others, pods: []*corev1.Pod{gen.ReadyPod("b2")},
			all: planned{Leader: "b2", Term: firstTerm, Reason: "FirstLeader", Ready: true, Taken: []string{"web-leader-ipv4"}},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := inputOf(leading("a1", 5), test.pods)
			onSlice(discoveryv1.AddressTypeIPv4, test.change)(&s)
			p := decide(s, gen.T0)
			if diff := cmp.Diff(test.all, plannedOf(p)); diff != "" {
				t.Errorf("unexpected plan of the holder of the Lease (-want +got):\n%s", diff)
			}
			if adopted := carryOut(s, p).record.Slices["web-leader-ipv4"].Object; len(p.writes) > 0 && !leaderslice.OwnsSlice(adopted, s.leaderService) {
				t.Errorf("it is not ours afterwards: %+v", adopted.OwnerReferences)
			}
			s.authority = authorityLosses
			if diff := cmp.Diff(test.losses, plannedOf(decide(s, gen.T0)).Writes); diff != "" {
				t.Errorf("unexpected writes of another replica (-want +got):\n%s", diff)
			}
		})
	}
}

// A slice that was restored with its annotations says who led when the backup was made: a pod that is gone.
func TestARestoredSliceIsLedByALivePod(t *testing.T) {
	s := inputOf(leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1", func(pod *corev1.Pod) { pod.UID = "restored" }), gen.ReadyPod("b2")})
	onSlice(discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) { slice.OwnerReferences = nil })(&s)
	s.authority = authorityLosses
	p := decide(s, gen.T0)
	if p.after.Leader.UID == "a1-uid" || len(p.writes) != 1 || len(p.writes[0].Desired.Endpoints) != 1 {
		t.Errorf("got leader %+v and %d writes", p.after.Leader, len(p.writes))
	}
}
