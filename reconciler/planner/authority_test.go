package planner

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestAuthorityLimitsWrites(t *testing.T) {
	const ipv4, ipv6 = discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6
	none := []string(nil)
	primary, secondary := []string{"update web-leader-ipv4"}, []string{"update web-leader-ipv6"}
	both := []string{"update web-leader-ipv4", "update web-leader-ipv6"}
	a, b := gen.ReadyPod("a1"), gen.ReadyPod("b2")
	prefers := func(in *Input) { in.Options.PreferredLeader = "b2" }
	second := func(slice *discoveryv1.EndpointSlice) {
		slice.Endpoints = append(slice.Endpoints, leaderslice.Endpoint(b, "10.1.0.2", true))
	}
	notReadyEndpoint := func(slice *discoveryv1.EndpointSlice) { slice.Endpoints[0].Conditions.Ready = new(false) }
	node := func(slice *discoveryv1.EndpointSlice) { slice.Endpoints[0].NodeName = nil }
	ports := func(in *Input) {
		in.Source = in.Source.DeepCopy()
		in.Source.Spec.Ports[0].AppProtocol = new("http")
	}
	cases := map[string]struct {
		state  leaderslice.State
		pods   []*corev1.Pod
		change func(*Input)
		// What a replica writes: the holder of the Lease, any other replica, and every replica while older ones run.
		all, losses, undisputed []string
	}{
		"nothing is wrong": {pods: []*corev1.Pod{a, b}, all: none, losses: none, undisputed: none},

		"the leader is being deleted":         {pods: []*corev1.Pod{gen.ReadyPod("a1", gen.Terminating), b}, all: both, losses: both, undisputed: both},
		"the leader is gone":                  {pods: []*corev1.Pod{b}, all: both, losses: both, undisputed: both},
		"the leader is not ready":             {pods: []*corev1.Pod{gen.ReadyPod("a1", gen.NotReady), b}, all: both, losses: both, undisputed: both},
		"the leader has lost an address":      {pods: []*corev1.Pod{gen.ReadyPod("a1", func(p *corev1.Pod) { p.Status.PodIPs = p.Status.PodIPs[:1] }), b}, all: both},
		"no pod led and one can":              {state: leaderslice.State{Term: 5, Reason: "NoCandidate"}, pods: []*corev1.Pod{b}, all: both, losses: both},
		"no pod can follow":                   {pods: []*corev1.Pod{gen.ReadyPod("a1", gen.NotReady)}, all: both, losses: both},
		"the leader is only the last resort":  {pods: []*corev1.Pod{gen.ReadyPod("a1", gen.Terminating)}, all: both, losses: both},
		"the leader is about to be disrupted": {pods: []*corev1.Pod{gen.ReadyPod("a1", gen.DisruptionTarget), b}, all: both},
		"another pod is preferred":            {pods: []*corev1.Pod{a, b}, change: prefers, all: both},

		"an endpoint is missing":          {pods: []*corev1.Pod{a, b}, change: onSlice(ipv4, func(s *discoveryv1.EndpointSlice) { s.Endpoints = nil }), all: primary, losses: primary},
		"there are two endpoints":         {pods: []*corev1.Pod{a, b}, change: onSlice(ipv4, second), all: primary, losses: primary},
		"the endpoint is not ready":       {pods: []*corev1.Pod{a, b}, change: onSlice(ipv4, notReadyEndpoint), all: primary, losses: primary},
		"an endpoint of the other family": {pods: []*corev1.Pod{a, b}, change: onSlice(ipv6, second), all: secondary, losses: secondary},
		"the endpoint has no node":        {pods: []*corev1.Pod{a, b}, change: onSlice(ipv4, node), all: primary},
		"the ports differ":                {pods: []*corev1.Pod{a, b}, change: ports, all: both},
		"our labels are missing": {pods: []*corev1.Pod{a, b}, change: onSlice(ipv4, func(s *discoveryv1.EndpointSlice) {
			s.Labels = map[string]string{discoveryv1.LabelManagedBy: config.SliceManagedBy}
		}), all: primary},
		"the owner is missing":                     {pods: []*corev1.Pod{a, b}, change: onSlice(ipv4, func(s *discoveryv1.EndpointSlice) { s.OwnerReferences = nil }), all: primary},
		"the time since when it leads is missing":  {pods: []*corev1.Pod{a, b}, change: onSlice(ipv4, func(s *discoveryv1.EndpointSlice) { delete(s.Annotations, config.LeaderSinceKey) }), all: both},
		"the annotation has another leader's name": {pods: []*corev1.Pod{a, b}, change: onSlice(ipv4, func(s *discoveryv1.EndpointSlice) { s.Annotations[config.LeaderKey] = "b2" }), all: primary},
		"the term cannot be read":                  {pods: []*corev1.Pod{a, b}, change: termed(ipv4, "many"), all: both, losses: both},
		"the term is not plausible":                {pods: []*corev1.Pod{a, b}, change: termed(ipv4, "9223372036854775807"), all: both},
		"the other family's term cannot be read":   {pods: []*corev1.Pod{a, b}, change: termed(ipv6, "many"), all: secondary, losses: secondary},
		"the other family's term is lower":         {pods: []*corev1.Pod{a, b}, change: termed(ipv6, "4"), all: secondary},
		"the other family's term is higher":        {pods: []*corev1.Pod{a, b}, change: termed(ipv6, "6"), all: both},

		"the term is not plausible, and an endpoint of the other family is missing": {
			pods: []*corev1.Pod{a, b}, all: both, change: func(in *Input) {
				termed(ipv4, "9223372036854775807")(in)
				onSlice(ipv6, func(slice *discoveryv1.EndpointSlice) { slice.Endpoints = nil })(in)
			},
		},

		"the primary slice is missing, with a leader": {
			pods: []*corev1.Pod{a, b}, change: withoutSlice(ipv4),
			all: []string{"create web-leader-ipv4", "update web-leader-ipv6"}, losses: []string{"create web-leader-ipv4", "update web-leader-ipv6"},
		},
		"the other slice is missing, with a leader": {
			pods: []*corev1.Pod{a, b}, change: withoutSlice(ipv6), all: []string{"create web-leader-ipv6"}, losses: []string{"create web-leader-ipv6"},
		},
		"the primary slice is missing, without a leader": {
			state: leaderslice.State{Term: 5, Reason: "NoCandidate"}, change: withoutSlice(ipv4), all: []string{"create web-leader-ipv4", "update web-leader-ipv6"},
		},
		"the other slice is missing, without a leader": {
			state: leaderslice.State{Term: 5, Reason: "NoCandidate"}, change: withoutSlice(ipv6), all: []string{"create web-leader-ipv6"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			state := test.state
			if state == (leaderslice.State{}) {
				state = dummy.Leading("a1", 5)
			}
			for authority, want := range map[commitrules.Authority][]string{commitrules.AuthorityAll: test.all, commitrules.AuthorityLosses: test.losses, commitrules.AuthorityUndisputed: test.undisputed} {
				in := dual(state, test.pods...)
				in.Authority = authority
				if test.change != nil {
					test.change(&in)
				}
				if diff := cmp.Diff(want, plannedOf(Decide(in, gen.T0)).Writes); diff != "" {
					t.Errorf("authority %d: unexpected writes (-want +got):\n%s", authority, diff)
				}
			}
		})
	}
}

func TestOnlyTheLeaseHolderReplacesAnUnreadyLeaderRightAfterTheGrace(t *testing.T) {
	unready := gen.ReadyPod("a1", gen.NotReady, func(pod *corev1.Pod) { pod.Status.Conditions[0].LastTransitionTime = metav1.NewTime(gen.T0) })
	for name, test := range map[string]struct {
		authority commitrules.Authority
		grace     time.Duration
		after     time.Duration
		wantMoves bool
	}{
		"the holder within the grace":          {authority: commitrules.AuthorityAll, grace: 5 * time.Second, after: 4 * time.Second},
		"the holder after the grace":           {authority: commitrules.AuthorityAll, grace: 5 * time.Second, after: 5 * time.Second, wantMoves: true},
		"another replica after the grace":      {authority: commitrules.AuthorityLosses, grace: 5 * time.Second, after: 5 * time.Second},
		"another replica two seconds after it": {authority: commitrules.AuthorityLosses, grace: 5 * time.Second, after: 7 * time.Second, wantMoves: true},
		"any replica beside an older version":  {authority: commitrules.AuthorityUndisputed, grace: 5 * time.Second, after: 6 * time.Second},
		"another replica without a grace":      {authority: commitrules.AuthorityLosses, wantMoves: true},
	} {
		t.Run(name, func(t *testing.T) {
			in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{unready, gen.ReadyPod("b2")})
			in.Authority, in.Options.NotReadyGrace = test.authority, test.grace
			p := Decide(in, gen.T0.Add(test.after))
			if p.Decision.Move != test.wantMoves {
				t.Errorf("it moves: %t, want %t", p.Decision.Move, test.wantMoves)
			}
			if !test.wantMoves && p.Decision.RequeueAfter <= 0 {
				t.Error("it does not decide again when the grace ends")
			}
		})
	}
}
