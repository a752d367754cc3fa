package planner

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestWhatIsObserved(t *testing.T) {
	type watched struct {
		Leader             string
		Candidates, Marked []string
	}
	at := func(node string) func(*corev1.Pod) { return gen.OnNode(node) }
	young := func(pod *corev1.Pod) { pod.CreationTimestamp.Time = gen.T0 }
	for name, test := range map[string]struct {
		change func(*Input)
		want   watched
	}{
		"the leader and who could follow": {want: watched{Leader: "a1", Candidates: []string{"b2", "c3"}}},
		"only pods that could lead":       {change: func(in *Input) { in.Pods[1] = gen.ReadyPod("b2", gen.NotReady) }, want: watched{Leader: "a1", Candidates: []string{"c3"}}},
		"the best pod first":              {change: func(in *Input) { in.Pods[1] = gen.ReadyPod("b2", young) }, want: watched{Leader: "a1", Candidates: []string{"c3", "b2"}}},
		"early a pod on another node, if the best one is on the leader's": {
			change: func(in *Input) {
				in.Options.Sticky = false
				in.Pods = []*corev1.Pod{
					gen.ReadyPod("a1", at("n")), gen.ReadyPod("b2", at("n")), gen.ReadyPod("c3", at("n")), gen.ReadyPod("d4"),
				}
			},
			want: watched{Leader: "a1", Candidates: []string{"b2", "d4", "c3"}},
		},
		"no more pods than it can use": {
			change: func(in *Input) {
				for _, name := range []string{"d4", "e5", "f6", "g7"} {
					in.Pods = append(in.Pods, gen.ReadyPod(name))
				}
			},
			want: watched{Leader: "a1", Candidates: []string{"b2", "c3", "d4", "e5", "f6"}},
		},
		"no leader that is being deleted": {
			change: func(in *Input) { in.Pods = []*corev1.Pod{gen.ReadyPod("a1", gen.Terminating)} },
		},
		"nothing without pods": {change: func(in *Input) { in.Pods = nil }},
		"the new leader and the old one after a verdict": {
			change: func(in *Input) { in.Observer = dummy.Convicts(observe.LeaderCrashed, "a1", "b2") },
			want:   watched{Leader: "b2", Candidates: []string{"c3", "a1"}, Marked: []string{"a1"}},
		},
		"marked pods as long as they exist": {
			change: func(in *Input) {
				in.Record.Slices["web-leader-ipv4"] = withLosses(in.Record.Slices["web-leader-ipv4"], marked(time.Minute, "x", "c3"))
			},
			want: watched{Leader: "a1", Candidates: []string{"b2"}, Marked: []string{"c3"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2"), gen.ReadyPod("c3")})
			if test.change != nil {
				test.change(&in)
			}
			service := Observed(in, Decide(in, gen.T0), gen.T0)
			got := watched{Candidates: namesOf(service.Candidates), Marked: namesOf(service.Marked)}
			if service.Leader != nil {
				got.Leader = service.Leader.Name
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected pods (-want +got):\n%s", diff)
			}
		})
	}
}

func namesOf(pods []observe.Pod) []string {
	var names []string
	for _, pod := range pods {
		names = append(names, pod.Name)
	}
	return names
}

func TestHowALeaderIsObserved(t *testing.T) {
	patience := 7 * time.Second
	in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1")})
	in.Tuning.Observe.LossAfter.Duration = 3 * time.Second
	want := observe.Service{
		Leader: &observe.Pod{UID: "a1-uid", Name: "a1", Node: "node-of-a1"}, LossAfter: 3 * time.Second, ProbePods: true,
	}
	if diff := cmp.Diff(want, Observed(in, Decide(in, gen.T0), gen.T0)); diff != "" {
		t.Errorf("unexpected defaults (-want +got):\n%s", diff)
	}
	in.Options.LossAfter, in.Options.FreezeAfter, in.Options.ProbePods = new(time.Duration), &patience, false
	want.LossAfter, want.FreezeAfter, want.ProbePods = 0, &patience, false
	if diff := cmp.Diff(want, Observed(in, Decide(in, gen.T0), gen.T0)); diff != "" {
		t.Errorf("what the Service asks for is not passed on (-want +got):\n%s", diff)
	}
}
