package leaderservice

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

// conditionOf returns the condition of this status and reason as Tanist writes it, since a time before T0.
func conditionOf(status metav1.ConditionStatus, reason string, before time.Duration) metav1.Condition {
	return metav1.Condition{
		Type: config.LeaderReadyCondition, Status: status, Reason: reason, Message: conditionMessages[reason],
		LastTransitionTime: metav1.NewTime(gen.T0.Add(-before)),
	}
}

func withCondition(condition metav1.Condition) func(*corev1.Service) {
	return func(s *corev1.Service) { s.Status.Conditions = []metav1.Condition{condition} }
}

func TestTheConditionSaysWhetherAReadyPodLeads(t *testing.T) {
	web := gen.WebService()
	leading := led("a1", 5) // since a minute before T0
	nobody := leaderslice.State{Term: 6, Since: gen.T0.Add(-10 * time.Second), Reason: "NoCandidate"}
	terminating := func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].Conditions.Ready = new(false) }
	empty := func(s *discoveryv1.EndpointSlice) { s.Endpoints = nil }
	yes, no := conditionOf(metav1.ConditionTrue, conditionLeaderReady, time.Hour), conditionOf(metav1.ConditionFalse, conditionNoCandidate, 30*time.Second)
	cases := map[string]struct {
		has   []metav1.Condition
		state leaderslice.State
		// slices change the slices: that of IPv4, then that of IPv6.
		slices []func(*discoveryv1.EndpointSlice)
		want   *metav1.Condition
	}{
		"a ready pod leads": {
			state: leading, slices: []func(*discoveryv1.EndpointSlice){nil},
			want: new(conditionOf(metav1.ConditionTrue, conditionLeaderReady, time.Minute)),
		},
		"a ready pod leads, and the condition says so": {
			has: []metav1.Condition{yes}, state: leading, slices: []func(*discoveryv1.EndpointSlice){nil},
		},
		"nobody leads, since the leader was lost": {
			has: []metav1.Condition{yes}, state: nobody, slices: []func(*discoveryv1.EndpointSlice){empty},
			want: new(conditionOf(metav1.ConditionFalse, conditionNoCandidate, 10*time.Second)),
		},
		"nobody leads, and the condition says so": {
			has: []metav1.Condition{no}, state: nobody, slices: []func(*discoveryv1.EndpointSlice){empty},
		},
		"the leader is the last resort, since a time that nothing records": {
			has: []metav1.Condition{yes}, state: leading, slices: []func(*discoveryv1.EndpointSlice){terminating},
			want: new(conditionOf(metav1.ConditionFalse, conditionLastResort, 0)),
		},
		"the last resort is gone": {
			has:   []metav1.Condition{conditionOf(metav1.ConditionFalse, conditionLastResort, 20*time.Second)},
			state: nobody, slices: []func(*discoveryv1.EndpointSlice){empty},
			want: new(conditionOf(metav1.ConditionFalse, conditionNoCandidate, 20*time.Second)),
		},
		"the same leader is ready again": {
			has:   []metav1.Condition{conditionOf(metav1.ConditionFalse, conditionLastResort, 20*time.Second)},
			state: leading, slices: []func(*discoveryv1.EndpointSlice){nil},
			want: new(conditionOf(metav1.ConditionTrue, conditionLeaderReady, 0)),
		},
		"the leader has only an address of the second family": {
			state: leading, slices: []func(*discoveryv1.EndpointSlice){empty, nil},
			want: new(conditionOf(metav1.ConditionTrue, conditionLeaderReady, time.Minute)),
		},
		"somebody has changed the message": {
			has:   []metav1.Condition{{Type: config.LeaderReadyCondition, Status: metav1.ConditionTrue, Reason: conditionLeaderReady, LastTransitionTime: yes.LastTransitionTime}},
			state: leading, slices: []func(*discoveryv1.EndpointSlice){nil}, want: &yes,
		},
		"the change of leader has a time in the future": {
			state:  leaderslice.State{Term: 6, Since: gen.T0.Add(time.Hour), Reason: "NoCandidate"},
			slices: []func(*discoveryv1.EndpointSlice){empty},
			want:   new(conditionOf(metav1.ConditionFalse, conditionNoCandidate, 0)),
		},
		"it is not known who leads":               {slices: []func(*discoveryv1.EndpointSlice){nil}},
		"there is no slice that sends traffic on": {has: []metav1.Condition{yes}, state: leading},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			leader := gen.LeaderOf(web, func(s *corev1.Service) { s.Status.Conditions = test.has })
			in := inputOf(web, withLeader(leader), func(in *input) { in.state = test.state })
			for i, change := range test.slices {
				slice := gen.SliceOf(leader, []discoveryv1.AddressType{discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6}[i])
				if change != nil {
					change(slice)
				}
				in.slices = append(in.slices, slice)
			}
			var got *metav1.Condition
			if change := in.conditionChange(leader, gen.T0); change != nil {
				got = &change.condition
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected condition (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAMoveDoesNotChangeTheCondition: each would cost a write.
func TestAMoveDoesNotChangeTheCondition(t *testing.T) {
	web := gen.WebService()
	leader := gen.LeaderOf(web, withCondition(conditionOf(metav1.ConditionTrue, conditionLeaderReady, time.Hour)))
	in := inputOf(web, withLeader(leader), withSlices(gen.SliceOf(leader, discoveryv1.AddressTypeIPv4)), func(in *input) { in.state = led("a1", 5) })
	plan := decide(in, gen.T0)
	if plan.patch == nil || plan.condition != nil {
		t.Errorf("got patch %v, condition %v, want only the patch that names the leader", plan.patch, plan.condition)
	}
}

func TestTheConditionWaitsWhileLeadersMove(t *testing.T) {
	web := gen.WebService()
	leader := gen.LeaderOf(web)
	in := inputOf(web, withLeader(leader), withSlices(gen.SliceOf(leader, discoveryv1.AddressTypeIPv4)), func(in *input) { in.state = led("a1", 5) })
	plan := decide(in, gen.T0)
	if plan.condition == nil {
		t.Fatal("there is no condition to write")
	}
	plan.deferReport(time.Second)
	if diff := cmp.Diff(planned{RequeueAfter: time.Second}, plannedOf(plan)); diff != "" || plan.condition != nil {
		t.Errorf("unexpected plan (-want +got):\n%s", diff)
	}
}

func TestAConditionThatSomeoneKeepsChangingIsWrittenSeldom(t *testing.T) {
	c := newController(t)
	web := gen.WebService()
	leader := gen.LeaderOf(web, withCondition(conditionOf(metav1.ConditionFalse, conditionNoCandidate, time.Hour)))
	in := inputOf(web, withLeader(leader), withSlices(gen.SliceOf(leader, discoveryv1.AddressTypeIPv4)), func(in *input) { in.state = led("a1", 5) })
	writes := 0
	for now := gen.T0; now.Before(gen.T0.Add(10 * time.Minute)); now = now.Add(time.Second) {
		plan := decide(in, now) // someone has changed it again
		c.deferContested(gen.ShopWeb, &plan, now)
		c.recordRepairs(gen.ShopWeb, &plan, in, now)
		if plan.condition != nil {
			writes++
		} else if plan.requeueAfter == 0 {
			t.Fatal("a condition that waits is not due again")
		}
	}
	if writes < 3 || writes > 20 {
		t.Errorf("got %d writes in ten minutes, want at most 20", writes)
	}
}
