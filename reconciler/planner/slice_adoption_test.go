package planner

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// The slices of a leader Service that was restored, orphaned or re-created record who leads. A replica that may write them adopts them.
func TestASliceWithoutAControllerIsAdopted(t *testing.T) {
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
		"the slice has no owner": {
			change: orphan, pods: []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")},
			all: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: both},
		},
		"the slice has no owner, and its leader is gone": {
			change: orphan, pods: []*corev1.Pod{gen.ReadyPod("b2")},
			all: planned{Leader: "b2", Term: newTerm, Reason: "LeaderGone", Ready: true, Writes: both}, losses: both,
		},
		"the predecessor of the leader Service controls the slice": {
			change: predecessors, pods: []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")},
			all: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: both},
		},
		"the slice has an owner that does not control it": {
			change: shared, pods: []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")},
			all: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: both},
		},
		"the slice has none of our labels": {
			change: unlabelled, pods: []*corev1.Pod{gen.ReadyPod("b2")},
			all: planned{Leader: "b2", Term: firstTerm("b2"), Reason: "FirstLeader", Ready: true, Taken: []string{"web-leader-ipv4"}},
		},
		"another Service controls the slice": {
			change: others, pods: []*corev1.Pod{gen.ReadyPod("b2")},
			all: planned{Leader: "b2", Term: firstTerm("b2"), Reason: "FirstLeader", Ready: true, Taken: []string{"web-leader-ipv4"}},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			in := inputOf(dummy.Leading("a1", 5), test.pods)
			onSlice(discoveryv1.AddressTypeIPv4, test.change)(&in)
			p := Decide(in, gen.T0)
			if diff := cmp.Diff(test.all, plannedOf(p)); diff != "" {
				t.Errorf("unexpected plan of the holder of the Lease (-want +got):\n%s", diff)
			}
			if adopted := carryOut(in, p).Record.Slices["web-leader-ipv4"].Object; len(p.Writes) > 0 && !leaderslice.OwnsSlice(adopted, in.LeaderService) {
				t.Errorf("the slice is not ours afterwards: %+v", adopted.OwnerReferences)
			}
			in.Authority = commitrules.AuthorityLosses
			if diff := cmp.Diff(test.losses, plannedOf(Decide(in, gen.T0)).Writes); diff != "" {
				t.Errorf("unexpected writes of another replica (-want +got):\n%s", diff)
			}
		})
	}
}

// A slice that was restored with its annotations names the leader at the time of the backup, which is gone.
func TestTheLeaderOfARestoredSliceIsReplaced(t *testing.T) {
	in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1", func(pod *corev1.Pod) { pod.UID = "restored" }), gen.ReadyPod("b2")})
	onSlice(discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) { slice.OwnerReferences = nil })(&in)
	in.Authority = commitrules.AuthorityLosses
	p := Decide(in, gen.T0)
	if p.After.Leader.UID == "a1-uid" || len(p.Writes) != 1 || len(p.Writes[0].Desired.Endpoints) != 1 {
		t.Errorf("got leader %+v and %d writes", p.After.Leader, len(p.Writes))
	}
}
