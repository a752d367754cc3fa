package planner

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// planned is a plan in a form that is easy to write down.
type planned struct {
	Leader string
	Term   int64
	Reason string
	Ready  bool
	// Writes are the slices to create or update.
	Writes []string
	Taken  []string
	Unfit  []string
}

func plannedOf(p Plan) planned {
	got := planned{
		Leader: p.After.Leader.Name, Term: p.After.Term, Reason: p.After.Reason, Ready: p.After.Leader.Ready, Taken: p.takenNames,
	}
	for _, write := range p.Writes {
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

// newTerm is the term of a change of leader at gen.T0.
var newTerm = gen.T0.UnixMilli()

// firstTerm returns the term of a change of leader to a pod at gen.T0 when no term was seen before; the pod is empty for no leader.
func firstTerm(pod string) int64 {
	var leader types.UID
	if pod != "" {
		leader = gen.ReadyPod(pod).UID
	}
	return leaderslice.NextTerm(0, time.Time{}, gen.T0, false, leader)
}

func TestDecide(t *testing.T) {
	a, b := gen.ReadyPod("a1"), gen.ReadyPod("b2")
	update := []string{"update web-leader-ipv4"}
	dual := func(policy corev1.IPFamilyPolicy) func(*Input) {
		return func(in *Input) {
			in.Source = gen.WebService(gen.DualStack(policy))
			in.LeaderService = gen.LeaderOf(in.Source)
		}
	}
	cases := map[string]struct {
		input Input
		edit  func(Input) Input
		want  planned
	}{
		"a healthy leader": {
			input: inputOf(dummy.Leading("a1", 5), []*corev1.Pod{a, b}),
			want:  planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true},
		},
		"the first leader gets a term ahead of the time": {
			input: inputOf(leaderslice.State{}, []*corev1.Pod{a}),
			want:  planned{Leader: "a1", Term: firstTerm("a1"), Reason: "FirstLeader", Ready: true, Writes: []string{"create web-leader-ipv4"}},
		},
		"a Service without pods gets an empty slice": {
			input: inputOf(leaderslice.State{}, nil),
			want:  planned{Term: firstTerm(""), Reason: "NoCandidate", Writes: []string{"create web-leader-ipv4"}},
		},
		"a leader whose deletion begins is replaced in one write": {
			input: inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1", gen.Terminating), b}),
			want:  planned{Leader: "b2", Term: newTerm, Reason: "LeaderDeleted", Ready: true, Writes: update},
		},
		"a leader that is gone is replaced": {
			input: inputOf(dummy.Leading("a1", 5), []*corev1.Pod{b}),
			want:  planned{Leader: "b2", Term: newTerm, Reason: "LeaderGone", Ready: true, Writes: update},
		},
		"a terminating leader that no pod can follow keeps its term": {
			input: inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1", gen.Terminating)}),
			want:  planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Writes: update},
		},
		"a change to no leader has a term of its own": {
			input: inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1", gen.NotReady)}),
			want:  planned{Term: newTerm, Reason: "NoCandidate", Writes: update},
		},
		"no leader is written once": {
			input: inputOf(leaderslice.State{Term: 6, Reason: "NoCandidate"}, []*corev1.Pod{gen.ReadyPod("a1", gen.NotReady)}),
			want:  planned{Term: 6, Reason: "NoCandidate"},
		},
		"a leader's new address is written without a new term": {
			input: inputOf(dummy.Leading("a1", 5), []*corev1.Pod{a}),
			edit: func(in Input) Input {
				in.Pods = []*corev1.Pod{gen.ReadyPod("a1", func(pod *corev1.Pod) { pod.Status.PodIPs = []corev1.PodIP{{IP: "10.9.9.9"}} })}
				return in
			},
			want: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: update},
		},
		"another version of the leader's pod is not written": {
			input: inputOf(dummy.Leading("a1", 5), []*corev1.Pod{a}),
			edit: func(in Input) Input {
				in.Pods = []*corev1.Pod{gen.ReadyPod("a1", func(pod *corev1.Pod) { pod.ResourceVersion = "31" })}
				return in
			},
			want: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true},
		},
		"new ports are written without a new term": {
			input: inputOf(dummy.Leading("a1", 5), []*corev1.Pod{a}),
			edit: func(in Input) Input {
				in.Source = gen.WebService(func(s *corev1.Service) { s.Spec.Ports[0].AppProtocol = new("http") })
				return in
			},
			want: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: update},
		},
		"a pod whose port does not resolve cannot lead": {
			input: inputOf(leaderslice.State{}, []*corev1.Pod{gen.ReadyPod("a1", func(pod *corev1.Pod) { pod.Spec.Containers[0].Ports = nil }), b}),
			want: planned{
				Leader: "b2", Term: firstTerm("b2"), Reason: "FirstLeader", Ready: true, Writes: []string{"create web-leader-ipv4"}, Unfit: []string{"a1"},
			},
		},
		"a pod that has just been created is not reported": {
			input: inputOf(dummy.Leading("b2", 5), []*corev1.Pod{gen.ReadyPod("a1", func(pod *corev1.Pod) { pod.Status = corev1.PodStatus{} }), b}),
			want:  planned{Leader: "b2", Term: 5, Reason: "LeaderDeleted", Ready: true},
		},
		"both families are written": {
			input: inputOf(dummy.Leading("a1", 5), []*corev1.Pod{b}, dual(corev1.IPFamilyPolicyRequireDualStack)),
			want: planned{
				Leader: "b2", Term: newTerm, Reason: "LeaderGone", Ready: true, Writes: []string{"update web-leader-ipv4", "update web-leader-ipv6"},
			},
		},
		"a family that is only preferred may be empty": {
			input: inputOf(leaderslice.State{}, []*corev1.Pod{gen.ReadyPod("a1", func(pod *corev1.Pod) {
				pod.Status.PodIPs = pod.Status.PodIPs[:1]
			})}, dual(corev1.IPFamilyPolicyPreferDualStack)),
			want: planned{
				Leader: "a1", Term: firstTerm("a1"), Reason: "FirstLeader", Ready: true, Writes: []string{"create web-leader-ipv4", "create web-leader-ipv6"},
			},
		},
		"a slice that someone deleted is created again, with a new term": {
			input: inputOf(leaderslice.State{}, []*corev1.Pod{a, b}, mirrored("b2", "5", gen.T0.Add(-time.Minute))),
			want:  planned{Leader: "b2", Term: firstTerm("b2"), Reason: "LeaderGone", Ready: true, Writes: []string{"create web-leader-ipv4"}},
		},
		"an annotation that someone removed is put back": {
			input: inputOf(dummy.Leading("a1", 5), []*corev1.Pod{a, b}),
			edit:  edited(func(slice *discoveryv1.EndpointSlice) { delete(slice.Annotations, config.LeaderSinceKey) }),
			want:  planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: update},
		},
		"a second endpoint that someone added is removed": {
			input: inputOf(dummy.Leading("a1", 5), []*corev1.Pod{a, b}),
			edit: edited(func(slice *discoveryv1.EndpointSlice) {
				slice.Endpoints = append(slice.Endpoints, leaderslice.Endpoint(b, "10.1.0.2", true))
			}),
			want: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: update},
		},
		"a label that someone added is kept": {
			input: inputOf(dummy.Leading("a1", 5), []*corev1.Pod{a, b}),
			edit:  edited(func(slice *discoveryv1.EndpointSlice) { slice.Labels["team"] = "shop" }),
			want:  planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true},
		},
		"a slice with our name that is not ours is not changed": {
			input: inputOf(dummy.Leading("a1", 5), []*corev1.Pod{b}),
			edit:  edited(func(slice *discoveryv1.EndpointSlice) { slice.OwnerReferences[0].Kind = "Endpoints" }),
			want:  planned{Leader: "b2", Term: firstTerm("b2"), Reason: "FirstLeader", Ready: true, Taken: []string{"web-leader-ipv4"}},
		},
		"a slice of the leader Service's predecessor is adopted": {
			input: inputOf(dummy.Leading("a1", 5), []*corev1.Pod{a}),
			edit: func(in Input) Input {
				in.LeaderService = gen.LeaderOf(in.Source, func(s *corev1.Service) { s.UID = "second" })
				return in
			},
			want: planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: update},
		},
		"the slices are lost, and the leader Service has the term": {
			input: inputOf(leaderslice.State{}, []*corev1.Pod{b}, mirrored("a1", "7", gen.T0.Add(-time.Minute))),
			want:  planned{Leader: "b2", Term: firstTerm("b2"), Reason: "LeaderGone", Ready: true, Writes: []string{"create web-leader-ipv4"}},
		},
		"the slices are lost, and no pod can follow the leader": {
			input: inputOf(leaderslice.State{}, nil, mirrored("a1", "7", gen.T0.Add(-time.Minute))),
			want:  planned{Term: firstTerm(""), Reason: "NoCandidate", Writes: []string{"create web-leader-ipv4"}},
		},
		"a pod that was created after the leader of its name is another pod": {
			input: inputOf(leaderslice.State{}, []*corev1.Pod{a, gen.ReadyPod("b2", func(pod *corev1.Pod) {
				pod.CreationTimestamp = metav1.NewTime(gen.T0)
			})}, mirrored("b2", "7", gen.T0.Add(-time.Minute))),
			want: planned{Leader: "a1", Term: firstTerm("a1"), Reason: "LeaderGone", Ready: true, Writes: []string{"create web-leader-ipv4"}},
		},
		"the slices are lost, and the term of the leader Service is invalid": {
			input: inputOf(leaderslice.State{}, []*corev1.Pod{a}, mirrored("b2", "many", gen.T0)),
			want:  planned{Leader: "a1", Term: firstTerm("a1"), Reason: "LeaderGone", Ready: true, Writes: []string{"create web-leader-ipv4"}},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			in := test.input
			if test.edit != nil {
				in = test.edit(in)
			}
			if diff := cmp.Diff(test.want, plannedOf(Decide(in, gen.T0))); diff != "" {
				t.Errorf("unexpected plan (-want +got):\n%s", diff)
			}
		})
	}
}

// mirrored sets the annotations of the leader Service that say who leads.
func mirrored(leader, term string, since time.Time) func(*Input) {
	return func(in *Input) {
		in.LeaderService.Annotations = map[string]string{
			config.LeaderKey: leader, config.TermKey: term, config.ReasonKey: "LeaderGone",
			config.LeaderSinceKey: since.Format(leaderslice.SinceLayout),
		}
	}
}

func TestAnUpdateReplacesOnlyWhatIsOurs(t *testing.T) {
	in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("b2")})
	in.Trigger = gen.T0.Add(-time.Millisecond)
	write := Decide(in, gen.T0).Writes[0]
	current := write.Current.DeepCopy()
	current.Labels["team"], current.Annotations["note"], current.Finalizers = "shop", "theirs", []string{"shop.example/keep"}
	current.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "someone"}}
	untouched := current.DeepCopy()

	want := current.DeepCopy() // everything that is not set below is kept, also the resourceVersion
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
	if diff := cmp.Diff(want, UpdatedSlice(current, write.Desired)); diff != "" {
		t.Errorf("unexpected slice (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(untouched, current); diff != "" {
		t.Errorf("the informer's object was changed (-before +after):\n%s", diff)
	}
}

func TestAnUpdateRepairsLabelsAndOwner(t *testing.T) {
	in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("b2")})
	write := Decide(in, gen.T0).Writes[0]
	current := write.Current.DeepCopy()
	current.Labels, current.Annotations, current.OwnerReferences = nil, nil, nil
	got := UpdatedSlice(current, write.Desired)
	if diff := cmp.Diff(write.Desired.Labels, got.Labels); diff != "" {
		t.Errorf("unexpected labels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(write.Desired.OwnerReferences, got.OwnerReferences); diff != "" {
		t.Errorf("unexpected owners (-want +got):\n%s", diff)
	}
}

func TestAnUpdateToNoLeaderRemovesAnnotationsAndEndpoints(t *testing.T) {
	in := inputOf(dummy.Leading("a1", 5), nil)
	write := Decide(in, gen.T0).Writes[0]
	current := write.Current.DeepCopy()
	current.Annotations[corev1.EndpointsLastChangeTriggerTime] = "2026-03-01T11:00:00Z"
	got := UpdatedSlice(current, write.Desired)
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

func TestTheTriggerTimeIsOnlyWrittenWhenTrafficChanges(t *testing.T) {
	in := edited(func(slice *discoveryv1.EndpointSlice) { delete(slice.Annotations, config.LeaderSinceKey) })(
		inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1")}))
	in.Trigger = gen.T0
	if got, ok := Decide(in, gen.T0).Writes[0].Desired.Annotations[corev1.EndpointsLastChangeTriggerTime]; ok {
		t.Errorf("got trigger time %s for a repaired annotation", got)
	}
}

func TestATakenNameDoesNotDelayAnEarlierRequeue(t *testing.T) {
	for name, test := range map[string]struct {
		plan Plan
		want time.Duration
	}{
		"nothing is due":  {},
		"a grace ends":    {plan: Plan{Decision: election.Decision{RequeueAfter: time.Second}}, want: time.Second},
		"a name is taken": {plan: Plan{takenNames: []string{"web-leader-ipv6"}}, want: takenNameRecheck},
		"a name is taken, and a grace ends first": {plan: Plan{takenNames: []string{"web-leader-ipv6"}, Decision: election.Decision{RequeueAfter: time.Second}}, want: time.Second},
		"a name is taken, and a grace ends later": {plan: Plan{takenNames: []string{"web-leader-ipv6"}, Decision: election.Decision{RequeueAfter: time.Hour}}, want: takenNameRecheck},
	} {
		if got := RequeueAfter(test.plan); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}
