package reconciler

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

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
)

// householdOf is a Service with all that is there for it.
func householdOf(source *corev1.Service, changes ...func(*household)) household {
	h := household{source: source, optedIn: true}
	if source != nil {
		h.options, h.wrong = config.ParseOptions(source)
	}
	for _, change := range changes {
		change(&h)
	}
	return h
}

// withLeader adds leader Services; the one with the wanted name is the named one.
func withLeader(services ...*corev1.Service) func(*household) {
	return func(h *household) {
		for _, service := range services {
			if service.Name == h.options.LeaderService {
				h.named = service
			}
			if h.owns(service) && service.DeletionTimestamp == nil {
				h.services = append(h.services, service)
			}
		}
		h.existing = named(h.services, h.options.LeaderService)
		if h.existing != nil {
			h.options, h.wrong = resolveOptions(h.source, h.existing)
		}
	}
}

func withSlices(slices ...*discoveryv1.EndpointSlice) func(*household) {
	return func(h *household) { h.slices = append(h.slices, slices...) }
}

// sliceOf is a slice of a leader Service.
func sliceOf(leaderService *corev1.Service, family discoveryv1.AddressType, change ...func(*discoveryv1.EndpointSlice)) *discoveryv1.EndpointSlice {
	content := sliceContent{source: webService(), leaderService: leaderService, state: leading("a1", 5), pod: readyPod("a1")}
	slice := content.slice(family)
	slice.UID = types.UID(slice.Name + "-uid")
	return changed(slice, change)
}

// done are chores in a form that is easy to write down.
type done struct {
	Create, Patch string
	Delete        []string
	Complaints    []string
	LookAgain     time.Duration
}

func doneOf(c chores) done {
	d := done{LookAgain: c.lookAgain}
	if c.create != nil {
		d.Create = c.create.Name
	}
	if c.patch != nil {
		d.Patch = c.patch.desired.Name
	}
	if c.deleteEndpoints != nil {
		d.Delete = append(d.Delete, "Endpoints "+c.deleteEndpoints.Name)
	}
	d.Delete = append(append(d.Delete, namesOf(c.deleteServices)...), namesOf(c.deleteSlices)...)
	for _, c := range c.complaints {
		d.Complaints = append(d.Complaints, c.reason)
	}
	return d
}

func TestDecideChores(t *testing.T) {
	web := webService()
	leader := leaderOf(web)
	second := func(s *corev1.Service) { s.UID = "second" }
	cases := map[string]struct {
		household household
		want      done
	}{
		"a leader Service is made": {
			household: householdOf(web), want: done{Create: "web-leader"},
		},
		"a leader Service as it should be costs no write": {
			household: householdOf(web, withLeader(leader), withSlices(sliceOf(leader, discoveryv1.AddressTypeIPv4))),
		},
		"a change of ports is followed": {
			household: householdOf(webService(func(s *corev1.Service) { s.Spec.Ports[0].Port = 81 }), withLeader(leader)),
			want:      done{Patch: "web-leader"},
		},
		"a change of leader is copied": {
			household: householdOf(web, withLeader(leader), func(h *household) { h.state = leading("a1", 5) }),
			want:      done{Patch: "web-leader"},
		},
		"who follows is copied": {
			household: householdOf(web, withLeader(leader), func(h *household) { h.successor = new("b2") }),
			want:      done{Patch: "web-leader"},
		},
		"that nobody follows is what a leader Service without a name says": {
			household: householdOf(web, withLeader(leader), func(h *household) { h.successor = new("") }),
		},
		"as long as nobody knows who follows, what it says stays": {
			household: householdOf(web, withLeader(leaderOf(web, func(s *corev1.Service) {
				s.Annotations = map[string]string{config.SuccessorKey: "b2"}
			}))),
		},
		"when nobody follows any longer, the name goes": {
			household: householdOf(web, withLeader(leaderOf(web, func(s *corev1.Service) {
				s.Annotations = map[string]string{config.SuccessorKey: "b2"}
			})), func(h *household) { h.successor = new("") }),
			want: done{Patch: "web-leader"},
		},
		"a leader Service that is going is not changed": {
			household: householdOf(webService(func(s *corev1.Service) { s.Spec.Ports[0].Port = 81 }),
				withLeader(leaderOf(web, func(s *corev1.Service) { now := metav1.NewTime(t0); s.DeletionTimestamp = &now }))),
		},
		"of a new name, the leader Service is made first": {
			household: householdOf(annotated(config.LeaderServiceKey, "boss"), withLeader(leader), withSlices(sliceOf(leader, discoveryv1.AddressTypeIPv4))),
			want:      done{Create: "boss", Patch: "web-leader"},
		},
		"then the one of the old name goes, with its slices": {
			household: householdOf(annotated(config.LeaderServiceKey, "boss"),
				withLeader(leader, leaderOf(web, func(s *corev1.Service) {
					s.Name, s.UID, s.Annotations = "boss", "boss-uid", map[string]string{config.LastGoodKey: `{"tanist.dev/leader-service":"boss"}`}
				})),
				withSlices(sliceOf(leader, discoveryv1.AddressTypeIPv4))),
			want: done{Delete: []string{"web-leader", "web-leader-ipv4"}},
		},
		"a slice of a family that is no longer served goes": {
			household: householdOf(web, withLeader(leader),
				withSlices(sliceOf(leader, discoveryv1.AddressTypeIPv4), sliceOf(leader, discoveryv1.AddressTypeIPv6))),
			want: done{Delete: []string{"web-leader-ipv6"}},
		},
		"a slice by another name is a stray": {
			household: householdOf(web, withLeader(leader), withSlices(
				sliceOf(leader, discoveryv1.AddressTypeIPv4, func(s *discoveryv1.EndpointSlice) { s.Name = "stray" }))),
			want: done{Delete: []string{"stray"}},
		},
		"a slice that is not ours and takes traffic is left alone and reported": {
			household: householdOf(web, withLeader(leader), withSlices(
				sliceOf(leader, discoveryv1.AddressTypeIPv4, func(s *discoveryv1.EndpointSlice) {
					s.Name, s.OwnerReferences, s.Labels = "stray", nil, map[string]string{discoveryv1.LabelServiceName: "web-leader"}
				}))),
			want: done{Complaints: []string{reasonForeignSlice}},
		},
		"a slice with our labels that nobody controls and that has another name is left alone and reported": {
			household: householdOf(web, withLeader(leader), withSlices(
				sliceOf(leader, discoveryv1.AddressTypeIPv4, func(s *discoveryv1.EndpointSlice) { s.Name, s.OwnerReferences = "decoy", nil }))),
			want: done{Complaints: []string{reasonForeignSlice}},
		},
		"a restored slice of a family that is no longer served goes": {
			household: householdOf(web, withLeader(leader), withSlices(
				sliceOf(leader, discoveryv1.AddressTypeIPv6, func(s *discoveryv1.EndpointSlice) { s.OwnerReferences = nil }))),
			want: done{Delete: []string{"web-leader-ipv6"}},
		},
		"when the annotation is removed, all goes": {
			household: householdOf(webService(func(s *corev1.Service) { s.Annotations = nil }), withLeader(leader),
				withSlices(sliceOf(leader, discoveryv1.AddressTypeIPv4))),
			want: done{Delete: []string{"web-leader", "web-leader-ipv4"}},
		},
		"when the annotation says false, all goes": {
			household: householdOf(annotated(config.EnabledKey, "false"), withLeader(leader)),
			want:      done{Delete: []string{"web-leader"}},
		},
		"when the namespace opts out and there is no grace, all goes": {
			household: householdOf(web, withLeader(leader), func(h *household) { h.optedIn = false }),
			want:      done{Delete: []string{"web-leader"}},
		},
		"when the Service is going, all goes": {
			household: householdOf(webService(func(s *corev1.Service) { now := metav1.NewTime(t0); s.DeletionTimestamp = &now }), withLeader(leader)),
			want:      done{Delete: []string{"web-leader"}},
		},
		"when the Service is gone, the garbage collector is left to its work": {
			household: householdOf(nil, func(h *household) { h.services = []*corev1.Service{leader} },
				withSlices(sliceOf(leader, discoveryv1.AddressTypeIPv4))),
		},
		"when the namespace is going, nothing is done": {
			household: householdOf(web, func(h *household) { h.optedIn, h.terminating = false, true }, withLeader(leader)),
		},
		"what is going already is not deleted again": {
			household: householdOf(webService(func(s *corev1.Service) { s.Annotations = nil }),
				withLeader(leaderOf(web, func(s *corev1.Service) { now := metav1.NewTime(t0); s.DeletionTimestamp = &now }))),
		},
		"the leader Service of an earlier Service is adopted once that is known to be gone": {
			household: householdOf(webService(second), withLeader(leader), func(h *household) { h.ownerGone = true }),
			want:      done{Patch: "web-leader"},
		},
		"the leader Service of a Service that may be there is left alone and reported": {
			household: householdOf(webService(second), withLeader(leader)),
			want:      done{Complaints: []string{reasonLeaderServiceTaken}},
		},
		"a restored leader Service, which nobody controls, is adopted": {
			household: householdOf(web, withLeader(leaderOf(web, func(s *corev1.Service) { s.OwnerReferences = nil }))),
			want:      done{Patch: "web-leader"},
		},
		"a restored leader Service that belongs to another Service is left alone and reported": {
			household: householdOf(web, withLeader(leaderOf(web, func(s *corev1.Service) { s.OwnerReferences = nil })),
				func(h *household) { h.rival = webService(func(s *corev1.Service) { s.Name = "api" }) }),
			want: done{Complaints: []string{reasonLeaderServiceTaken}},
		},
		"labels that someone changed are put right": {
			household: householdOf(web, withLeader(leaderOf(web, func(s *corev1.Service) { s.Labels[managedByLabel] = "platform" }))),
			want:      done{Patch: "web-leader"},
		},
		"a selector that someone set is taken away": {
			household: householdOf(web, withLeader(leaderOf(web, func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "web"} }))),
			want:      done{Patch: "web-leader"},
		},
		"another owner that does not control it is no reason to write": {
			household: householdOf(web, withLeader(leaderOf(web, func(s *corev1.Service) {
				s.OwnerReferences = append([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "x", UID: "x"}}, s.OwnerReferences...)
			}))),
		},
		"a Service that only has the name is left alone and reported": {
			household: householdOf(web, func(h *household) {
				h.named = leaderOf(web, func(s *corev1.Service) { s.Labels, s.OwnerReferences = nil, nil })
			}),
			want: done{Complaints: []string{reasonLeaderServiceTaken}},
		},
		"the leader Service of another Service is left alone and reported": {
			household: householdOf(web, func(h *household) {
				h.named = leaderOf(webService(func(s *corev1.Service) { s.Name, s.UID = "api", "api-uid" }), func(s *corev1.Service) { s.Name = "web-leader" })
			}),
			want: done{Complaints: []string{reasonLeaderServiceTaken}},
		},
		"another primary family needs another leader Service": {
			household: householdOf(webService(func(s *corev1.Service) { s.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol} }), withLeader(leader)),
			want:      done{Delete: []string{"web-leader"}},
		},
		"a Service without selector has no leader, and is reported": {
			household: householdOf(webService(func(s *corev1.Service) { s.Spec.Selector = nil }), withLeader(leader)),
			want:      done{Delete: []string{"web-leader"}, Complaints: []string{reasonInvalidService}},
		},
		"an external name has no leader, and is reported": {
			household: householdOf(webService(func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeExternalName })),
			want:      done{Complaints: []string{reasonInvalidService}},
		},
		"a headless Service without ports has no leader, and is reported": {
			household: householdOf(webService(func(s *corev1.Service) { s.Spec.ClusterIP, s.Spec.Ports = "None", nil })),
			want:      done{Complaints: []string{reasonInvalidService}},
		},
		"each wrong annotation is reported, and the rest works": {
			household: householdOf(annotated(config.StickyKey, "perhaps", config.MinReadyKey, "soon"), withLeader(leader)),
			want:      done{Complaints: []string{reasonInvalidAnnotation, reasonInvalidAnnotation}},
		},
		"an opt-in that is not true or false is reported": {
			household: householdOf(annotated(config.EnabledKey, "yes")),
			want:      done{Complaints: []string{reasonInvalidAnnotation}},
		},
		"a wrong annotation is nobody's business without the opt-in": {
			household: householdOf(annotated(config.EnabledKey, "false", config.StickyKey, "perhaps")),
		},
		"a wrong annotation is nobody's business in a namespace that has not opted in": {
			household: householdOf(annotated(config.StickyKey, "perhaps"), func(h *household) { h.optedIn = false }),
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

func TestAComplaintSaysWhatWouldBeRight(t *testing.T) {
	chores := decideChores(householdOf(annotated(config.StickyKey, "perhaps"), withLeader(leaderOf(webService()))), t0)
	for _, part := range []string{config.StickyKey, `"perhaps"`, `"true"`, `"false"`} {
		if note := chores.complaints[0].note; !strings.Contains(note, part) {
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
			source: dualStack(corev1.IPFamilyPolicyRequireDualStack),
			want: func(s *corev1.ServiceSpec) {
				s.IPFamilies, s.IPFamilyPolicy = []corev1.IPFamily{"IPv4", "IPv6"}, new(corev1.IPFamilyPolicyRequireDualStack)
			},
		},
		"a second family is removed": {
			leader: func(s *corev1.Service) {
				dualStack(corev1.IPFamilyPolicyRequireDualStack)(s)
				s.Spec.ClusterIPs = []string{"10.0.0.7", "fd00::7"}
			},
		},
		"a Service that prefers two families and has one": {
			source: func(s *corev1.Service) { s.Spec.IPFamilyPolicy = new(corev1.IPFamilyPolicyPreferDualStack) },
		},
		"a second family that the API server gave to a Service that prefers two": {
			source: func(s *corev1.Service) { s.Spec.IPFamilyPolicy = new(corev1.IPFamilyPolicyPreferDualStack) },
			leader: func(s *corev1.Service) {
				dualStack(corev1.IPFamilyPolicyPreferDualStack)(s)
				s.Spec.ClusterIPs = []string{"10.0.0.7", "fd00::7"}
			},
		},
		"a Service that prefers two families and has them": {
			source: dualStack(corev1.IPFamilyPolicyPreferDualStack),
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
			source, current := webService(), leaderOf(webService())
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
			if diff := cmp.Diff(want, mirror(current, source, cache.State{}).Spec); diff != "" {
				t.Errorf("unexpected spec (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMirrorKeepsWhatIsNotOurs(t *testing.T) {
	current := leaderOf(webService(), func(s *corev1.Service) {
		s.Labels["team"] = "shop"
		s.Annotations = map[string]string{"note": "x", config.LeaderKey: "a1", config.TermKey: "5"}
	})
	got := mirror(current, webService(), cache.State{Term: 6, Reason: "NoCandidate"})
	wantLabels := map[string]string{"team": "shop", managedByLabel: config.ManagedBy, config.SourceServiceKey: "web"}
	if diff := cmp.Diff(wantLabels, got.Labels); diff != "" {
		t.Errorf("unexpected labels (-want +got):\n%s", diff)
	}
	wantAnnotations := map[string]string{"note": "x", config.TermKey: "6", config.ReasonKey: "NoCandidate"}
	if diff := cmp.Diff(wantAnnotations, got.Annotations); diff != "" {
		t.Errorf("unexpected annotations (-want +got):\n%s", diff)
	}
	if !ownsLeaderService(got, webService()) {
		t.Error("it is not ours")
	}
}

func TestAReportIsPutOffAndNothingElse(t *testing.T) {
	leads := func(h *household) { h.state = leading("a1", 5) }
	otherPorts := webService(func(s *corev1.Service) { s.Spec.Ports[0].Port = 8080 })
	cases := map[string]struct {
		household household
		wait      time.Duration
		want      done
	}{
		"while leaders move":      {household: householdOf(webService(), withLeader(leaderOf(webService())), leads), wait: time.Second, want: done{LookAgain: time.Second}},
		"not when it is calm":     {household: householdOf(webService(), withLeader(leaderOf(webService())), leads), want: done{Patch: "web-leader"}},
		"not with another change": {household: householdOf(otherPorts, withLeader(leaderOf(webService())), leads), wait: time.Second, want: done{Patch: "web-leader"}},
		"not what is made anew":   {household: householdOf(webService(), leads), wait: time.Second, want: done{Create: "web-leader"}},
		"nothing to put off":      {household: householdOf(webService(), withLeader(leaderOf(webService()))), wait: time.Second, want: done{}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			chores := decideChores(test.household, t0)
			chores.putOffReport(test.wait)
			if diff := cmp.Diff(test.want, doneOf(chores)); diff != "" {
				t.Errorf("unexpected chores (-want +got):\n%s", diff)
			}
		})
	}
}
