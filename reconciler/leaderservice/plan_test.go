package leaderservice

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestDecide(t *testing.T) {
	web := gen.WebService()
	leader := gen.LeaderOf(web)
	second := func(s *corev1.Service) { s.UID = "second" }
	cases := map[string]struct {
		input input
		want  planned
	}{
		"a leader Service is created": {
			input: inputOf(web), want: planned{Create: "web-leader"},
		},
		"a leader Service that is as desired is not written": {
			input: inputOf(web, withLeader(leader), withSlices(gen.SliceOf(leader, discoveryv1.AddressTypeIPv4))),
		},
		"changed ports are copied": {
			input: inputOf(gen.WebService(func(s *corev1.Service) { s.Spec.Ports[0].Port = 81 }), withLeader(leader)),
			want:  planned{Patch: "web-leader"},
		},
		"another leader is copied": {
			input: inputOf(web, withLeader(leader), func(in *input) { in.state = led("a1", 5) }),
			want:  planned{Patch: "web-leader"},
		},
		"the successor is copied": {
			input: inputOf(web, withLeader(leader), func(in *input) { in.successor = new("b2") }),
			want:  planned{Patch: "web-leader"},
		},
		"without a successor, a leader Service without the annotation is not written": {
			input: inputOf(web, withLeader(leader), func(in *input) { in.successor = new("") }),
		},
		"as long as the successor is unknown, the annotation stays": {
			input: inputOf(web, withLeader(gen.LeaderOf(web, func(s *corev1.Service) {
				s.Annotations = map[string]string{config.SuccessorKey: "b2"}
			}))),
		},
		"when there is no successor any more, the annotation is removed": {
			input: inputOf(web, withLeader(gen.LeaderOf(web, func(s *corev1.Service) {
				s.Annotations = map[string]string{config.SuccessorKey: "b2"}
			})), func(in *input) { in.successor = new("") }),
			want: planned{Patch: "web-leader"},
		},
		"a leader Service that is being deleted is not changed": {
			input: inputOf(gen.WebService(func(s *corev1.Service) { s.Spec.Ports[0].Port = 81 }),
				withLeader(gen.LeaderOf(web, func(s *corev1.Service) { now := metav1.NewTime(gen.T0); s.DeletionTimestamp = &now }))),
		},
		"when the name changes, the leader Service with the new name is created first": {
			input: inputOf(gen.Annotated(config.LeaderServiceKey, "boss"), withLeader(leader), withSlices(gen.SliceOf(leader, discoveryv1.AddressTypeIPv4))),
			want:  planned{Create: "boss", Patch: "web-leader"},
		},
		"then the one with the old name is deleted, with its slices": {
			input: inputOf(gen.Annotated(config.LeaderServiceKey, "boss"),
				withLeader(leader, gen.LeaderOf(web, func(s *corev1.Service) {
					s.Name, s.UID, s.Annotations = "boss", "boss-uid", map[string]string{config.LastGoodKey: `{"tanist.dev/leader-service":"boss"}`}
				})),
				withSlices(gen.SliceOf(leader, discoveryv1.AddressTypeIPv4))),
			want: planned{Delete: []string{"web-leader", "web-leader-ipv4"}},
		},
		"a slice of a family that is no longer served is deleted": {
			input: inputOf(web, withLeader(leader),
				withSlices(gen.SliceOf(leader, discoveryv1.AddressTypeIPv4), gen.SliceOf(leader, discoveryv1.AddressTypeIPv6))),
			want: planned{Delete: []string{"web-leader-ipv6"}},
		},
		"a slice of ours with another name is deleted": {
			input: inputOf(web, withLeader(leader), withSlices(
				gen.SliceOf(leader, discoveryv1.AddressTypeIPv4, func(s *discoveryv1.EndpointSlice) { s.Name = "stray" }))),
			want: planned{Delete: []string{"stray"}},
		},
		"a slice that is not ours and takes traffic is left alone and reported": {
			input: inputOf(web, withLeader(leader), withSlices(
				gen.SliceOf(leader, discoveryv1.AddressTypeIPv4, func(s *discoveryv1.EndpointSlice) {
					s.Name, s.OwnerReferences, s.Labels = "stray", nil, map[string]string{discoveryv1.LabelServiceName: "web-leader"}
				}))),
			want: planned{Warnings: []string{notify.ReasonForeignSlice}},
		},
		"a slice with our labels, without a controller and with another name is left alone and reported": {
			input: inputOf(web, withLeader(leader), withSlices(
				gen.SliceOf(leader, discoveryv1.AddressTypeIPv4, func(s *discoveryv1.EndpointSlice) { s.Name, s.OwnerReferences = "decoy", nil }))),
			want: planned{Warnings: []string{notify.ReasonForeignSlice}},
		},
		"a restored slice of a family that is no longer served is deleted": {
			input: inputOf(web, withLeader(leader), withSlices(
				gen.SliceOf(leader, discoveryv1.AddressTypeIPv6, func(s *discoveryv1.EndpointSlice) { s.OwnerReferences = nil }))),
			want: planned{Delete: []string{"web-leader-ipv6"}},
		},
		"when the annotation is removed, the leader Service and its slices are deleted": {
			input: inputOf(gen.WebService(func(s *corev1.Service) { s.Annotations = nil }), withLeader(leader),
				withSlices(gen.SliceOf(leader, discoveryv1.AddressTypeIPv4))),
			want: planned{Delete: []string{"web-leader", "web-leader-ipv4"}},
		},
		"when the annotation is false, the leader Service is deleted": {
			input: inputOf(gen.Annotated(config.EnabledKey, "false"), withLeader(leader)),
			want:  planned{Delete: []string{"web-leader"}},
		},
		"when the namespace opts out and there is no grace period, the leader Service is deleted": {
			input: inputOf(web, withLeader(leader), func(in *input) { in.optedIn = false }),
			want:  planned{Delete: []string{"web-leader"}},
		},
		"when the Service is being deleted, the leader Service is deleted": {
			input: inputOf(gen.WebService(func(s *corev1.Service) { now := metav1.NewTime(gen.T0); s.DeletionTimestamp = &now }), withLeader(leader)),
			want:  planned{Delete: []string{"web-leader"}},
		},
		"when the Service is gone, deleting is left to the garbage collector": {
			input: inputOf(nil, func(in *input) { in.leaderServices = []*corev1.Service{leader} },
				withSlices(gen.SliceOf(leader, discoveryv1.AddressTypeIPv4))),
		},
		"when the namespace is being deleted, nothing is done": {
			input: inputOf(web, func(in *input) { in.optedIn, in.terminating = false, true }, withLeader(leader)),
		},
		"a leader Service that is being deleted is not deleted again": {
			input: inputOf(gen.WebService(func(s *corev1.Service) { s.Annotations = nil }),
				withLeader(gen.LeaderOf(web, func(s *corev1.Service) { now := metav1.NewTime(gen.T0); s.DeletionTimestamp = &now }))),
		},
		"the leader Service of an earlier Service is adopted once a live read shows that one to be gone": {
			input: inputOf(gen.WebService(second), withLeader(leader), func(in *input) { in.ownerGone = true }),
			want:  planned{Patch: "web-leader"},
		},
		"the leader Service of a Service that may exist is left alone and reported": {
			input: inputOf(gen.WebService(second), withLeader(leader)),
			want:  planned{Warnings: []string{notify.ReasonLeaderServiceTaken}},
		},
		"a restored leader Service, which has no controller, is adopted": {
			input: inputOf(web, withLeader(gen.LeaderOf(web, func(s *corev1.Service) { s.OwnerReferences = nil }))),
			want:  planned{Patch: "web-leader"},
		},
		"a restored leader Service that belongs to another Service is left alone and reported": {
			input: inputOf(web, withLeader(gen.LeaderOf(web, func(s *corev1.Service) { s.OwnerReferences = nil })),
				func(in *input) { in.otherOwner = gen.WebService(func(s *corev1.Service) { s.Name = "api" }) }),
			want: planned{Warnings: []string{notify.ReasonLeaderServiceTaken}},
		},
		"labels that someone has changed are repaired": {
			input: inputOf(web, withLeader(gen.LeaderOf(web, func(s *corev1.Service) { s.Labels[config.ManagedByKey] = "platform" }))),
			want:  planned{Patch: "web-leader"},
		},
		"a selector that someone has set is removed": {
			input: inputOf(web, withLeader(gen.LeaderOf(web, func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "web"} }))),
			want:  planned{Patch: "web-leader"},
		},
		"another owner that is not the controller stays": {
			input: inputOf(web, withLeader(gen.LeaderOf(web, func(s *corev1.Service) {
				s.OwnerReferences = append([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "x", UID: "x"}}, s.OwnerReferences...)
			}))),
		},
		"a Service that has nothing but the name is left alone and reported": {
			input: inputOf(web, func(in *input) {
				in.nameHolder = gen.LeaderOf(web, func(s *corev1.Service) { s.Labels, s.OwnerReferences = nil, nil })
			}),
			want: planned{Warnings: []string{notify.ReasonLeaderServiceTaken}},
		},
		"the leader Service of another Service is left alone and reported": {
			input: inputOf(web, func(in *input) {
				in.nameHolder = gen.LeaderOf(gen.WebService(func(s *corev1.Service) { s.Name, s.UID = "api", "api-uid" }), func(s *corev1.Service) { s.Name = "web-leader" })
			}),
			want: planned{Warnings: []string{notify.ReasonLeaderServiceTaken}},
		},
		"when the primary family changes, the leader Service is replaced": {
			input: inputOf(gen.WebService(func(s *corev1.Service) { s.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol} }), withLeader(leader)),
			want:  planned{Delete: []string{"web-leader"}},
		},
		"a Service that lost its selector longer ago than the grace period has no leader, and is reported": {
			input: inputOf(gen.WebService(func(s *corev1.Service) { s.Spec.Selector = nil }), withLeader(leader)),
			want:  planned{Delete: []string{"web-leader"}, Warnings: []string{notify.ReasonInvalidService}},
		},
		"an external name has no leader, and is reported": {
			input: inputOf(gen.WebService(func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeExternalName })),
			want:  planned{Warnings: []string{notify.ReasonInvalidService}},
		},
		"a headless Service without ports has no leader, and is reported": {
			input: inputOf(gen.WebService(func(s *corev1.Service) { s.Spec.ClusterIP, s.Spec.Ports = "None", nil })),
			want:  planned{Warnings: []string{notify.ReasonInvalidService}},
		},
		"each invalid annotation is reported, and the others are used": {
			input: inputOf(gen.Annotated(config.StickyKey, "perhaps", config.MinReadyKey, "soon"), withLeader(leader)),
			want:  planned{Warnings: []string{notify.ReasonInvalidAnnotation, notify.ReasonInvalidAnnotation}},
		},
		"an opt-in that is not true or false is reported": {
			input: inputOf(gen.Annotated(config.EnabledKey, "yes")),
			want:  planned{Warnings: []string{notify.ReasonInvalidAnnotation}},
		},
		"an invalid annotation is not reported when the Service has opted out": {
			input: inputOf(gen.Annotated(config.EnabledKey, "false", config.StickyKey, "perhaps")),
		},
		"an invalid annotation is not reported in a namespace that has not opted in": {
			input: inputOf(gen.Annotated(config.StickyKey, "perhaps"), func(in *input) { in.optedIn = false }),
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
