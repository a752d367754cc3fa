package leaderservice

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestCleanUpSlices(t *testing.T) {
	web := gen.WebService()
	leader := gen.LeaderOf(web)
	kubernetes := withEndpoints(map[string]string{endpointsManagedBy: endpointsController})
	users := withEndpoints(nil)
	liveWithoutSelector := func(in *input) { in.liveWithoutSelector = true }
	ours := gen.SliceOf(leader, discoveryv1.AddressTypeIPv4)
	cases := map[string]struct {
		input         input
		want          planned
		foreignSlices int
	}{
		"what Kubernetes' controllers have made for a selector is deleted, Endpoints first": {
			input: inputOf(web, withLeader(leader), withSlices(ours, gen.SelectedSlice(), gen.MirroredSlice()), kubernetes, liveWithoutSelector),
			want:  planned{Delete: []string{"Endpoints web-leader", "web-leader-mm42x", "web-leader-x7k2p"}},
		},
		"as long as the selector exists, nothing is deleted": {
			input: inputOf(web, withLeader(leader), withSlices(ours, gen.SelectedSlice(), gen.MirroredSlice()), kubernetes),
			want:  planned{RequeueAfter: outdatedDelay},
		},
		"a mirrored slice whose Endpoints are gone is deleted": {
			input: inputOf(web, withLeader(leader), withSlices(ours, gen.MirroredSlice()), liveWithoutSelector),
			want:  planned{Delete: []string{"web-leader-mm42x"}},
		},
		"a user's Endpoints object and its mirrored slice are left alone and reported": {
			input: inputOf(web, withLeader(leader), withSlices(ours, gen.MirroredSlice()), users, liveWithoutSelector),
			want:  planned{Warnings: []string{notify.ReasonForeignSlice}}, foreignSlices: 1,
		},
		"with a user's Endpoints object, a slice of the EndpointSlice controller is still deleted": {
			input: inputOf(web, withLeader(leader), withSlices(ours, gen.SelectedSlice(), gen.MirroredSlice()), users, liveWithoutSelector),
			want:  planned{Delete: []string{"web-leader-x7k2p"}, Warnings: []string{notify.ReasonForeignSlice}}, foreignSlices: 1,
		},
		"a slice of another controller is left alone and reported": {
			input: inputOf(web, withLeader(leader), withSlices(ours, gen.MirroredSlice(func(s *discoveryv1.EndpointSlice) {
				s.Labels[discoveryv1.LabelManagedBy] = "mesh.example.com"
				s.OwnerReferences = nil
			})), liveWithoutSelector),
			want: planned{Warnings: []string{notify.ReasonForeignSlice}}, foreignSlices: 1,
		},
		"a slice that only has the label of Kubernetes' controller is left alone and reported": {
			input: inputOf(web, withLeader(leader), withSlices(ours, gen.SelectedSlice(func(s *discoveryv1.EndpointSlice) { s.OwnerReferences = nil })), liveWithoutSelector),
			want:  planned{Warnings: []string{notify.ReasonForeignSlice}}, foreignSlices: 1,
		},
		"a slice of another Service is left alone": {
			input: inputOf(web, withLeader(leader), withSlices(ours, gen.MirroredSlice(func(s *discoveryv1.EndpointSlice) {
				s.Labels[discoveryv1.LabelServiceName] = "other"
			})), liveWithoutSelector),
		},
		"a slice that is being deleted is not deleted again": {
			input: inputOf(web, withLeader(leader), withSlices(ours, gen.SelectedSlice(func(s *discoveryv1.EndpointSlice) {
				now := metav1.NewTime(gen.T0)
				s.DeletionTimestamp = &now
			})), kubernetes, liveWithoutSelector),
		},
		"our slice stays although someone has changed its managed-by label": {
			input: inputOf(web, withLeader(leader), withSlices(gen.SliceOf(leader, discoveryv1.AddressTypeIPv4, func(s *discoveryv1.EndpointSlice) {
				s.Labels[discoveryv1.LabelManagedBy] = leaderslice.EndpointSliceController
			})), liveWithoutSelector),
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			plan := decide(test.input, gen.T0)
			if diff := cmp.Diff(test.want, plannedOf(plan)); diff != "" {
				t.Errorf("unexpected plan (-want +got):\n%s", diff)
			}
			if plan.foreignSlices != test.foreignSlices {
				t.Errorf("got %d foreign slices, want %d", plan.foreignSlices, test.foreignSlices)
			}
		})
	}
}
