package leaderservice

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/test/gen"
)

func withEndpoints(labels map[string]string) func(*input) {
	return func(h *input) {
		h.endpoints = endpointsMetadata()
		h.endpoints.Namespace, h.endpoints.Name, h.endpoints.UID, h.endpoints.Labels = "shop", "web-leader", "endpoints", labels
	}
}

func TestTidy(t *testing.T) {
	web := gen.WebService()
	leader := gen.LeaderOf(web)
	kubernetes := withEndpoints(map[string]string{endpointsManagedBy: endpointsController})
	users := withEndpoints(nil)
	bare := func(h *input) { h.bare = true }
	ours := gen.SliceOf(leader, discoveryv1.AddressTypeIPv4)
	cases := map[string]struct {
		input   input
		want    planned
		foreign int
	}{
		"what a selector left is removed, Endpoints first": {
			input: inputOf(web, withLeader(leader), withSlices(ours, gen.SelectedSlice(), gen.MirroredSlice()), kubernetes, bare),
			want:  planned{Delete: []string{"Endpoints web-leader", "web-leader-mm42x", "web-leader-x7k2p"}},
		},
		"as long as the selector is there, nothing is removed": {
			input: inputOf(web, withLeader(leader), withSlices(ours, gen.SelectedSlice(), gen.MirroredSlice()), kubernetes),
			want:  planned{RequeueAfter: outdatedDelay},
		},
		"a mirror whose Endpoints are gone already is removed": {
			input: inputOf(web, withLeader(leader), withSlices(ours, gen.MirroredSlice()), bare),
			want:  planned{Delete: []string{"web-leader-mm42x"}},
		},
		"a user's Endpoints object and its mirror are left alone and told": {
			input: inputOf(web, withLeader(leader), withSlices(ours, gen.MirroredSlice()), users, bare),
			want:  planned{Warnings: []string{notify.ReasonForeignSlice}}, foreign: 1,
		},
		"a user's Endpoints object does not keep what the EndpointSlice controller left": {
			input: inputOf(web, withLeader(leader), withSlices(ours, gen.SelectedSlice(), gen.MirroredSlice()), users, bare),
			want:  planned{Delete: []string{"web-leader-x7k2p"}, Warnings: []string{notify.ReasonForeignSlice}}, foreign: 1,
		},
		"a slice of another controller is left alone and told": {
			input: inputOf(web, withLeader(leader), withSlices(ours, gen.MirroredSlice(func(s *discoveryv1.EndpointSlice) {
				s.Labels[discoveryv1.LabelManagedBy] = "mesh.example.com"
				s.OwnerReferences = nil
			})), bare),
			want: planned{Warnings: []string{notify.ReasonForeignSlice}}, foreign: 1,
		},
		"a slice that only says that Kubernetes made it is left alone and told": {
			input: inputOf(web, withLeader(leader), withSlices(ours, gen.SelectedSlice(func(s *discoveryv1.EndpointSlice) { s.OwnerReferences = nil })), bare),
			want:  planned{Warnings: []string{notify.ReasonForeignSlice}}, foreign: 1,
		},
		"a slice of another Service is nobody's business": {
			input: inputOf(web, withLeader(leader), withSlices(ours, gen.MirroredSlice(func(s *discoveryv1.EndpointSlice) {
				s.Labels[discoveryv1.LabelServiceName] = "other"
			})), bare),
		},
		"what is going already is not deleted again": {
			input: inputOf(web, withLeader(leader), withSlices(ours, gen.SelectedSlice(func(s *discoveryv1.EndpointSlice) {
				now := metav1.NewTime(gen.T0)
				s.DeletionTimestamp = &now
			})), kubernetes, bare),
		},
		"our slice that someone says another controller manages stays": {
			input: inputOf(web, withLeader(leader), withSlices(gen.SliceOf(leader, discoveryv1.AddressTypeIPv4, func(s *discoveryv1.EndpointSlice) {
				s.Labels[discoveryv1.LabelManagedBy] = leaderslice.EndpointSliceController
			})), bare),
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			c := decide(test.input, gen.T0)
			if diff := cmp.Diff(test.want, plannedOf(c)); diff != "" {
				t.Errorf("unexpected plan (-want +got):\n%s", diff)
			}
			if c.foreign != test.foreign {
				t.Errorf("%d slices are counted as foreign, want %d", c.foreign, test.foreign)
			}
		})
	}
}

func TestNoAdviceTakesALeaderAway(t *testing.T) {
	web := gen.WebService()
	leader := gen.LeaderOf(web)
	rival := gen.WebService(func(s *corev1.Service) { s.Name = "api" })
	for name, h := range map[string]input{
		"another Service's leader Service": inputOf(web, func(h *input) { h.named, h.rival = gen.LeaderOf(rival), rival }),
		"someone's Service":                inputOf(web, func(h *input) { h.named = gen.LeaderOf(rival, func(s *corev1.Service) { s.Labels = nil }) }),
		"a user's Endpoints":               inputOf(web, withLeader(leader), withSlices(gen.MirroredSlice()), withEndpoints(nil), func(h *input) { h.bare = true }),
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range decide(h, gen.T0).warnings {
				if strings.Contains(c.Note, "delete it") || strings.Contains(c.Note, "delete Service") || strings.Contains(c.Note, "delete EndpointSlice") {
					t.Errorf("it advises: %s", c.Note)
				}
			}
		})
	}
}

func TestOptingOut(t *testing.T) {
	web := gen.WebService()
	out := func(h *input) { h.optedIn, h.grace = false, 5*time.Minute }
	marked := func(since string) *corev1.Service {
		return gen.LeaderOf(web, func(s *corev1.Service) { s.Annotations = map[string]string{config.OrphanedSinceKey: since} })
	}
	cases := map[string]struct {
		input input
		want  planned
	}{
		"a namespace's label that goes marks the leader Service": {
			input: inputOf(web, withLeader(gen.LeaderOf(web)), out),
			want:  planned{Patch: "web-leader", RequeueAfter: 5 * time.Minute, Warnings: []string{notify.ReasonNamespaceOptedOut}},
		},
		"during the grace it stays": {
			input: inputOf(web, withLeader(marked("2026-03-01T11:58:00Z")), out),
			want:  planned{RequeueAfter: 3 * time.Minute, Warnings: []string{notify.ReasonNamespaceOptedOut}},
		},
		"during the grace it is kept right": {
			input: inputOf(gen.WebService(func(s *corev1.Service) { s.Spec.Ports[0].Port = 81 }), withLeader(marked("2026-03-01T11:58:00Z")), out),
			want:  planned{Patch: "web-leader", RequeueAfter: 3 * time.Minute, Warnings: []string{notify.ReasonNamespaceOptedOut}},
		},
		"after the grace it goes": {
			input: inputOf(web, withLeader(marked("2026-03-01T11:55:00Z")), out),
			want:  planned{Delete: []string{"web-leader"}},
		},
		"a mark that cannot be read is set anew": {
			input: inputOf(web, withLeader(marked("yesterday")), out),
			want:  planned{Patch: "web-leader", RequeueAfter: 5 * time.Minute, Warnings: []string{notify.ReasonNamespaceOptedOut}},
		},
		"a mark in the future is set anew": {
			input: inputOf(web, withLeader(marked("2027-03-01T11:55:00Z")), out),
			want:  planned{Patch: "web-leader", RequeueAfter: 5 * time.Minute, Warnings: []string{notify.ReasonNamespaceOptedOut}},
		},
		"the Service's own annotation acts at once": {
			input: inputOf(gen.Annotated(config.EnabledKey, "false"), withLeader(gen.LeaderOf(web)), out),
			want:  planned{Delete: []string{"web-leader"}},
		},
		"nothing is made for a Service that has none": {
			input: inputOf(web, out),
		},
		"when the label is back, the mark goes": {
			input: inputOf(web, withLeader(marked("2026-03-01T11:55:00Z"))),
			want:  planned{Patch: "web-leader"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, plannedOf(decide(test.input, gen.T0))); diff != "" {
				t.Errorf("unexpected plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnotherInstallation(t *testing.T) {
	web := gen.WebService()
	theirs := gen.LeaderOf(web, func(s *corev1.Service) { s.Annotations = map[string]string{config.InstallationKey: "old"} })
	here := func(h *input) { h.installation = "tanist-system" }
	left := planned{Warnings: []string{notify.ReasonOtherInstallation}, RequeueAfter: otherCheck}
	cases := map[string]struct {
		input input
		want  planned
	}{
		"its leader Service is left alone":                      {inputOf(web, withLeader(theirs), here), left},
		"its slices too":                                        {inputOf(web, withLeader(theirs), here, withSlices(gen.MirroredSlice()), func(h *input) { h.bare = true }), left},
		"also when the Service opts out":                        {inputOf(gen.Annotated(config.EnabledKey, "false"), withLeader(theirs), here), left},
		"also when the namespace does":                          {inputOf(web, withLeader(theirs), here, func(h *input) { h.optedIn = false }), planned{Warnings: left.Warnings, RequeueAfter: otherCheck}},
		"when it has gone, it is taken over":                    {inputOf(web, withLeader(theirs), here, func(h *input) { h.otherGone = true }), planned{Patch: "web-leader"}},
		"one that names nobody is marked":                       {inputOf(web, withLeader(gen.LeaderOf(web)), here), planned{Patch: "web-leader"}},
		"one that nobody controls is adopted, whoever it names": {inputOf(web, withLeader(gen.Changed(theirs.DeepCopy(), []func(*corev1.Service){func(s *corev1.Service) { s.OwnerReferences = nil }})), here), planned{Patch: "web-leader"}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			c := decide(test.input, gen.T0)
			if diff := cmp.Diff(test.want, plannedOf(c)); diff != "" {
				t.Errorf("unexpected plan (-want +got):\n%s", diff)
			}
			if c.patch != nil && c.patch.desired.Annotations[config.InstallationKey] != "tanist-system" {
				t.Error("the leader Service does not name this installation")
			}
		})
	}
}
