package status

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// lost records a move in the history: to nobody, or to a pod.
func lost(term, to string) func(*discoveryv1.EndpointSlice) {
	return func(s *discoveryv1.EndpointSlice) {
		delete(s.Annotations, config.LeaderSinceKey)
		s.Annotations[config.HistoryKey] = `[{"at":"2026-03-01T12:00:00Z","from":"a","to":"` + to + `","term":` + term + `,"reason":"NoCandidate"}]`
	}
}

// nobodyLeads takes the leader out of a status, and all pods but one that is not ready.
func nobodyLeads(l *Leader) {
	l.Leader, l.Watched, l.Candidates, l.Slices[0].Addresses = nil, nil, &Candidates{Total: 1}, nil
}

func TestOf(t *testing.T) {
	since, sticky := t0, true
	whole := Leader{
		TypeMeta:  metav1.TypeMeta{APIVersion: "cli.tanist.dev/v1", Kind: "Leader"},
		Namespace: "shop", Service: "web", LeaderService: "web-leader",
		Leader: &Pod{
			Name: "a", UID: "a", Node: "node-of-a", Ready: true, Addresses: []string{"10.0.0.1"}, DrainWindow: "3s", Revision: "7d4b",
			State: PodReady,
		},
		Successor: "b", Term: 3, Since: &since, Reason: "LeaderDeleted",
		Options:    Options{Strategy: "oldest", Sticky: &sticky, MinReady: "0s", NotReadyGrace: "0s", Probe: "auto"},
		Watched:    &Watched{Node: true, Pod: true},
		Candidates: &Candidates{Ready: 2, Total: 3},
		Slices:     []Slice{{Name: "web-leader-ipv4", AddressType: "IPv4", Addresses: []string{"10.0.0.1"}}},
	}
	cases := map[string]struct {
		objects Objects
		want    func(*Leader)
	}{
		"all is well": {objects: objects(), want: func(*Leader) {}},
		"two address families": {
			objects: objects(func(o *Objects) { o.Slices = append(o.Slices, slice(ipv6)) }),
			want: func(l *Leader) {
				l.Leader.Addresses = append(l.Leader.Addresses, "fd00::1")
				l.Slices = append(l.Slices, Slice{Name: "web-leader-ipv6", AddressType: "IPv6", Addresses: []string{"fd00::1"}})
			},
		},
		"of two families, the slice with the newer term counts; the successor is not published yet": {
			objects: objects(func(o *Objects) {
				o.Slices = append(o.Slices, slice(ipv6, func(s *discoveryv1.EndpointSlice) {
					s.Annotations[config.TermKey] = "4"
					s.Endpoints = []discoveryv1.Endpoint{endpoint("b", "fd00::2", true)}
				}))
			}),
			want: func(l *Leader) {
				l.Leader = &Pod{Name: "b", UID: "b", Node: "node-of-b", Ready: true, Addresses: []string{"fd00::2"}, DrainWindow: "3s", Revision: "7d4b", State: PodReady}
				l.Term, l.Successor, l.SuccessorPending = 4, "", true
				l.Slices = append(l.Slices, Slice{Name: "web-leader-ipv6", AddressType: "IPv6", Addresses: []string{"fd00::2"}})
			},
		},
		"the leader is still named as the successor": {
			objects: objects(func(o *Objects) { o.Services[1].Annotations[config.SuccessorKey] = "a" }),
			want:    func(l *Leader) { l.Successor, l.SuccessorPending = "", true },
		},
		"pods may not be read": {
			objects: objects(func(o *Objects) { o.Pods, o.PodsKnown = nil, false }),
			want: func(l *Leader) {
				l.Leader.DrainWindow, l.Leader.Revision, l.Leader.State, l.Candidates, l.Watched = "", "", "", nil, nil
			},
		},
		"a pod that only has the leader's name tells nothing of it": {
			objects: objects(func(o *Objects) { o.Pods[0].UID = "other" }),
			want: func(l *Leader) {
				l.Leader.DrainWindow, l.Leader.Revision, l.Leader.State, l.Watched = "", "", PodGone, nil
				l.Warnings = []Warning{{"leader gone", "pod a no longer exists, has finished or is not selected any more, and the EndpointSlices still send it the traffic: " + behind}}
			},
		},
		"pods that have finished and those of others are no candidates": {
			objects: objects(func(o *Objects) {
				o.Pods = append(o.Pods,
					pod("d", func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }),
					pod("e", func(p *corev1.Pod) { p.Labels = nil }), pod("f", func(p *corev1.Pod) { p.Namespace = "other" }))
			}),
			want: func(*Leader) {},
		},
		"what the annotations ask for": {
			objects: objects(func(o *Objects) {
				o.Service = web(func(s *corev1.Service) {
					s.Annotations[config.StrategyKey], s.Annotations[config.StickyKey] = "ordinal", "false"
					s.Annotations[config.MinReadyKey], s.Annotations[config.DrainWindowKey] = "10s", "5s"
					s.Annotations[config.PreferredLeaderKey] = "a"
					s.Annotations[config.LossAfterKey], s.Annotations[config.FreezeAfterKey] = "2s", "3s"
				})
			}),
			want: func(l *Leader) {
				no := false
				l.Options = Options{Strategy: "ordinal", Sticky: &no, MinReady: "10s", NotReadyGrace: "0s", DrainWindow: "5s", PreferredLeader: "a", Probe: "auto", LossAfter: "2s", FreezeAfter: "3s"}
			},
		},
		"nobody leads since a leader was lost": {
			objects: objects(func(o *Objects) {
				o.Slices = []*discoveryv1.EndpointSlice{slice(nobody, lost("3", ""))}
				o.Pods = o.Pods[2:]
			}),
			want: func(l *Leader) {
				nobodyLeads(l)
				l.Warnings = []Warning{{"no leader: no ready pod", "none of the 1 pods that the Service selects is ready; nobody has led since 2026-03-01T12:00:00Z"}}
			},
		},
		"nobody leads, and the history is of another term": {
			objects: objects(func(o *Objects) {
				o.Slices = []*discoveryv1.EndpointSlice{slice(nobody, lost("2", ""))}
				o.Pods = o.Pods[2:]
			}),
			want: func(l *Leader) {
				nobodyLeads(l)
				l.Since = nil
				l.Warnings = []Warning{{"no leader: no ready pod", "none of the 1 pods that the Service selects is ready"}}
			},
		},
		"nobody leads, and the history says that somebody does": {
			objects: objects(func(o *Objects) {
				o.Slices = []*discoveryv1.EndpointSlice{slice(nobody, lost("3", "b"))}
				o.Pods = o.Pods[2:]
			}),
			want: func(l *Leader) {
				nobodyLeads(l)
				l.Since = nil
				l.Warnings = []Warning{{"no leader: no ready pod", "none of the 1 pods that the Service selects is ready"}}
			},
		},
		"nobody can follow": {
			objects: objects(func(o *Objects) {
				o.Services[1] = boss(func(s *corev1.Service) { delete(s.Annotations, config.SuccessorKey) })
			}),
			want: func(l *Leader) { l.Successor = "" },
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			want := whole
			leader := *whole.Leader
			want.Leader, want.Slices = &leader, slices.Clone(whole.Slices)
			test.want(&want)
			if diff := cmp.Diff(want, Of(test.objects)); diff != "" {
				t.Errorf("unexpected status (-want +got):\n%s", diff)
			}
		})
	}
}
