package reconciler

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// selectedSlice is what the EndpointSlice controller makes of a leader Service that has a selector.
func selectedSlice(change ...func(*discoveryv1.EndpointSlice)) *discoveryv1.EndpointSlice {
	leader := leaderOf(webService())
	return changed(&discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web-leader-x7k2p", UID: "x7k2p", ResourceVersion: "50",
			Labels: with(leader.Labels, map[string]string{
				discoveryv1.LabelServiceName: leader.Name, discoveryv1.LabelManagedBy: endpointSliceController,
			}),
			OwnerReferences: []metav1.OwnerReference{controlledBy(leader)},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
	}, change)
}

// mirroredSlice is what the mirroring controller makes of an Endpoints object.
func mirroredSlice(change ...func(*discoveryv1.EndpointSlice)) *discoveryv1.EndpointSlice {
	yes := true
	return selectedSlice(append([]func(*discoveryv1.EndpointSlice){func(s *discoveryv1.EndpointSlice) {
		s.Name, s.UID = "web-leader-mm42x", "mm42x"
		s.Labels[discoveryv1.LabelManagedBy] = mirroringController
		s.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Endpoints", Name: "web-leader", UID: "endpoints", Controller: &yes}}
	}}, change...)...)
}

func withEndpoints(labels map[string]string) func(*household) {
	return func(h *household) {
		h.endpoints = endpointsMetadata()
		h.endpoints.Namespace, h.endpoints.Name, h.endpoints.UID, h.endpoints.Labels = "shop", "web-leader", "endpoints", labels
	}
}

func TestTidy(t *testing.T) {
	web := webService()
	leader := leaderOf(web)
	kubernetes := withEndpoints(map[string]string{endpointsManagedBy: endpointsController})
	users := withEndpoints(nil)
	bare := func(h *household) { h.bare = true }
	ours := sliceOf(leader, discoveryv1.AddressTypeIPv4)
	cases := map[string]struct {
		household household
		want      done
		foreign   int
	}{
		"what a selector left is removed, Endpoints first": {
			household: householdOf(web, withLeader(leader), withSlices(ours, selectedSlice(), mirroredSlice()), kubernetes, bare),
			want:      done{Delete: []string{"Endpoints web-leader", "web-leader-mm42x", "web-leader-x7k2p"}},
		},
		"as long as the selector is there, nothing is removed": {
			household: householdOf(web, withLeader(leader), withSlices(ours, selectedSlice(), mirroredSlice()), kubernetes),
			want:      done{LookAgain: outdatedDelay},
		},
		"a mirror whose Endpoints are gone already is removed": {
			household: householdOf(web, withLeader(leader), withSlices(ours, mirroredSlice()), bare),
			want:      done{Delete: []string{"web-leader-mm42x"}},
		},
		"a user's Endpoints object and its mirror are left alone and told": {
			household: householdOf(web, withLeader(leader), withSlices(ours, mirroredSlice()), users, bare),
			want:      done{Complaints: []string{reasonForeignSlice}}, foreign: 1,
		},
		"a user's Endpoints object does not keep what the EndpointSlice controller left": {
			household: householdOf(web, withLeader(leader), withSlices(ours, selectedSlice(), mirroredSlice()), users, bare),
			want:      done{Delete: []string{"web-leader-x7k2p"}, Complaints: []string{reasonForeignSlice}}, foreign: 1,
		},
		"a slice of another controller is left alone and told": {
			household: householdOf(web, withLeader(leader), withSlices(ours, mirroredSlice(func(s *discoveryv1.EndpointSlice) {
				s.Labels[discoveryv1.LabelManagedBy] = "mesh.example.com"
				s.OwnerReferences = nil
			})), bare),
			want: done{Complaints: []string{reasonForeignSlice}}, foreign: 1,
		},
		"a slice that only says that Kubernetes made it is left alone and told": {
			household: householdOf(web, withLeader(leader), withSlices(ours, selectedSlice(func(s *discoveryv1.EndpointSlice) { s.OwnerReferences = nil })), bare),
			want:      done{Complaints: []string{reasonForeignSlice}}, foreign: 1,
		},
		"a slice of another Service is nobody's business": {
			household: householdOf(web, withLeader(leader), withSlices(ours, mirroredSlice(func(s *discoveryv1.EndpointSlice) {
				s.Labels[discoveryv1.LabelServiceName] = "other"
			})), bare),
		},
		"what is going already is not deleted again": {
			household: householdOf(web, withLeader(leader), withSlices(ours, selectedSlice(func(s *discoveryv1.EndpointSlice) {
				now := metav1.NewTime(t0)
				s.DeletionTimestamp = &now
			})), kubernetes, bare),
		},
		"our slice that someone says another controller manages stays": {
			household: householdOf(web, withLeader(leader), withSlices(sliceOf(leader, discoveryv1.AddressTypeIPv4, func(s *discoveryv1.EndpointSlice) {
				s.Labels[discoveryv1.LabelManagedBy] = endpointSliceController
			})), bare),
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			c := decideChores(test.household, t0)
			if diff := cmp.Diff(test.want, doneOf(c)); diff != "" {
				t.Errorf("unexpected chores (-want +got):\n%s", diff)
			}
			if c.foreign != test.foreign {
				t.Errorf("%d slices are counted as foreign, want %d", c.foreign, test.foreign)
			}
		})
	}
}

func TestNoAdviceTakesALeaderAway(t *testing.T) {
	web := webService()
	leader := leaderOf(web)
	rival := webService(func(s *corev1.Service) { s.Name = "api" })
	for name, h := range map[string]household{
		"another Service's leader Service": householdOf(web, func(h *household) { h.named, h.rival = leaderOf(rival), rival }),
		"someone's Service":                householdOf(web, func(h *household) { h.named = leaderOf(rival, func(s *corev1.Service) { s.Labels = nil }) }),
		"a user's Endpoints":               householdOf(web, withLeader(leader), withSlices(mirroredSlice()), withEndpoints(nil), func(h *household) { h.bare = true }),
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range decideChores(h, t0).complaints {
				if strings.Contains(c.note, "delete it") || strings.Contains(c.note, "delete Service") || strings.Contains(c.note, "delete EndpointSlice") {
					t.Errorf("it advises: %s", c.note)
				}
			}
		})
	}
}

func TestOptingOut(t *testing.T) {
	web := webService()
	out := func(h *household) { h.optedIn, h.grace = false, 5*time.Minute }
	marked := func(since string) *corev1.Service {
		return leaderOf(web, func(s *corev1.Service) { s.Annotations = map[string]string{config.OrphanedSinceKey: since} })
	}
	cases := map[string]struct {
		household household
		want      done
	}{
		"a namespace's label that goes marks the leader Service": {
			household: householdOf(web, withLeader(leaderOf(web)), out),
			want:      done{Patch: "web-leader", LookAgain: 5 * time.Minute, Complaints: []string{reasonNamespaceOptedOut}},
		},
		"during the grace it stays": {
			household: householdOf(web, withLeader(marked("2026-03-01T11:58:00Z")), out),
			want:      done{LookAgain: 3 * time.Minute, Complaints: []string{reasonNamespaceOptedOut}},
		},
		"during the grace it is kept right": {
			household: householdOf(webService(func(s *corev1.Service) { s.Spec.Ports[0].Port = 81 }), withLeader(marked("2026-03-01T11:58:00Z")), out),
			want:      done{Patch: "web-leader", LookAgain: 3 * time.Minute, Complaints: []string{reasonNamespaceOptedOut}},
		},
		"after the grace it goes": {
			household: householdOf(web, withLeader(marked("2026-03-01T11:55:00Z")), out),
			want:      done{Delete: []string{"web-leader"}},
		},
		"a mark that cannot be read is set anew": {
			household: householdOf(web, withLeader(marked("yesterday")), out),
			want:      done{Patch: "web-leader", LookAgain: 5 * time.Minute, Complaints: []string{reasonNamespaceOptedOut}},
		},
		"a mark in the future is set anew": {
			household: householdOf(web, withLeader(marked("2027-03-01T11:55:00Z")), out),
			want:      done{Patch: "web-leader", LookAgain: 5 * time.Minute, Complaints: []string{reasonNamespaceOptedOut}},
		},
		"the Service's own annotation acts at once": {
			household: householdOf(annotated(config.EnabledKey, "false"), withLeader(leaderOf(web)), out),
			want:      done{Delete: []string{"web-leader"}},
		},
		"nothing is made for a Service that has none": {
			household: householdOf(web, out),
		},
		"when the label is back, the mark goes": {
			household: householdOf(web, withLeader(marked("2026-03-01T11:55:00Z"))),
			want:      done{Patch: "web-leader"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, doneOf(decideChores(test.household, t0))); diff != "" {
				t.Errorf("unexpected chores (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnotherInstallation(t *testing.T) {
	web := webService()
	theirs := leaderOf(web, func(s *corev1.Service) { s.Annotations = map[string]string{config.InstallationKey: "old"} })
	here := func(h *household) { h.installation = "tanist-system" }
	left := done{Complaints: []string{reasonOtherInstallation}, LookAgain: otherCheck}
	cases := map[string]struct {
		household household
		want      done
	}{
		"its leader Service is left alone":                      {householdOf(web, withLeader(theirs), here), left},
		"its slices too":                                        {householdOf(web, withLeader(theirs), here, withSlices(mirroredSlice()), func(h *household) { h.bare = true }), left},
		"also when the Service opts out":                        {householdOf(annotated(config.EnabledKey, "false"), withLeader(theirs), here), left},
		"also when the namespace does":                          {householdOf(web, withLeader(theirs), here, func(h *household) { h.optedIn = false }), done{Complaints: left.Complaints, LookAgain: otherCheck}},
		"when it has gone, it is taken over":                    {householdOf(web, withLeader(theirs), here, func(h *household) { h.otherGone = true }), done{Patch: "web-leader"}},
		"one that names nobody is marked":                       {householdOf(web, withLeader(leaderOf(web)), here), done{Patch: "web-leader"}},
		"one that nobody controls is adopted, whoever it names": {householdOf(web, withLeader(changed(theirs.DeepCopy(), []func(*corev1.Service){func(s *corev1.Service) { s.OwnerReferences = nil }})), here), done{Patch: "web-leader"}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			c := decideChores(test.household, t0)
			if diff := cmp.Diff(test.want, doneOf(c)); diff != "" {
				t.Errorf("unexpected chores (-want +got):\n%s", diff)
			}
			if c.patch != nil && c.patch.desired.Annotations[config.InstallationKey] != "tanist-system" {
				t.Error("the leader Service does not name this installation")
			}
		})
	}
}
