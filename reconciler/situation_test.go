package reconciler

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
)

// planned is a plan in a form that is easy to write down.
type planned struct {
	Leader string
	Term   int64
	Reason string
	Ready  bool
	// Writes are the slices to write: created or updated.
	Writes []string
	Taken  []string
	Unfit  []string
}

func plannedOf(p plan) planned {
	got := planned{
		Leader: p.after.Leader.Name, Term: p.after.Term, Reason: p.after.Reason, Ready: p.after.Leader.Ready, Taken: p.taken,
	}
	for _, write := range p.writes {
		verb := "create "
		if write.Current != nil {
			verb = "update "
		}
		got.Writes = append(got.Writes, verb+write.Desired.Name)
	}
	for _, unfit := range p.unfit {
		got.Unfit = append(got.Unfit, unfit.pod.Name)
	}
	return got
}

func TestDecide(t *testing.T) {
	a, b := readyPod("a1"), readyPod("b2")
	update := []string{"update web-leader-ipv4"}
	dual := func(policy corev1.IPFamilyPolicy) func(*situation) {
		return func(s *situation) {
			s.source = webService(dualStack(policy))
			s.leaderService = leaderOf(s.source)
		}
	}
	cases := map[string]struct {
		situation situation
		edit      func(situation) situation
		want      planned
	}{
		"a healthy leader costs no write": {
			situation: situationOf(leading("a1", 5), []*corev1.Pod{a, b}),
			want:      planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true},
		},
		"the first leader has term 1": {
			situation: situationOf(cache.State{}, []*corev1.Pod{a}),
			want:      planned{Leader: "a1", Term: 1, Reason: "FirstLeader", Ready: true, Writes: []string{"create web-leader-ipv4"}},
		},
		"a Service without pods has an empty slice": {
			situation: situationOf(cache.State{}, nil),
			want:      planned{Reason: "NoCandidate", Writes: []string{"create web-leader-ipv4"}},
		},
		"a leader whose deletion begins is followed, in one write": {
			situation: situationOf(leading("a1", 5), []*corev1.Pod{readyPod("a1", terminating), b}),
			want:      planned{Leader: "b2", Term: 6, Reason: "LeaderDeleted", Ready: true, Writes: update},
		},
		"a leader that is gone is followed": {
			situation: situationOf(leading("a1", 5), []*corev1.Pod{b}),
			want:      planned{Leader: "b2", Term: 6, Reason: "LeaderGone", Ready: true, Writes: update},
		},
		"a leader that nobody follows keeps its term while it serves": {
			situation: situationOf(leading("a1", 5), []*corev1.Pod{readyPod("a1", terminating)}),
			want:      planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Writes: update},
		},
		"nobody has a term of its own": {
			situation: situationOf(leading("a1", 5), []*corev1.Pod{readyPod("a1", notReady)}),
			want:      planned{Term: 6, Reason: "NoCandidate", Writes: update},
		},
		"that nobody leads is written once": {
			situation: situationOf(cache.State{Term: 6, Reason: "NoCandidate"}, []*corev1.Pod{readyPod("a1", notReady)}),
			want:      planned{Term: 6, Reason: "NoCandidate"},
		},
		"a leader's new address is written without a new term": {
			situation: situationOf(leading("a1", 5), []*corev1.Pod{a}),
			edit: func(s situation) situation {
				s.pods = []*corev1.Pod{readyPod("a1", func(pod *corev1.Pod) { pod.Status.PodIPs = []corev1.PodIP{{IP: "10.9.9.9"}} })}
				return s
			},
			want: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: update},
		},
		"another version of the leader's pod costs no write": {
			situation: situationOf(leading("a1", 5), []*corev1.Pod{a}),
			edit: func(s situation) situation {
				s.pods = []*corev1.Pod{readyPod("a1", func(pod *corev1.Pod) { pod.ResourceVersion = "31" })}
				return s
			},
			want: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true},
		},
		"new ports are written without a new term": {
			situation: situationOf(leading("a1", 5), []*corev1.Pod{a}),
			edit: func(s situation) situation {
				s.source = webService(func(s *corev1.Service) { s.Spec.Ports[0].AppProtocol = new("http") })
				return s
			},
			want: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: update},
		},
		"a pod whose port does not resolve is passed over": {
			situation: situationOf(cache.State{}, []*corev1.Pod{readyPod("a1", func(pod *corev1.Pod) { pod.Spec.Containers[0].Ports = nil }), b}),
			want: planned{
				Leader: "b2", Term: 1, Reason: "FirstLeader", Ready: true, Writes: []string{"create web-leader-ipv4"}, Unfit: []string{"a1"},
			},
		},
		"a pod that has just been made is not unfit": {
			situation: situationOf(leading("b2", 5), []*corev1.Pod{readyPod("a1", func(pod *corev1.Pod) { pod.Status = corev1.PodStatus{} }), b}),
			want:      planned{Leader: "b2", Term: 5, Reason: "LeaderDeleted", Ready: true},
		},
		"both families are written": {
			situation: situationOf(leading("a1", 5), []*corev1.Pod{b}, dual(corev1.IPFamilyPolicyRequireDualStack)),
			want: planned{
				Leader: "b2", Term: 6, Reason: "LeaderGone", Ready: true, Writes: []string{"update web-leader-ipv4", "update web-leader-ipv6"},
			},
		},
		"a family that was left behind follows with the same term": {
			situation: situationOf(leading("b2", 6), []*corev1.Pod{a, b}, dual(corev1.IPFamilyPolicyRequireDualStack)),
			edit: edited(func(slice *discoveryv1.EndpointSlice) {
				slice.Annotations[config.TermKey], slice.Annotations[config.LeaderKey] = "5", "a1"
			}),
			want: planned{Leader: "b2", Term: 6, Reason: "LeaderDeleted", Ready: true, Writes: update},
		},
		"a family that is only preferred may be empty": {
			situation: situationOf(cache.State{}, []*corev1.Pod{readyPod("a1", func(pod *corev1.Pod) {
				pod.Status.PodIPs = pod.Status.PodIPs[:1]
			})}, dual(corev1.IPFamilyPolicyPreferDualStack)),
			want: planned{
				Leader: "a1", Term: 1, Reason: "FirstLeader", Ready: true, Writes: []string{"create web-leader-ipv4", "create web-leader-ipv6"},
			},
		},
		"a slice that someone deleted is made again, as it was": {
			situation: situationOf(leading("a1", 5), []*corev1.Pod{a, b}),
			edit: func(s situation) situation {
				s.record.Slices = nil
				return s
			},
			want: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: []string{"create web-leader-ipv4"}},
		},
		"an annotation that someone removed is put back": {
			situation: situationOf(leading("a1", 5), []*corev1.Pod{a, b}),
			edit:      edited(func(slice *discoveryv1.EndpointSlice) { delete(slice.Annotations, config.LeaderSinceKey) }),
			want:      planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: update},
		},
		"a second endpoint that someone added is removed": {
			situation: situationOf(leading("a1", 5), []*corev1.Pod{a, b}),
			edit: edited(func(slice *discoveryv1.EndpointSlice) {
				slice.Endpoints = append(slice.Endpoints, endpoint(b, "10.1.0.2", true))
			}),
			want: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: update},
		},
		"a label that someone added is left alone": {
			situation: situationOf(leading("a1", 5), []*corev1.Pod{a, b}),
			edit:      edited(func(slice *discoveryv1.EndpointSlice) { slice.Labels["team"] = "shop" }),
			want:      planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true},
		},
		"a slice by our name that is not ours is left alone": {
			situation: situationOf(leading("a1", 5), []*corev1.Pod{b}),
			edit:      edited(func(slice *discoveryv1.EndpointSlice) { slice.OwnerReferences = nil }),
			want:      planned{Leader: "b2", Term: 6, Reason: "LeaderGone", Ready: true, Taken: []string{"web-leader-ipv4"}},
		},
		"a slice of the leader Service's predecessor is taken over": {
			situation: situationOf(leading("a1", 5), []*corev1.Pod{a}),
			edit: func(s situation) situation {
				s.leaderService = leaderOf(s.source, func(s *corev1.Service) { s.UID = "second" })
				s.record.Owners = []types.UID{"second", "web-leader-uid"}
				return s
			},
			want: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: update},
		},
		"the term goes on from the leader Service when nothing else is left": {
			situation: situationOf(cache.State{}, []*corev1.Pod{b}, mirrored("a1", "7", t0.Add(-time.Minute))),
			want:      planned{Leader: "b2", Term: 8, Reason: "LeaderGone", Ready: true, Writes: []string{"create web-leader-ipv4"}},
		},
		"the term of a leader that is gone is not nobody's": {
			situation: situationOf(cache.State{}, nil, mirrored("a1", "7", t0.Add(-time.Minute))),
			want:      planned{Term: 8, Reason: "NoCandidate", Writes: []string{"create web-leader-ipv4"}},
		},
		"the leader goes on from the leader Service when nothing else is left": {
			situation: situationOf(cache.State{}, []*corev1.Pod{a, b}, mirrored("b2", "7", t0.Add(-time.Minute))),
			want:      planned{Leader: "b2", Term: 7, Reason: "LeaderGone", Ready: true, Writes: []string{"create web-leader-ipv4"}},
		},
		"a pod that was made after the leader of its name is another one": {
			situation: situationOf(cache.State{}, []*corev1.Pod{a, readyPod("b2", func(pod *corev1.Pod) {
				pod.CreationTimestamp = metav1.NewTime(t0)
			})}, mirrored("b2", "7", t0.Add(-time.Minute))),
			want: planned{Leader: "a1", Term: 8, Reason: "LeaderGone", Ready: true, Writes: []string{"create web-leader-ipv4"}},
		},
		"a leader Service's annotation that someone made up is no number to go on from": {
			situation: situationOf(cache.State{}, []*corev1.Pod{a}, mirrored("b2", "many", t0)),
			want:      planned{Leader: "a1", Term: 1, Reason: "FirstLeader", Ready: true, Writes: []string{"create web-leader-ipv4"}},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			situation := test.situation
			if test.edit != nil {
				situation = test.edit(situation)
			}
			if diff := cmp.Diff(test.want, plannedOf(decide(situation, t0))); diff != "" {
				t.Errorf("unexpected plan (-want +got):\n%s", diff)
			}
		})
	}
}

// mirrored is a leader Service whose annotations say who leads.
func mirrored(leader, term string, since time.Time) func(*situation) {
	return func(s *situation) {
		s.leaderService.Annotations = map[string]string{
			config.LeaderKey: leader, config.TermKey: term, config.ReasonKey: "LeaderGone",
			config.LeaderSinceKey: since.Format(sinceLayout),
		}
	}
}

func TestAWriteReplacesWhatItMust(t *testing.T) {
	s := situationOf(leading("a1", 5), []*corev1.Pod{readyPod("b2")})
	s.cause = t0.Add(-time.Millisecond)
	write := decide(s, t0).writes[0]
	current := write.Current.DeepCopy()
	current.Labels["team"], current.Annotations["note"], current.Finalizers = "shop", "theirs", []string{"shop.example/keep"}
	current.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "someone"}}
	untouched := current.DeepCopy()

	want := current.DeepCopy() // what is not named here stays, the resourceVersion too
	want.ManagedFields = nil
	want.Annotations = map[string]string{
		"note": "theirs", corev1.EndpointsLastChangeTriggerTime: "2026-03-01T11:59:59.999Z", config.LeaderKey: "b2",
		config.LeaderSinceKey: "2026-03-01T12:00:00.000Z", config.ReasonKey: "LeaderGone", config.TermKey: "6",
	}
	want.Endpoints = []discoveryv1.Endpoint{{
		Addresses:  []string{"10.1.0.2"},
		Conditions: discoveryv1.EndpointConditions{Ready: new(true), Serving: new(true), Terminating: new(false)},
		TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: "shop", Name: "b2", UID: "b2-uid", ResourceVersion: "30"},
		NodeName:   new("node-of-b2"),
	}}
	if diff := cmp.Diff(want, replacing(current, write.Desired)); diff != "" {
		t.Errorf("unexpected write (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(untouched, current); diff != "" {
		t.Errorf("the informer's object was changed (-before +after):\n%s", diff)
	}
}

func TestAWriteMendsLabelsAndOwner(t *testing.T) {
	s := situationOf(leading("a1", 5), []*corev1.Pod{readyPod("b2")})
	write := decide(s, t0).writes[0]
	current := write.Current.DeepCopy()
	current.Labels, current.Annotations, current.OwnerReferences = nil, nil, nil
	got := replacing(current, write.Desired)
	if diff := cmp.Diff(write.Desired.Labels, got.Labels); diff != "" {
		t.Errorf("unexpected labels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(write.Desired.OwnerReferences, got.OwnerReferences); diff != "" {
		t.Errorf("unexpected owners (-want +got):\n%s", diff)
	}
}

func TestAWriteRemovesWhatIsNoLongerTrue(t *testing.T) {
	s := situationOf(leading("a1", 5), nil)
	write := decide(s, t0).writes[0]
	current := write.Current.DeepCopy()
	current.Annotations[corev1.EndpointsLastChangeTriggerTime] = "2026-03-01T11:00:00Z"
	got := replacing(current, write.Desired)
	if diff := cmp.Diff(map[string]string{config.TermKey: "6", config.ReasonKey: "NoCandidate"}, got.Annotations); diff != "" {
		t.Errorf("unexpected annotations (-want +got):\n%s", diff)
	}
	if len(got.Endpoints) > 0 || len(got.Ports) > 0 {
		t.Errorf("endpoints %v and ports %v are not emptied", got.Endpoints, got.Ports)
	}
}

func TestTheTriggerTimeIsOnlyStampedWhenTrafficChanges(t *testing.T) {
	s := edited(func(slice *discoveryv1.EndpointSlice) { delete(slice.Annotations, config.ReasonKey) })(
		situationOf(leading("a1", 5), []*corev1.Pod{readyPod("a1")}))
	s.cause = t0
	if got, ok := decide(s, t0).writes[0].Desired.Annotations[corev1.EndpointsLastChangeTriggerTime]; ok {
		t.Errorf("got trigger time %s for a repaired annotation", got)
	}
}

func TestASliceIsReadAsItWasWritten(t *testing.T) {
	for name, state := range map[string]cache.State{
		"a leader":                leading("a1", 5),
		"a leader of last resort": {Leader: cache.Leader{UID: "a1-uid", Name: "a1", Node: "node-of-a1"}, Term: 5, Since: t0, Reason: "LeaderGone"},
		"nobody":                  {Term: 6, Reason: "NoCandidate"},
		"nobody so far":           {},
	} {
		t.Run(name, func(t *testing.T) {
			content := sliceContent{source: webService(), leaderService: leaderOf(webService()), state: state}
			if state.Leader.Name != "" {
				content.pod = readyPod("a1")
			}
			parsed := parseSlice(content.slice(discoveryv1.AddressTypeIPv4))
			if diff := cmp.Diff(state, parsed.State); diff != "" || !parsed.Intact || parsed.Owner != "web-leader-uid" {
				t.Errorf("intact %t, owner %q, unexpected state (-want +got):\n%s", parsed.Intact, parsed.Owner, diff)
			}
		})
	}
}

func TestADamagedSliceIsNotBelieved(t *testing.T) {
	cases := map[string]func(*discoveryv1.EndpointSlice){
		"the term is no number":            func(s *discoveryv1.EndpointSlice) { s.Annotations[config.TermKey] = "five" },
		"the term is negative":             func(s *discoveryv1.EndpointSlice) { s.Annotations[config.TermKey] = "-5" },
		"the term is missing":              func(s *discoveryv1.EndpointSlice) { delete(s.Annotations, config.TermKey) },
		"the leader's endpoint is missing": func(s *discoveryv1.EndpointSlice) { s.Endpoints = nil },
		"there are two endpoints": func(s *discoveryv1.EndpointSlice) {
			s.Endpoints = append(s.Endpoints, s.Endpoints[0])
		},
		"the endpoint is another pod's":     func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].TargetRef.Name = "b2" },
		"the endpoint is nobody's":          func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].TargetRef = nil },
		"the endpoint is no pod's":          func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].TargetRef.Kind = "VM" },
		"the endpoint's pod has no UID":     func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].TargetRef.UID = "" },
		"there is an endpoint of no leader": func(s *discoveryv1.EndpointSlice) { delete(s.Annotations, config.LeaderKey) },
	}
	for name, damage := range cases {
		t.Run(name, func(t *testing.T) {
			content := sliceContent{source: webService(), leaderService: leaderOf(webService()), state: leading("a1", 5), pod: readyPod("a1")}
			slice := content.slice(discoveryv1.AddressTypeIPv4)
			damage(slice)
			if parsed := parseSlice(slice); parsed.Intact {
				t.Errorf("it is taken for intact: %+v", parsed.State)
			}
		})
	}
}

func TestBehind(t *testing.T) {
	for name, test := range map[string]struct {
		state cache.State
		seen  string
		want  bool
	}{
		"the pods seen are older than the leader's":   {state: leading("a1", 5), seen: "29", want: true},
		"the pods seen are as new as the leader's":    {state: leading("a1", 5), seen: "30"},
		"the pods seen are newer":                     {state: leading("a1", 5), seen: "100"},
		"nobody leads":                                {state: cache.State{Term: 6, Reason: "NoCandidate"}, seen: "1"},
		"nothing is known of the pods that were seen": {state: leading("a1", 5), seen: ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := situationOf(test.state, []*corev1.Pod{readyPod("a1")}).behind(test.seen); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}
