package afterhandover

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
)

// moved is when the leader moved in inputOf: the test's present is just after the delay.
var moved = gen.T0.Add(-delay)

// replaced makes a pod one of a ReplicaSet.
var replaced = gen.OwnedByReplicaSet("web-1")

// inputOf is the input when b2 leads after a1 since moved, and the Service asks for an eviction.
func inputOf(changes ...func(*input)) input {
	source := gen.WebService()
	in := input{
		source: source, leaderService: gen.LeaderOf(source), options: config.AfterHandover{Evict: true},
		state: leaderslice.State{
			Leader: leaderslice.Leader{UID: "b2-uid", Name: "b2", Node: "node-of-b2", Ready: true}, Term: 6, Since: moved, Reason: "NodeGoing",
		},
		old: leaderslice.OldLeader{UID: "a1-uid", Name: "a1"}, pod: gen.ReadyPod("a1", replaced), tried: attempts{term: 6},
	}
	for _, change := range changes {
		change(&in)
	}
	return in
}

// pod replaces the old leader's pod.
func pod(changes ...func(*corev1.Pod)) func(*input) {
	return func(in *input) {
		in.pod = gen.ReadyPod("a1", append([]func(*corev1.Pod){replaced}, changes...)...)
	}
}

// calling asks for a call instead of an eviction.
func calling(in *input) { in.options = config.AfterHandover{Path: "/handed-over"} }

// since lets the leader have moved this long ago.
func since(ago time.Duration) func(*input) {
	return func(in *input) { in.state.Since = gen.T0.Add(-ago) }
}

// unanswered is an attempt that the API server may have carried out.
func unanswered(in *input) {
	in.tried = attempts{term: 6}.failed(resultUnanswered, "deadline exceeded", gen.T0.Add(-time.Minute))
}

// tried adds two attempts, the last of which was refused by a budget. The next may be made at once.
func tried(in *input) {
	in.tried = attempts{term: 6, times: 2, next: gen.T0, problem: "the budget refuses it", refused: true}
}

func TestDecide(t *testing.T) {
	nothing, unneeded := decision{step: stepNothing}, decision{step: stepUnneeded}
	cases := map[string]struct {
		changes []func(*input)
		want    decision
	}{
		"an eviction is due":              {want: decision{step: stepEvict}},
		"a call is due":                   {changes: []func(*input){calling}, want: decision{step: stepCall, url: "http://10.1.0.1:8080/handed-over"}},
		"the second has not passed":       {changes: []func(*input){since(300 * time.Millisecond)}, want: decision{step: stepWait, after: 700 * time.Millisecond}},
		"the Service asks for nothing":    {changes: []func(*input){func(in *input) { in.options = config.AfterHandover{} }}, want: nothing},
		"the move recorded no old leader": {changes: []func(*input){func(in *input) { in.old = leaderslice.OldLeader{} }}, want: nothing},
		"it is done":                      {changes: []func(*input){func(in *input) { in.tried.over = true }}, want: nothing},
		"the last moment":                 {changes: []func(*input){since(delay + tryFor - 1)}, want: decision{step: stepEvict}},
		"old news":                        {changes: []func(*input){since(delay + tryFor)}, want: nothing},
		"very old news of a pod that goes": {
			changes: []func(*input){since(time.Hour), pod(gen.Terminating)}, want: nothing,
		},
		"it is not known since when":  {changes: []func(*input){func(in *input) { in.state.Since = time.Time{} }}, want: nothing},
		"a time far in the future":    {changes: []func(*input){since(-time.Hour)}, want: nothing},
		"the old leader is gone":      {changes: []func(*input){func(in *input) { in.pod = nil }}, want: unneeded},
		"the old leader was replaced": {changes: []func(*input){pod(func(p *corev1.Pod) { p.UID = "another" })}, want: unneeded},
		"the old leader is being deleted": {
			changes: []func(*input){pod(gen.Terminating)}, want: unneeded,
		},
		"the old leader is not ready":    {changes: []func(*input){pod(gen.NotReady)}, want: unneeded},
		"the old leader has no state":    {changes: []func(*input){pod(func(p *corev1.Pod) { p.Status.Conditions = nil })}, want: unneeded},
		"the old leader leads":           {changes: []func(*input){func(in *input) { in.state.Leader.UID = "a1-uid" }}, want: unneeded},
		"the new leader does not serve":  {changes: []func(*input){func(in *input) { in.state.Leader.Ready = false }}, want: decision{step: stepWait, after: recheck, problem: notServing}},
		"nobody leads":                   {changes: []func(*input){func(in *input) { in.state.Leader = leaderslice.Leader{} }}, want: decision{step: stepWait, after: recheck, problem: notServing}},
		"nobody leads at the end":        {changes: []func(*input){since(delay + tryFor - time.Millisecond), func(in *input) { in.state.Leader.Ready = false }}, want: decision{step: stepWait, after: time.Millisecond, problem: notServing}},
		"nobody has led until the end":   {changes: []func(*input){since(delay + tryFor), func(in *input) { in.tried.problem = notServing }}, want: decision{step: stepGiveUp, problem: notServing}},
		"the next attempt":               {changes: []func(*input){since(5 * time.Second), tried}, want: decision{step: stepEvict}},
		"the next attempt is not due":    {changes: []func(*input){since(5 * time.Second), tried, func(in *input) { in.tried.next = gen.T0.Add(2 * time.Second) }}, want: decision{step: stepWait, after: 2 * time.Second}},
		"the next attempt would be late": {changes: []func(*input){since(delay + tryFor - time.Second), tried, func(in *input) { in.tried.next = gen.T0.Add(2 * time.Second) }}, want: decision{step: stepWait, after: time.Second}},
		"it did not succeed":             {changes: []func(*input){since(delay + tryFor), tried}, want: decision{step: stepGiveUp, problem: "the budget refuses it"}},
		"it went by itself in the end":   {changes: []func(*input){since(delay + tryFor), tried, pod(gen.Terminating)}, want: unneeded},
		"it is being evicted, although no answer said so": {
			changes: []func(*input){since(5 * time.Second), unanswered, pod(gen.Terminating, gen.DisruptionTarget)}, want: decision{step: stepEvicted},
		},
		"it is gone, although no answer said so": {
			changes: []func(*input){since(5 * time.Second), unanswered, func(in *input) { in.pod, in.gone = nil, true }}, want: decision{step: stepEvicted},
		},
		"another pod has its name, although no answer said so": {
			changes: []func(*input){since(5 * time.Second), unanswered, func(in *input) { in.gone = true }, pod(func(p *corev1.Pod) { p.UID = "another" })},
			want:    decision{step: stepEvicted},
		},
		"the Service no longer selects it, and no answer came": {
			changes: []func(*input){since(5 * time.Second), unanswered, func(in *input) { in.pod = nil }}, want: unneeded,
		},
		"it was deleted while no answer came": {
			changes: []func(*input){since(5 * time.Second), unanswered, pod(gen.Terminating)}, want: unneeded,
		},
		"it is being evicted by somebody else after a refusal": {
			changes: []func(*input){since(5 * time.Second), tried, pod(gen.Terminating, gen.DisruptionTarget)}, want: unneeded,
		},
		"it is being evicted by somebody else": {
			changes: []func(*input){pod(gen.Terminating, gen.DisruptionTarget)}, want: unneeded,
		},
		"nothing would replace it": {
			changes: []func(*input){func(in *input) { in.pod = gen.ReadyPod("a1") }},
			want:    decision{step: stepGiveUp, problem: "no controller would replace it"},
		},
		"a pod that nothing would replace is called": {
			changes: []func(*input){calling, func(in *input) { in.pod = gen.ReadyPod("a1") }},
			want:    decision{step: stepCall, url: "http://10.1.0.1:8080/handed-over"},
		},
		"a static pod": {
			changes: []func(*input){pod(gen.OwnedByKind("v1", "Node", "node-1", "", ""))},
			want:    decision{step: stepGiveUp, problem: "it is a static pod, which its kubelet would go on running"},
		},
		"a pod of a Job": {
			changes: []func(*input){pod(gen.OwnedByKind("batch/v1", "Job", "once", "", ""), func(p *corev1.Pod) { p.Spec.RestartPolicy = corev1.RestartPolicyNever })},
			want:    decision{step: stepGiveUp, problem: "it runs to completion, and an eviction would abort its work"},
		},
		"a port that the old leader does not have": {
			changes: []func(*input){calling, func(in *input) { in.options.Port = "admin" }},
			want:    decision{step: stepGiveUp, problem: `no container has a port named "admin" with protocol TCP`},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, decide(inputOf(test.changes...), gen.T0), cmp.AllowUnexported(decision{})); diff != "" {
				t.Errorf("unexpected decision (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEveryWaitEnds: whatever fails, each wait is longer than nothing, and the last one is over when tryFor is.
func TestEveryWaitEnds(t *testing.T) {
	in, now := inputOf(since(0)), gen.T0
	for range 100 {
		switch d := decide(in, now); d.step {
		case stepEvict:
			in.tried = in.tried.failed(resultRefused, "the budget refuses it", now)
		case stepWait:
			if d.after <= 0 {
				t.Fatalf("a wait of %s", d.after)
			}
			now = now.Add(d.after)
		case stepGiveUp:
			if took := now.Sub(in.state.Since); took != delay+tryFor || in.tried.times < 5 {
				t.Errorf("it is given up after %s and %d attempts", took, in.tried.times)
			}
			return
		default:
			t.Fatalf("got %+v", d)
		}
	}
	t.Error("it is never given up")
}
