package leaderservice

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

// led is a state in which a pod leads.
func led(pod string, term int64) leaderslice.State {
	return leaderslice.State{
		Leader: leaderslice.Leader{UID: types.UID(pod + "-uid"), Name: pod, Node: "node-of-" + pod, Ready: true},
		Term:   term, Since: gen.T0.Add(-time.Minute), Reason: "LeaderDeleted",
	}
}

// inputOf is a Service with all that is there for it.
func inputOf(source *corev1.Service, changes ...func(*input)) input {
	h := input{source: source, optedIn: true}
	if source != nil {
		h.options, h.wrong = config.ParseOptions(source)
	}
	for _, change := range changes {
		change(&h)
	}
	return h
}

// withLeader adds leader Services; the one with the wanted name is the named one.
func withLeader(services ...*corev1.Service) func(*input) {
	return func(h *input) {
		for _, service := range services {
			if service.Name == h.options.LeaderService {
				h.named = service
			}
			if h.owns(service) && service.DeletionTimestamp == nil {
				h.services = append(h.services, service)
			}
		}
		h.existing = store.Named(h.services, h.options.LeaderService)
		if h.existing != nil {
			h.options, h.wrong = store.ResolveOptions(h.source, h.existing)
		}
	}
}

func withSlices(slices ...*discoveryv1.EndpointSlice) func(*input) {
	return func(h *input) { h.slices = append(h.slices, slices...) }
}

// planned are plan in a form that is easy to write down.
type planned struct {
	Create, Patch string
	Delete        []string
	Warnings      []string
	RequeueAfter  time.Duration
}

func plannedOf(c plan) planned {
	d := planned{RequeueAfter: c.requeueAfter}
	if c.create != nil {
		d.Create = c.create.Name
	}
	if c.patch != nil {
		d.Patch = c.patch.desired.Name
	}
	if c.deleteEndpoints != nil {
		d.Delete = append(d.Delete, "Endpoints "+c.deleteEndpoints.Name)
	}
	d.Delete = append(append(d.Delete, gen.NamesOf(c.deleteServices)...), gen.NamesOf(c.deleteSlices)...)
	for _, c := range c.warnings {
		d.Warnings = append(d.Warnings, c.Reason)
	}
	return d
}

func TestDecideChores(t *testing.T) {
	web := gen.WebService()
	leader := gen.LeaderOf(web)
	second := func(s *corev1.Service) { s.UID = "second" }
	cases := map[string]struct {
		input input
		want  planned
	}{
		"a leader Service is made": {
			input: inputOf(web), want: planned{Create: "web-leader"},
		},
		"a leader Service as it should be costs no write": {
			input: inputOf(web, withLeader(leader), withSlices(gen.SliceOf(leader, discoveryv1.AddressTypeIPv4))),
		},
		"a change of ports is followed": {
			input: inputOf(gen.WebService(func(s *corev1.Service) { s.Spec.Ports[0].Port = 81 }), withLeader(leader)),
			want:  planned{Patch: "web-leader"},
		},
		"a change of leader is copied": {
			input: inputOf(web, withLeader(leader), func(h *input) { h.state = led("a1", 5) }),
			want:  planned{Patch: "web-leader"},
		},
		"who follows is copied": {
			input: inputOf(web, withLeader(leader), func(h *input) { h.successor = new("b2") }),
			want:  planned{Patch: "web-leader"},
		},
		"that nobody follows is what a leader Service without a name says": {
			input: inputOf(web, withLeader(leader), func(h *input) { h.successor = new("") }),
		},
		"as long as nobody knows who follows, what it says stays": {
			input: inputOf(web, withLeader(gen.LeaderOf(web, func(s *corev1.Service) {
				s.Annotations = map[string]string{config.SuccessorKey: "b2"}
			}))),
		},
		"when nobody follows any longer, the name goes": {
			input: inputOf(web, withLeader(gen.LeaderOf(web, func(s *corev1.Service) {
				s.Annotations = map[string]string{config.SuccessorKey: "b2"}
			})), func(h *input) { h.successor = new("") }),
			want: planned{Patch: "web-leader"},
		},
		"a leader Service that is going is not changed": {
			input: inputOf(gen.WebService(func(s *corev1.Service) { s.Spec.Ports[0].Port = 81 }),
				withLeader(gen.LeaderOf(web, func(s *corev1.Service) { now := metav1.NewTime(gen.T0); s.DeletionTimestamp = &now }))),
		},
		"of a new name, the leader Service is made first": {
			input: inputOf(gen.Annotated(config.LeaderServiceKey, "boss"), withLeader(leader), withSlices(gen.SliceOf(leader, discoveryv1.AddressTypeIPv4))),
			want:  planned{Create: "boss", Patch: "web-leader"},
		},
		"then the one of the old name goes, with its slices": {
			input: inputOf(gen.Annotated(config.LeaderServiceKey, "boss"),
				withLeader(leader, gen.LeaderOf(web, func(s *corev1.Service) {
					s.Name, s.UID, s.Annotations = "boss", "boss-uid", map[string]string{config.LastGoodKey: `{"tanist.dev/leader-service":"boss"}`}
				})),
				withSlices(gen.SliceOf(leader, discoveryv1.AddressTypeIPv4))),
			want: planned{Delete: []string{"web-leader", "web-leader-ipv4"}},
		},
		"a slice of a family that is no longer served goes": {
			input: inputOf(web, withLeader(leader),
				withSlices(gen.SliceOf(leader, discoveryv1.AddressTypeIPv4), gen.SliceOf(leader, discoveryv1.AddressTypeIPv6))),
			want: planned{Delete: []string{"web-leader-ipv6"}},
		},
		"a slice by another name is a stray": {
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
		"a slice with our labels that nobody controls and that has another name is left alone and reported": {
			input: inputOf(web, withLeader(leader), withSlices(
				gen.SliceOf(leader, discoveryv1.AddressTypeIPv4, func(s *discoveryv1.EndpointSlice) { s.Name, s.OwnerReferences = "decoy", nil }))),
			want: planned{Warnings: []string{notify.ReasonForeignSlice}},
		},
		"a restored slice of a family that is no longer served goes": {
			input: inputOf(web, withLeader(leader), withSlices(
				gen.SliceOf(leader, discoveryv1.AddressTypeIPv6, func(s *discoveryv1.EndpointSlice) { s.OwnerReferences = nil }))),
			want: planned{Delete: []string{"web-leader-ipv6"}},
		},
		"when the annotation is removed, all goes": {
			input: inputOf(gen.WebService(func(s *corev1.Service) { s.Annotations = nil }), withLeader(leader),
				withSlices(gen.SliceOf(leader, discoveryv1.AddressTypeIPv4))),
			want: planned{Delete: []string{"web-leader", "web-leader-ipv4"}},
		},
		"when the annotation says false, all goes": {
			input: inputOf(gen.Annotated(config.EnabledKey, "false"), withLeader(leader)),
			want:  planned{Delete: []string{"web-leader"}},
		},
		"when the namespace opts out and there is no grace, all goes": {
			input: inputOf(web, withLeader(leader), func(h *input) { h.optedIn = false }),
			want:  planned{Delete: []string{"web-leader"}},
		},
		"when the Service is going, all goes": {
			input: inputOf(gen.WebService(func(s *corev1.Service) { now := metav1.NewTime(gen.T0); s.DeletionTimestamp = &now }), withLeader(leader)),
			want:  planned{Delete: []string{"web-leader"}},
		},
		"when the Service is gone, the garbage collector is left to its work": {
			input: inputOf(nil, func(h *input) { h.services = []*corev1.Service{leader} },
				withSlices(gen.SliceOf(leader, discoveryv1.AddressTypeIPv4))),
		},
		"when the namespace is going, nothing is done": {
			input: inputOf(web, func(h *input) { h.optedIn, h.terminating = false, true }, withLeader(leader)),
		},
		"what is going already is not deleted again": {
			input: inputOf(gen.WebService(func(s *corev1.Service) { s.Annotations = nil }),
				withLeader(gen.LeaderOf(web, func(s *corev1.Service) { now := metav1.NewTime(gen.T0); s.DeletionTimestamp = &now }))),
		},
		"the leader Service of an earlier Service is adopted once that is known to be gone": {
			input: inputOf(gen.WebService(second), withLeader(leader), func(h *input) { h.ownerGone = true }),
			want:  planned{Patch: "web-leader"},
		},
		"the leader Service of a Service that may be there is left alone and reported": {
			input: inputOf(gen.WebService(second), withLeader(leader)),
			want:  planned{Warnings: []string{notify.ReasonLeaderServiceTaken}},
		},
		"a restored leader Service, which nobody controls, is adopted": {
			input: inputOf(web, withLeader(gen.LeaderOf(web, func(s *corev1.Service) { s.OwnerReferences = nil }))),
			want:  planned{Patch: "web-leader"},
		},
		"a restored leader Service that belongs to another Service is left alone and reported": {
			input: inputOf(web, withLeader(gen.LeaderOf(web, func(s *corev1.Service) { s.OwnerReferences = nil })),
				func(h *input) { h.rival = gen.WebService(func(s *corev1.Service) { s.Name = "api" }) }),
			want: planned{Warnings: []string{notify.ReasonLeaderServiceTaken}},
		},
		"labels that someone changed are put right": {
			input: inputOf(web, withLeader(gen.LeaderOf(web, func(s *corev1.Service) { s.Labels[config.ManagedByKey] = "platform" }))),
			want:  planned{Patch: "web-leader"},
		},
		"a selector that someone set is taken away": {
			input: inputOf(web, withLeader(gen.LeaderOf(web, func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "web"} }))),
			want:  planned{Patch: "web-leader"},
		},
		"another owner that does not control it is no reason to write": {
			input: inputOf(web, withLeader(gen.LeaderOf(web, func(s *corev1.Service) {
				s.OwnerReferences = append([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "x", UID: "x"}}, s.OwnerReferences...)
			}))),
		},
		"a Service that only has the name is left alone and reported": {
			input: inputOf(web, func(h *input) {
				h.named = gen.LeaderOf(web, func(s *corev1.Service) { s.Labels, s.OwnerReferences = nil, nil })
			}),
			want: planned{Warnings: []string{notify.ReasonLeaderServiceTaken}},
		},
		"the leader Service of another Service is left alone and reported": {
			input: inputOf(web, func(h *input) {
				h.named = gen.LeaderOf(gen.WebService(func(s *corev1.Service) { s.Name, s.UID = "api", "api-uid" }), func(s *corev1.Service) { s.Name = "web-leader" })
			}),
			want: planned{Warnings: []string{notify.ReasonLeaderServiceTaken}},
		},
		"another primary family needs another leader Service": {
			input: inputOf(gen.WebService(func(s *corev1.Service) { s.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol} }), withLeader(leader)),
			want:  planned{Delete: []string{"web-leader"}},
		},
		"a Service without selector has no leader, and is reported": {
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
		"each wrong annotation is reported, and the rest works": {
			input: inputOf(gen.Annotated(config.StickyKey, "perhaps", config.MinReadyKey, "soon"), withLeader(leader)),
			want:  planned{Warnings: []string{notify.ReasonInvalidAnnotation, notify.ReasonInvalidAnnotation}},
		},
		"an opt-in that is not true or false is reported": {
			input: inputOf(gen.Annotated(config.EnabledKey, "yes")),
			want:  planned{Warnings: []string{notify.ReasonInvalidAnnotation}},
		},
		"a wrong annotation is nobody's business without the opt-in": {
			input: inputOf(gen.Annotated(config.EnabledKey, "false", config.StickyKey, "perhaps")),
		},
		"a wrong annotation is nobody's business in a namespace that has not opted in": {
			input: inputOf(gen.Annotated(config.StickyKey, "perhaps"), func(h *input) { h.optedIn = false }),
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

func TestAComplaintSaysWhatWouldBeRight(t *testing.T) {
	plan := decide(inputOf(gen.Annotated(config.StickyKey, "perhaps"), withLeader(gen.LeaderOf(gen.WebService()))), gen.T0)
	for _, part := range []string{config.StickyKey, `"perhaps"`, `"true"`, `"false"`} {
		if note := plan.warnings[0].Note; !strings.Contains(note, part) {
			t.Errorf("%q does not mention %s", note, part)
		}
	}
}

func TestMirror(t *testing.T) {
	anywhere, single := corev1.ServiceInternalTrafficPolicyCluster, corev1.IPFamilyPolicySingleStack
	plain := corev1.ServiceSpec{
		Type:       corev1.ServiceTypeClusterIP,
		Ports:      []corev1.ServicePort{{Name: "http", Protocol: corev1.ProtocolTCP, Port: 80, TargetPort: intstr.FromString("web")}},
		IPFamilies: []corev1.IPFamily{corev1.IPv4Protocol}, IPFamilyPolicy: &single,
		SessionAffinity: corev1.ServiceAffinityNone, InternalTrafficPolicy: &anywhere,
		ClusterIP: "10.0.0.7", ClusterIPs: []string{"10.0.0.7"},
	}
	cases := map[string]struct {
		source func(*corev1.Service)
		leader func(*corev1.Service)
		want   func(*corev1.ServiceSpec)
	}{
		"a plain Service": {},
		"a headless Service": {
			source: func(s *corev1.Service) { s.Spec.ClusterIP, s.Spec.ClusterIPs = "None", []string{"None"} },
		},
		"a LoadBalancer with all that could hide the leader": {
			source: func(s *corev1.Service) {
				local, near := corev1.ServiceInternalTrafficPolicyLocal, corev1.ServiceTrafficDistributionPreferClose
				s.Spec.Type, s.Spec.ExternalTrafficPolicy = corev1.ServiceTypeLoadBalancer, corev1.ServiceExternalTrafficPolicyLocal
				s.Spec.InternalTrafficPolicy, s.Spec.TrafficDistribution = &local, &near
				s.Spec.SessionAffinity, s.Spec.HealthCheckNodePort = corev1.ServiceAffinityClientIP, 31000
				s.Spec.Ports[0].NodePort, s.Spec.ExternalIPs = 30000, []string{"1.2.3.4"}
				s.Spec.PublishNotReadyAddresses = true
			},
		},
		"several ports with application protocols": {
			source: func(s *corev1.Service) {
				s.Spec.Ports[0].AppProtocol = new("kubernetes.io/h2c")
				s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: "dns", Protocol: corev1.ProtocolUDP, Port: 53})
			},
			want: func(s *corev1.ServiceSpec) {
				s.Ports[0].AppProtocol = new("kubernetes.io/h2c")
				s.Ports = append(s.Ports, corev1.ServicePort{Name: "dns", Protocol: corev1.ProtocolUDP, Port: 53})
			},
		},
		"a second family is added": {
			source: gen.DualStack(corev1.IPFamilyPolicyRequireDualStack),
			want: func(s *corev1.ServiceSpec) {
				s.IPFamilies, s.IPFamilyPolicy = []corev1.IPFamily{"IPv4", "IPv6"}, new(corev1.IPFamilyPolicyRequireDualStack)
			},
		},
		"a second family is removed": {
			leader: func(s *corev1.Service) {
				gen.DualStack(corev1.IPFamilyPolicyRequireDualStack)(s)
				s.Spec.ClusterIPs = []string{"10.0.0.7", "fd00::7"}
			},
		},
		"a Service that prefers two families and has one": {
			source: func(s *corev1.Service) { s.Spec.IPFamilyPolicy = new(corev1.IPFamilyPolicyPreferDualStack) },
		},
		"a second family that the API server gave to a Service that prefers two": {
			source: func(s *corev1.Service) { s.Spec.IPFamilyPolicy = new(corev1.IPFamilyPolicyPreferDualStack) },
			leader: func(s *corev1.Service) {
				gen.DualStack(corev1.IPFamilyPolicyPreferDualStack)(s)
				s.Spec.ClusterIPs = []string{"10.0.0.7", "fd00::7"}
			},
		},
		"a Service that prefers two families and has them": {
			source: gen.DualStack(corev1.IPFamilyPolicyPreferDualStack),
			want: func(s *corev1.ServiceSpec) {
				s.IPFamilies, s.IPFamilyPolicy = []corev1.IPFamily{"IPv4", "IPv6"}, new(corev1.IPFamilyPolicyPreferDualStack)
			},
		},
		"what someone did to the leader Service is undone": {
			leader: func(s *corev1.Service) {
				s.Spec.Selector, s.Spec.Type = map[string]string{"app": "web"}, corev1.ServiceTypeNodePort
				s.Spec.Ports[0].NodePort, s.Spec.ExternalIPs = 30001, []string{"1.2.3.4"}
			},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			source, current := gen.WebService(), gen.LeaderOf(gen.WebService())
			if test.source != nil {
				test.source(source)
			}
			if test.leader != nil {
				test.leader(current)
			}
			want := *plain.DeepCopy()
			if test.want != nil {
				test.want(&want)
			}
			if diff := cmp.Diff(want, Mirror(current, source, leaderslice.State{}).Spec); diff != "" {
				t.Errorf("unexpected spec (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMirrorKeepsWhatIsNotOurs(t *testing.T) {
	current := gen.LeaderOf(gen.WebService(), func(s *corev1.Service) {
		s.Labels["team"] = "shop"
		s.Annotations = map[string]string{"note": "x", config.LeaderKey: "a1", config.TermKey: "5"}
	})
	got := Mirror(current, gen.WebService(), leaderslice.State{Term: 6, Reason: "NoCandidate"})
	wantLabels := map[string]string{"team": "shop", config.ManagedByKey: config.ManagedBy, config.SourceServiceKey: "web"}
	if diff := cmp.Diff(wantLabels, got.Labels); diff != "" {
		t.Errorf("unexpected labels (-want +got):\n%s", diff)
	}
	wantAnnotations := map[string]string{"note": "x", config.TermKey: "6", config.ReasonKey: "NoCandidate"}
	if diff := cmp.Diff(wantAnnotations, got.Annotations); diff != "" {
		t.Errorf("unexpected annotations (-want +got):\n%s", diff)
	}
	if !leaderslice.OwnsLeaderService(got, gen.WebService()) {
		t.Error("it is not ours")
	}
}

func TestAReportIsPutOffAndNothingElse(t *testing.T) {
	leads := func(h *input) { h.state = led("a1", 5) }
	otherPorts := gen.WebService(func(s *corev1.Service) { s.Spec.Ports[0].Port = 8080 })
	cases := map[string]struct {
		input input
		wait  time.Duration
		want  planned
	}{
		"while leaders move":      {input: inputOf(gen.WebService(), withLeader(gen.LeaderOf(gen.WebService())), leads), wait: time.Second, want: planned{RequeueAfter: time.Second}},
		"not when it is calm":     {input: inputOf(gen.WebService(), withLeader(gen.LeaderOf(gen.WebService())), leads), want: planned{Patch: "web-leader"}},
		"not with another change": {input: inputOf(otherPorts, withLeader(gen.LeaderOf(gen.WebService())), leads), wait: time.Second, want: planned{Patch: "web-leader"}},
		"not what is made anew":   {input: inputOf(gen.WebService(), leads), wait: time.Second, want: planned{Create: "web-leader"}},
		"nothing to put off":      {input: inputOf(gen.WebService(), withLeader(gen.LeaderOf(gen.WebService()))), wait: time.Second, want: planned{}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			plan := decide(test.input, gen.T0)
			plan.deferReport(test.wait)
			if diff := cmp.Diff(test.want, plannedOf(plan)); diff != "" {
				t.Errorf("unexpected plan (-want +got):\n%s", diff)
			}
		})
	}
}
