package planner

import (
	"fmt"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/reconciler/lease"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// held is a Lease that a pod holds, for a Service that follows it.
func held(identity, version string, changes ...func(*coordinationv1.Lease)) func(*Input) {
	return seeing(lease.View{Lease: gen.LeaseHeldBy(identity, version, changes...)}, version)
}

// seeing is what a replica has seen of the Lease that the Service follows, up to a version.
func seeing(view lease.View, version string) func(*Input) {
	return func(in *Input) { in.Options.FollowLease, in.Lease, in.Seen.Lease = "web", view, version }
}

// TestFollowing shows who gets the traffic, and what the user is told, for each state of the Lease. Pod a1 leads.
func TestFollowing(t *testing.T) {
	const stays = "; until then the leader stays while it serves, and no other pod follows it"
	long := func(l *coordinationv1.Lease) { gen.RenewedAt(gen.T0.Add(-time.Minute))(l) }
	cases := map[string]struct {
		pods []*corev1.Pod
		see  func(*Input)
		// want is the leader and the reason, and the warnings in lines of their own.
		want []string
	}{
		"the leader holds it":        {see: held("a1_x", "50"), want: []string{"a1"}},
		"another pod holds it":       {see: held("b2_x", "50"), want: []string{"b2: LeaseHolder"}},
		"expired, and its pod gone":  {see: held("gone_x", "50", long), want: []string{"a1", `LeaseNotHeld: Lease web has expired: "gone_x" has not renewed it, and no other pod has taken it` + stays}},
		"its holder has expired":     {see: held("b2_x", "50", long), want: []string{"b2: LeaseHolder", `LeaseNotHeld: Lease web has expired: "b2_x" has not renewed it, and no other pod has taken it; its pod keeps the traffic while it serves`}},
		"it was released":            {see: held("", "50"), want: []string{"a1"}},
		"it was released long ago":   {see: held("", "50", long), want: []string{"a1", "LeaseNotHeld: Lease web has no holder: the application has elected nobody" + stays}},
		"it does not exist":          {see: seeing(lease.View{}, "50"), want: []string{"a1", "LeaseMissing: Lease web does not exist: the application creates it, or tanist.dev/follow-lease names another one" + stays}},
		"it has not been read yet":   {see: seeing(lease.View{Unread: true}, ""), want: []string{"a1"}},
		"it may not be read":         {see: seeing(lease.View{Unread: true, Refused: "leases is forbidden"}, ""), want: []string{"a1", "LeaseUnreadable: Lease web cannot be read, which needs the chart's value followLeases=true" + stays + ": leases is forbidden"}},
		"a pod of another Service":   {see: held("z9_x", "50"), want: []string{"a1", `LeaseHolderUnknown: Lease web is held by "z9_x", which is none of the pods that the Service selects: the identity must be the name of one, or that name, an underscore and anything` + stays}},
		"an earlier pod of the name": {pods: []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2", gen.MadeAt(gen.T0.Add(time.Second)))}, see: held("b2_x", "50"), want: []string{"a1", `LeaseHolderUnknown: Lease web is held by "b2_x", an earlier pod of that name: the pod that has it now was created after the last renewal` + stays}},
		"a pod that is not ready":    {pods: []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2", gen.NotReady)}, see: held("b2_x", "50"), want: []string{"nobody: NoCandidate", "LeaseHolderNotReady: Lease web is held by pod b2, which gets no traffic: it is not ready"}},
		"a leader that is not ready": {pods: []*corev1.Pod{gen.ReadyPod("a1", gen.NotReady), gen.ReadyPod("b2")}, see: held("a1_x", "50"), want: []string{"nobody: NoCandidate", "LeaseHolderNotReady: Lease web is held by pod a1, which gets no traffic: it is not ready"}},
		"a leader that drains":       {pods: []*corev1.Pod{gen.ReadyPod("a1", gen.Terminating), gen.ReadyPod("b2")}, see: held("a1_x", "50"), want: []string{"a1, not ready"}},
		"a leader that is evicted":   {pods: []*corev1.Pod{gen.ReadyPod("a1", gen.DisruptionTarget), gen.ReadyPod("b2")}, see: held("a1_x", "50"), want: []string{"a1"}},
		"a leader that is gone":      {pods: []*corev1.Pod{gen.ReadyPod("b2")}, see: held("", "50"), want: []string{"nobody: NoCandidate"}},
	}
	for name, test := range cases {
		for _, authority := range []commitrules.Authority{commitrules.AuthorityAll, commitrules.AuthorityLosses} {
			t.Run(fmt.Sprintf("%s, with authority %d", name, authority), func(t *testing.T) {
				pods := test.pods
				if pods == nil {
					pods = []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")}
				}
				in := inputOf(dummy.Leading("a1", 5), pods, test.see, func(in *Input) { in.Authority = authority })
				p := Decide(in, gen.T0)
				got := []string{p.After.Leader.Name}
				switch {
				case p.Decision.Leader == nil:
					got[0] = "nobody: " + string(p.Decision.Reason)
				case p.Decision.Move:
					got[0] += ": " + string(p.Decision.Reason)
				case !p.Decision.Ready:
					got[0] += ", not ready"
				}
				if p.Decision.Move && (!p.WritesPrimary || in.Unstable(p, gen.T0) != "") {
					t.Errorf("the move is not written: %q", in.Unstable(p, gen.T0))
				}
				for _, warning := range followedLeaseWarnings(in, p) {
					got = append(got, warning.Reason+": "+warning.Note)
				}
				if strings.Join(got, "\n") != strings.Join(test.want, "\n") {
					t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
				}
			})
		}
	}
}

// A replica that has seen an older version of the Lease than the writer of the slice waits, whatever the Lease's UID and its transitions say.
func TestAnOlderViewOfTheLeaseNeverMovesTheLeaderBack(t *testing.T) {
	restored := func(l *coordinationv1.Lease) { l.UID = "restored-uid" }
	pods := []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")}
	for name, test := range map[string]struct{ newer, older func(*Input) }{
		"another holder":     {held("b2", "51"), held("a1", "50")},
		"a restored Lease":   {held("b2", "51", restored), held("a1", "50")},
		"a deleted Lease":    {held("b2", "51"), seeing(lease.View{}, "50")},
		"of fewer digits":    {held("b2", "100"), held("a1", "99")},
		"renewed meanwhile":  {held("b2", "51"), held("a1", "50", gen.RenewedAt(gen.T0.Add(time.Second)))},
		"another one before": {held("b2", "51"), held("c3", "49")},
	} {
		t.Run(name, func(t *testing.T) {
			in := inputOf(dummy.Leading("a1", 5), pods, test.newer)
			p := Decide(in, gen.T0)
			if p.After.Leader.Name != "b2" || in.Behind() {
				t.Fatalf("%s leads, behind %t", p.After.Leader.Name, in.Behind())
			}
			in = carryOut(in, p)
			test.older(&in)
			if !in.Behind() {
				t.Error("the replica with the older view is not behind")
			}
			in.PodsReadLive = true // and then the live read counts, whatever somebody has written into the basis
			if in.Behind() {
				t.Error("the replica is behind after a live read")
			}
			test.newer(&in)
			in.PodsReadLive = false
			if again := Decide(in, gen.T0); in.Behind() || len(again.Writes) > 0 {
				t.Errorf("the newer view writes %d slices, behind %t", len(again.Writes), in.Behind())
			}
			held("a1", "160", restored)(&in)
			if back := Decide(in, gen.T0); in.Behind() || back.After.Leader.Name != "a1" || back.After.Term <= p.After.Term {
				t.Errorf("a newer version does not move the leader on: %+v", back.After)
			}
		})
	}
}

func TestTheVersionOfTheLeaseThatACommitRecords(t *testing.T) {
	for name, test := range map[string]struct {
		see  func(*Input)
		live bool
		want string
	}{
		"a Service that follows none":                  {see: func(in *Input) { in.Lease.Unread = true }},
		"of its last change":                           {see: held("a1", "60"), want: "60"},
		"a newer version in the slice":                 {see: held("a1", "40"), want: "50"},
		"an older one, after a restore of etcd":        {see: held("a1", "40"), live: true, want: "40"},
		"of one that does not exist":                   {see: seeing(lease.View{}, "60"), want: "50"},
		"up to which one does not exist":               {see: seeing(lease.View{}, "60"), live: true, want: "60"},
		"of one that has not been read":                {see: seeing(lease.View{Unread: true}, ""), want: "50"},
		"of one that may not be read, after a restore": {see: seeing(lease.View{Unread: true, Refused: "no"}, ""), live: true, want: "50"},
	} {
		t.Run(name, func(t *testing.T) {
			in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1")}, test.see)
			basisOf("5/a1-uid/30/20/lease=50")(&in)
			in.PodsReadLive = test.live
			if got := in.commitBasis().Lease; got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestOtherVersionsOfTheLeaseWriteNothing(t *testing.T) {
	in := inputOf(leaderslice.State{}, []*corev1.Pod{gen.ReadyPod("a1")}, held("a1", "50"))
	in = carryOut(in, Decide(in, gen.T0))
	held("a1", "90", gen.RenewedAt(gen.T0.Add(time.Minute)))(&in)
	if p := Decide(in, gen.T0.Add(time.Minute)); len(p.Writes) > 0 {
		t.Errorf("a renewal writes %s", p.Writes[0].Desired.Name)
	}
}

func TestAdmissionPreparesNothingForAServiceThatFollowsALease(t *testing.T) {
	in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")}, held("a1", "50"))
	for _, eviction := range []bool{false, true} {
		if prepared, ok := Prepare(in, cache.Departure{UID: "a1-uid", Eviction: eviction}, gen.T0); ok {
			t.Errorf("eviction %t: prepared %s", eviction, prepared.After.Leader.Name)
		}
	}
}

func TestNobodyObservesAPodThatItsApplicationHasElected(t *testing.T) {
	in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")}, held("a1", "50"))
	if observed := Observed(in, Decide(in, gen.T0), gen.T0); observed.Leader != nil || len(observed.Candidates) > 0 {
		t.Errorf("got %+v", observed)
	}
}
