package failover

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestTheBasisIsBoundToItsTerm(t *testing.T) {
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
		"of this term":                  {basis: "5/a1-uid/30/20", term: "5", want: all},
		"of nobody":                     {basis: "5//30/20", term: "5", want: read{basis: all.basis, bound: true}},
		"before anything was seen":      {basis: "5/a1-uid//", term: "5", want: read{leader: "a1-uid", bound: true}},
		"of the term before":            {basis: "4/a1-uid/30/20", term: "5"},
		"of a term that was taken away": {basis: "5/a1-uid/30/20"},
		"of no term":                    {basis: "/a1-uid/30/20"},
		"missing":                       {term: "5"},
		"too short":                     {basis: "5/a1-uid/30", term: "5"},
		"too long":                      {basis: "5/a1-uid/30/20/10", term: "5"},
		"made up":                       {basis: "many", term: "5"},
	} {
		t.Run(name, func(t *testing.T) {
			leader, basis, bound := leaderslice.ParseBasis(map[string]string{config.BasisKey: test.basis, config.TermKey: test.term})
			if got := (read{string(leader), basis, bound}); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// A version of Tanist that knows no basis leaves the annotation where it is when it moves the leader.
func TestAnOlderVersionLeavesTheBasisBehind(t *testing.T) {
	s := inputOf(leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")})
	s.seen = leaderslice.Basis{Pods: "1", Services: "1"}
	if !s.behind() {
		t.Fatal("a replica that has seen less is not behind")
	}
	onSlice(discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) {
		slice.Annotations[config.TermKey], slice.Annotations[config.LeaderKey] = "6", "b2"
		slice.Endpoints[0].TargetRef.Name, slice.Endpoints[0].TargetRef.UID = "b2", "b2-uid"
	})(&s)
	state, _ := s.recorded(gen.T0)
	if s.behind() || state.Leader.UID != "b2-uid" || state.Term != 6 {
		t.Errorf("behind %t, %+v", s.behind(), state)
	}
}

func TestBehind(t *testing.T) {
	secondary := func(s *input) {
		onSlice(discoveryv1.AddressTypeIPv6, func(slice *discoveryv1.EndpointSlice) {
			slice.Annotations[config.BasisKey] = "5/a1-uid/31/21"
		})(s)
	}
	for name, test := range map[string]struct {
		seen   leaderslice.Basis
		change func(*input)
		want   bool
	}{
		"as much was seen":                         {seen: leaderslice.Basis{Pods: "30", Services: "20"}},
		"more was seen":                            {seen: leaderslice.Basis{Pods: "100", Services: "100"}},
		"fewer pods were seen":                     {seen: leaderslice.Basis{Pods: "29", Services: "20"}, want: true},
		"fewer Services were seen":                 {seen: leaderslice.Basis{Pods: "30", Services: "19"}, want: true},
		"a version with fewer digits was seen":     {seen: leaderslice.Basis{Pods: "9", Services: "20"}, want: true},
		"the other family's writer had seen more":  {seen: leaderslice.Basis{Pods: "30", Services: "20"}, change: secondary, want: true},
		"the pods were read live":                  {seen: leaderslice.Basis{Pods: "29", Services: "19"}, change: func(s *input) { s.live = true }},
		"nothing is known of what was seen":        {},
		"no slice is there":                        {seen: leaderslice.Basis{Pods: "1", Services: "1"}, change: func(s *input) { s.record.Slices = nil }},
		"the slice has no basis":                   {seen: leaderslice.Basis{Pods: "1", Services: "1"}, change: basisOf("")},
		"the slice's versions are no numbers":      {seen: leaderslice.Basis{Pods: "1", Services: "1"}, change: basisOf("5/a1-uid/x/y")},
		"the slice's versions are from the future": {seen: leaderslice.Basis{Pods: "30", Services: "20"}, change: basisOf("5/a1-uid/999999/20"), want: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := dual(leading("a1", 5), gen.ReadyPod("a1"))
			s.seen = test.seen
			if test.change != nil {
				test.change(&s)
			}
			if got := s.behind(); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

// basisOf replaces the basis of both families' slices.
func basisOf(basis string) func(*input) {
	return func(s *input) {
		for _, family := range leaderslice.Families(s.leaderService) {
			onSlice(family, func(slice *discoveryv1.EndpointSlice) { slice.Annotations[config.BasisKey] = basis })(s)
		}
	}
}

func TestWhatACommitIsDecidedUpon(t *testing.T) {
	for name, test := range map[string]struct {
		seen, observed string
		pod            string
		slice          string
		live           bool
		want           string
	}{
		"the newest of the pods":                                 {seen: "50", observed: "40", pod: "45", slice: "5/a1-uid/30/20", want: "45"},
		"a deletion that is newer than all pods":                 {seen: "50", observed: "48", pod: "45", slice: "5/a1-uid/30/20", want: "48"},
		"a deletion before this replica began to observe":        {seen: "50", pod: "45", slice: "5/a1-uid/30/20", want: "50"},
		"a deletion that arrived after the pods were listed":     {seen: "46", observed: "48", pod: "45", slice: "5/a1-uid/30/20", want: "46"},
		"what the slice says already is kept":                    {seen: "50", observed: "40", pod: "40", slice: "5/a1-uid/47/20", want: "47"},
		"versions of a time that a restore has undone":           {seen: "50", observed: "90", pod: "45", slice: "5/a1-uid/90/20", live: true, want: "50"},
		"a version that someone made up, after a live read":      {seen: "50", observed: "40", pod: "45", slice: "5/a1-uid/999999/20", live: true, want: "45"},
		"a version that is no number is not kept":                {seen: "50", observed: "40", pod: "45", slice: "5/a1-uid/x/20", want: "45"},
		"the informer does not say how much it has seen of pods": {observed: "40", pod: "45", slice: "5/a1-uid/30/20", want: "45"},
	} {
		t.Run(name, func(t *testing.T) {
			s := dual(leading("a1", 5), gen.ReadyPod("a1", func(pod *corev1.Pod) { pod.ResourceVersion = test.pod }))
			basisOf(test.slice)(&s)
			s.seen.Pods, s.record.Pods, s.live = test.seen, test.observed, test.live
			if got := s.basis().Pods; got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestEverySliceSaysWhatItsWriterHadSeen(t *testing.T) {
	s := dual(leading("a1", 5), gen.ReadyPod("b2", func(pod *corev1.Pod) { pod.ResourceVersion = "31" }))
	s.seen.Pods = "31"
	p := decide(s, gen.T0)
	if len(p.writes) != 2 {
		t.Fatalf("%d writes, want both families'", len(p.writes))
	}
	for _, write := range p.writes {
		if got := write.Desired.Annotations[config.BasisKey]; got != "1772366400000/b2-uid/31/20" {
			t.Errorf("%s says %q", write.Desired.Name, got)
		}
	}
}

// The basis alone is no reason to write: it changes with every event of a pod.
func TestANewBasisCostsNoWrite(t *testing.T) {
	s := dual(leading("a1", 5), gen.ReadyPod("a1"))
	s.seen, s.record.Pods = leaderslice.Basis{Pods: "900", Services: "900"}, "900"
	if p := decide(s, gen.T0); len(p.writes) > 0 {
		t.Errorf("%d writes", len(p.writes))
	}
}
