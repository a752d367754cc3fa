package failover

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
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

// NewTerm is the term that a change of leader at t0 has.
var NewTerm = gen.T0.UnixMilli()

// firstTerm is the term where none was seen before.
var firstTerm = NewTerm + leaderslice.FirstTermLead.Milliseconds()

func TestDecide(t *testing.T) {
	a, b := gen.ReadyPod("a1"), gen.ReadyPod("b2")
	update := []string{"update web-leader-ipv4"}
	dual := func(policy corev1.IPFamilyPolicy) func(*input) {
		return func(s *input) {
			s.source = gen.WebService(gen.DualStack(policy))
			s.leaderService = gen.LeaderOf(s.source)
		}
	}
	cases := map[string]struct {
		input input
		edit  func(input) input
		want  planned
	}{
		"a healthy leader costs no write": {
			input: inputOf(leading("a1", 5), []*corev1.Pod{a, b}),
			want:  planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true},
		},
		"the first leader has a term ahead of the time": {
			input: inputOf(leaderslice.State{}, []*corev1.Pod{a}),
			want:  planned{Leader: "a1", Term: firstTerm, Reason: "FirstLeader", Ready: true, Writes: []string{"create web-leader-ipv4"}},
		},
		"a Service without pods has an empty slice": {
			input: inputOf(leaderslice.State{}, nil),
			want:  planned{Term: firstTerm, Reason: "NoCandidate", Writes: []string{"create web-leader-ipv4"}},
		},
		"a leader whose deletion begins is followed, in one write": {
			input: inputOf(leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1", gen.Terminating), b}),
			want:  planned{Leader: "b2", Term: NewTerm, Reason: "LeaderDeleted", Ready: true, Writes: update},
		},
		"a leader that is gone is followed": {
			input: inputOf(leading("a1", 5), []*corev1.Pod{b}),
			want:  planned{Leader: "b2", Term: NewTerm, Reason: "LeaderGone", Ready: true, Writes: update},
		},
		"a leader that nobody follows keeps its term while it serves": {
			input: inputOf(leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1", gen.Terminating)}),
			want:  planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Writes: update},
		},
		"nobody has a term of its own": {
			input: inputOf(leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1", gen.NotReady)}),
			want:  planned{Term: NewTerm, Reason: "NoCandidate", Writes: update},
		},
		"that nobody leads is written once": {
			input: inputOf(leaderslice.State{Term: 6, Reason: "NoCandidate"}, []*corev1.Pod{gen.ReadyPod("a1", gen.NotReady)}),
			want:  planned{Term: 6, Reason: "NoCandidate"},
		},
		"a leader's new address is written without a new term": {
			input: inputOf(leading("a1", 5), []*corev1.Pod{a}),
			edit: func(s input) input {
				s.pods = []*corev1.Pod{gen.ReadyPod("a1", func(pod *corev1.Pod) { pod.Status.PodIPs = []corev1.PodIP{{IP: "10.9.9.9"}} })}
				return s
			},
			want: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: update},
		},
		"another version of the leader's pod costs no write": {
			input: inputOf(leading("a1", 5), []*corev1.Pod{a}),
			edit: func(s input) input {
				s.pods = []*corev1.Pod{gen.ReadyPod("a1", func(pod *corev1.Pod) { pod.ResourceVersion = "31" })}
				return s
			},
			want: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true},
		},
		"new ports are written without a new term": {
			input: inputOf(leading("a1", 5), []*corev1.Pod{a}),
			edit: func(s input) input {
				s.source = gen.WebService(func(s *corev1.Service) { s.Spec.Ports[0].AppProtocol = new("http") })
				return s
			},
			want: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: update},
		},
		"a pod whose port does not resolve is passed over": {
			input: inputOf(leaderslice.State{}, []*corev1.Pod{gen.ReadyPod("a1", func(pod *corev1.Pod) { pod.Spec.Containers[0].Ports = nil }), b}),
			want: planned{
				Leader: "b2", Term: firstTerm, Reason: "FirstLeader", Ready: true, Writes: []string{"create web-leader-ipv4"}, Unfit: []string{"a1"},
			},
		},
		"a pod that has just been made is not unfit": {
			input: inputOf(leading("b2", 5), []*corev1.Pod{gen.ReadyPod("a1", func(pod *corev1.Pod) { pod.Status = corev1.PodStatus{} }), b}),
			want:  planned{Leader: "b2", Term: 5, Reason: "LeaderDeleted", Ready: true},
		},
		"both families are written": {
			input: inputOf(leading("a1", 5), []*corev1.Pod{b}, dual(corev1.IPFamilyPolicyRequireDualStack)),
			want: planned{
				Leader: "b2", Term: NewTerm, Reason: "LeaderGone", Ready: true, Writes: []string{"update web-leader-ipv4", "update web-leader-ipv6"},
			},
		},
		"a family that is only preferred may be empty": {
			input: inputOf(leaderslice.State{}, []*corev1.Pod{gen.ReadyPod("a1", func(pod *corev1.Pod) {
				pod.Status.PodIPs = pod.Status.PodIPs[:1]
			})}, dual(corev1.IPFamilyPolicyPreferDualStack)),
			want: planned{
				Leader: "a1", Term: firstTerm, Reason: "FirstLeader", Ready: true, Writes: []string{"create web-leader-ipv4", "create web-leader-ipv6"},
			},
		},
		"a slice that someone deleted is made again, with a new term": {
			input: inputOf(leaderslice.State{}, []*corev1.Pod{a, b}, mirrored("b2", "5", gen.T0.Add(-time.Minute))),
			want:  planned{Leader: "b2", Term: firstTerm, Reason: "LeaderGone", Ready: true, Writes: []string{"create web-leader-ipv4"}},
		},
		"an annotation that someone removed is put back": {
			input: inputOf(leading("a1", 5), []*corev1.Pod{a, b}),
			edit:  edited(func(slice *discoveryv1.EndpointSlice) { delete(slice.Annotations, config.LeaderSinceKey) }),
			want:  planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: update},
		},
		"a second endpoint that someone added is removed": {
			input: inputOf(leading("a1", 5), []*corev1.Pod{a, b}),
			edit: edited(func(slice *discoveryv1.EndpointSlice) {
				slice.Endpoints = append(slice.Endpoints, leaderslice.Endpoint(b, "10.1.0.2", true))
			}),
			want: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: update},
		},
		"a label that someone added is left alone": {
			input: inputOf(leading("a1", 5), []*corev1.Pod{a, b}),
			edit:  edited(func(slice *discoveryv1.EndpointSlice) { slice.Labels["team"] = "shop" }),
			want:  planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true},
		},
		"a slice by our name that is not ours is left alone": {
			input: inputOf(leading("a1", 5), []*corev1.Pod{b}),
			edit:  edited(func(slice *discoveryv1.EndpointSlice) { slice.OwnerReferences[0].Kind = "Endpoints" }),
			want:  planned{Leader: "b2", Term: firstTerm, Reason: "FirstLeader", Ready: true, Taken: []string{"web-leader-ipv4"}},
		},
		"a slice of the leader Service's predecessor is taken over": {
			input: inputOf(leading("a1", 5), []*corev1.Pod{a}),
			edit: func(s input) input {
				s.leaderService = gen.LeaderOf(s.source, func(s *corev1.Service) { s.UID = "second" })
				return s
			},
			want: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: update},
		},
		"the term goes on from the leader Service when nothing else is left": {
			input: inputOf(leaderslice.State{}, []*corev1.Pod{b}, mirrored("a1", "7", gen.T0.Add(-time.Minute))),
			want:  planned{Leader: "b2", Term: firstTerm, Reason: "LeaderGone", Ready: true, Writes: []string{"create web-leader-ipv4"}},
		},
		"the term of a leader that is gone is not nobody's": {
			input: inputOf(leaderslice.State{}, nil, mirrored("a1", "7", gen.T0.Add(-time.Minute))),
			want:  planned{Term: firstTerm, Reason: "NoCandidate", Writes: []string{"create web-leader-ipv4"}},
		},
		"a pod that was made after the leader of its name is another one": {
			input: inputOf(leaderslice.State{}, []*corev1.Pod{a, gen.ReadyPod("b2", func(pod *corev1.Pod) {
				pod.CreationTimestamp = metav1.NewTime(gen.T0)
			})}, mirrored("b2", "7", gen.T0.Add(-time.Minute))),
			want: planned{Leader: "a1", Term: firstTerm, Reason: "LeaderGone", Ready: true, Writes: []string{"create web-leader-ipv4"}},
		},
		"a leader Service's annotation that someone made up is no number to go on from": {
			input: inputOf(leaderslice.State{}, []*corev1.Pod{a}, mirrored("b2", "many", gen.T0)),
			want:  planned{Leader: "a1", Term: firstTerm, Reason: "LeaderGone", Ready: true, Writes: []string{"create web-leader-ipv4"}},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			in := test.input
			if test.edit != nil {
				in = test.edit(in)
			}
			if diff := cmp.Diff(test.want, plannedOf(decide(in, gen.T0))); diff != "" {
				t.Errorf("unexpected plan (-want +got):\n%s", diff)
			}
		})
	}
}

// mirrored is a leader Service whose annotations say who leads.
func mirrored(leader, term string, since time.Time) func(*input) {
	return func(s *input) {
		s.leaderService.Annotations = map[string]string{
			config.LeaderKey: leader, config.TermKey: term, config.ReasonKey: "LeaderGone",
			config.LeaderSinceKey: since.Format(leaderslice.SinceLayout),
		}
	}
}

func TestAWriteReplacesWhatItMust(t *testing.T) {
	s := inputOf(leading("a1", 5), []*corev1.Pod{gen.ReadyPod("b2")})
	s.trigger = gen.T0.Add(-time.Millisecond)
	write := decide(s, gen.T0).writes[0]
	current := write.Current.DeepCopy()
	current.Labels["team"], current.Annotations["note"], current.Finalizers = "shop", "theirs", []string{"shop.example/keep"}
	current.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "someone"}}
	untouched := current.DeepCopy()

	want := current.DeepCopy() // what is not named here stays, the resourceVersion too
	want.ManagedFields = nil
	want.Annotations = map[string]string{
		"note": "theirs", corev1.EndpointsLastChangeTriggerTime: "2026-03-01T11:59:59.999Z", config.LeaderKey: "b2",
		config.LeaderSinceKey: "2026-03-01T12:00:00.000Z", config.ReasonKey: "LeaderGone", config.TermKey: "1772366400000",
		config.BasisKey: "1772366400000/b2-uid/30/20",
	}
	want.Endpoints = []discoveryv1.Endpoint{{
		Addresses:  []string{"10.1.0.2"},
		Conditions: discoveryv1.EndpointConditions{Ready: new(true), Serving: new(true), Terminating: new(false)},
		TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: "shop", Name: "b2", UID: "b2-uid"},
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
	s := inputOf(leading("a1", 5), []*corev1.Pod{gen.ReadyPod("b2")})
	write := decide(s, gen.T0).writes[0]
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
	s := inputOf(leading("a1", 5), nil)
	write := decide(s, gen.T0).writes[0]
	current := write.Current.DeepCopy()
	current.Annotations[corev1.EndpointsLastChangeTriggerTime] = "2026-03-01T11:00:00Z"
	got := replacing(current, write.Desired)
	want := map[string]string{
		config.TermKey: "1772366400000", config.ReasonKey: "NoCandidate", config.BasisKey: "1772366400000//30/20",
	}
	if diff := cmp.Diff(want, got.Annotations); diff != "" {
		t.Errorf("unexpected annotations (-want +got):\n%s", diff)
	}
	if len(got.Endpoints) > 0 || len(got.Ports) > 0 {
		t.Errorf("endpoints %v and ports %v are not emptied", got.Endpoints, got.Ports)
	}
}

func TestTheTriggerTimeIsOnlyStampedWhenTrafficChanges(t *testing.T) {
	s := edited(func(slice *discoveryv1.EndpointSlice) { delete(slice.Annotations, config.LeaderSinceKey) })(
		inputOf(leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1")}))
	s.trigger = gen.T0
	if got, ok := decide(s, gen.T0).writes[0].Desired.Annotations[corev1.EndpointsLastChangeTriggerTime]; ok {
		t.Errorf("got trigger time %s for a repaired annotation", got)
	}
}
