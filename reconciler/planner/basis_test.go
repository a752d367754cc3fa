package planner

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestABasisCountsInItsTermOnly(t *testing.T) {
	type read struct {
		leader string
		basis  leaderslice.Basis
		bound  bool
	}
	all := read{leader: "a1-uid", basis: leaderslice.Basis{Pods: "30", Services: "20"}, bound: true}
	for name, test := range map[string]struct {
		basis, term string
		want        read
	}{
		"of this term":              {basis: "5/a1-uid/30/20", term: "5", want: all},
		"of no leader":              {basis: "5//30/20", term: "5", want: read{basis: all.basis, bound: true}},
		"before anything was seen":  {basis: "5/a1-uid//", term: "5", want: read{leader: "a1-uid", bound: true}},
		"of the term before":        {basis: "4/a1-uid/30/20", term: "5"},
		"without a term annotation": {basis: "5/a1-uid/30/20"},
		"of an empty term":          {basis: "/a1-uid/30/20"},
		"missing":                   {term: "5"},
		"too short":                 {basis: "5/a1-uid/30", term: "5"},
		"of a Service with a Lease": {basis: "5/a1-uid/30/20/lease=10", term: "5", want: read{
			leader: "a1-uid", basis: leaderslice.Basis{Pods: "30", Services: "20", Lease: "10"}, bound: true,
		}},
		"too long": {basis: "5/a1-uid/30/20/10", term: "5"},
		"invalid":  {basis: "many", term: "5"},
	} {
		t.Run(name, func(t *testing.T) {
			leader, basis, bound := leaderslice.ParseBasis(map[string]string{config.BasisKey: test.basis, config.TermKey: test.term})
			if got := (read{string(leader), basis, bound}); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// A version of Tanist that does not know the basis does not change that annotation when it moves the leader.
func TestABasisIsIgnoredAfterAnOlderVersionHasMovedTheLeader(t *testing.T) {
	in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")})
	in.Seen = leaderslice.Basis{Pods: "1", Services: "1"}
	if !in.Behind() {
		t.Fatal("a replica that has seen less is not behind")
	}
	onSlice(discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) {
		slice.Annotations[config.TermKey], slice.Annotations[config.LeaderKey] = "6", "b2"
		slice.Endpoints[0].TargetRef.Name, slice.Endpoints[0].TargetRef.UID = "b2", "b2-uid"
	})(&in)
	state, _ := in.RecordedState(gen.T0)
	if in.Behind() || state.Leader.UID != "b2-uid" || state.Term != 6 {
		t.Errorf("behind %t, %+v", in.Behind(), state)
	}
}

func TestBehind(t *testing.T) {
	secondary := func(in *Input) {
		onSlice(discoveryv1.AddressTypeIPv6, func(slice *discoveryv1.EndpointSlice) {
			slice.Annotations[config.BasisKey] = "5/a1-uid/31/21"
		})(in)
	}
	for name, test := range map[string]struct {
		seen   leaderslice.Basis
		change func(*Input)
		want   bool
	}{
		"as much was seen":                        {seen: leaderslice.Basis{Pods: "30", Services: "20"}},
		"more was seen":                           {seen: leaderslice.Basis{Pods: "100", Services: "100"}},
		"fewer pods were seen":                    {seen: leaderslice.Basis{Pods: "29", Services: "20"}, want: true},
		"fewer Services were seen":                {seen: leaderslice.Basis{Pods: "30", Services: "19"}, want: true},
		"a version with fewer digits was seen":    {seen: leaderslice.Basis{Pods: "9", Services: "20"}, want: true},
		"the other family's writer had seen more": {seen: leaderslice.Basis{Pods: "30", Services: "20"}, change: secondary, want: true},
		"the pods were read live":                 {seen: leaderslice.Basis{Pods: "29", Services: "19"}, change: func(in *Input) { in.PodsReadLive = true }},
		"the informers do not say what they saw":  {},
		"no slice exists":                         {seen: leaderslice.Basis{Pods: "1", Services: "1"}, change: func(in *Input) { in.Record.Slices = nil }},
		"the slice has no basis":                  {seen: leaderslice.Basis{Pods: "1", Services: "1"}, change: basisOf("")},
		"the slice's versions are no numbers":     {seen: leaderslice.Basis{Pods: "1", Services: "1"}, change: basisOf("5/a1-uid/x/y")},
		"the slice's versions were made up":       {seen: leaderslice.Basis{Pods: "30", Services: "20"}, change: basisOf("5/a1-uid/999999/20"), want: true},
	} {
		t.Run(name, func(t *testing.T) {
			in := dual(dummy.Leading("a1", 5), gen.ReadyPod("a1"))
			in.Seen = test.seen
			if test.change != nil {
				test.change(&in)
			}
			if got := in.Behind(); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

// basisOf changes the basis of every family's slice.
func basisOf(basis string) func(*Input) {
	return func(in *Input) {
		for _, family := range leaderslice.Families(in.LeaderService) {
			onSlice(family, func(slice *discoveryv1.EndpointSlice) { slice.Annotations[config.BasisKey] = basis })(in)
		}
	}
}

func TestCommitBasis(t *testing.T) {
	for name, test := range map[string]struct {
		seen, observed string
		delivered      string
		pod            string
		slice          string
		live, missed   bool
		want           string
	}{
		"the newest version of a pod":                            {seen: "50", observed: "40", pod: "45", slice: "5/a1-uid/30/20", want: "45"},
		"a deletion that is newer than all pods":                 {seen: "50", observed: "48", pod: "45", slice: "5/a1-uid/30/20", want: "48"},
		"a deletion before this replica began to observe":        {seen: "50", delivered: "49", pod: "45", slice: "5/a1-uid/30/20", want: "49"},
		"a bookmark that other replicas do not have yet":         {seen: "99", delivered: "40", pod: "45", slice: "5/a1-uid/30/20", want: "45"},
		"an event that arrived after the pods were listed":       {seen: "46", delivered: "48", pod: "45", slice: "5/a1-uid/30/20", want: "46"},
		"no informer says what it has delivered":                 {seen: "50", pod: "45", slice: "5/a1-uid/30/20", want: "50"},
		"a deletion that arrived after the pods were listed":     {seen: "46", observed: "48", pod: "45", slice: "5/a1-uid/30/20", want: "46"},
		"a newer version in the slice is kept":                   {seen: "50", observed: "40", pod: "40", slice: "5/a1-uid/47/20", want: "47"},
		"versions from before a restore of etcd":                 {seen: "50", observed: "90", pod: "45", slice: "5/a1-uid/90/20", live: true, want: "50"},
		"a version that was made up, after a live read":          {seen: "50", observed: "40", pod: "45", slice: "5/a1-uid/999999/20", live: true, want: "45"},
		"as much as another writer had seen, after a live read":  {seen: "50", delivered: "50", observed: "40", pod: "41", slice: "5/a1-uid/45/20", live: true, want: "45"},
		"deletions that only a live read shows":                  {seen: "50", delivered: "50", observed: "40", pod: "41", slice: "5/a1-uid/45/20", live: true, missed: true, want: "50"},
		"observed events count before those of all pods":         {seen: "50", observed: "40", delivered: "49", pod: "41", slice: "5/a1-uid/30/20", want: "41"},
		"a version that is no number is not kept":                {seen: "50", observed: "40", pod: "45", slice: "5/a1-uid/x/20", want: "45"},
		"the informer does not say how much it has seen of pods": {observed: "40", pod: "45", slice: "5/a1-uid/30/20", want: "45"},
	} {
		t.Run(name, func(t *testing.T) {
			in := dual(dummy.Leading("a1", 5), gen.ReadyPod("a1", func(pod *corev1.Pod) { pod.ResourceVersion = test.pod }))
			basisOf(test.slice)(&in)
			in.Seen.Pods, in.DeliveredPods, in.Record.PodsVersion, in.PodsReadLive = test.seen, test.delivered, test.observed, test.live
			in.DeletionsMissed = test.missed
			if got := in.commitBasis().Pods; got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestEverySliceHasTheBasis(t *testing.T) {
	in := dual(dummy.Leading("a1", 5), gen.ReadyPod("b2", func(pod *corev1.Pod) { pod.ResourceVersion = "31" }))
	in.Seen.Pods = "31"
	p := Decide(in, gen.T0)
	if len(p.Writes) != 2 {
		t.Fatalf("%d writes, want both families'", len(p.Writes))
	}
	for _, write := range p.Writes {
		if got := write.Desired.Annotations[config.BasisKey]; got != "1772366400000/b2-uid/31/20" {
			t.Errorf("%s has basis %q", write.Desired.Name, got)
		}
	}
}

// The basis changes with every event of a pod.
func TestANewBasisAloneIsNotWritten(t *testing.T) {
	in := dual(dummy.Leading("a1", 5), gen.ReadyPod("a1"))
	in.Seen, in.Record.PodsVersion = leaderslice.Basis{Pods: "900", Services: "900"}, "900"
	if p := Decide(in, gen.T0); len(p.Writes) > 0 {
		t.Errorf("%d writes", len(p.Writes))
	}
}
