package planner

import (
	"math/rand"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// Each of two replicas is cut off from the node of one of two pods, and convicts that pod whenever it leads. Both hear the other one.
func TestReplicasThatConvictEachOthersLeaderComeToRest(t *testing.T) {
	a := &api{t: t, r: rand.New(rand.NewSource(1)), now: gen.T0, version: 100}
	a.setService(gen.WebService())
	a.makeLeaderService()
	for i := range 2 {
		a.makePod(i)
		pod := a.pods.now[[]string{"p0", "p1"}[i]]
		pod.UID, pod.CreationTimestamp = pod.UID[:2]+"-uid", metav1.NewTime(gen.T0.Add(-time.Duration(2-i)*time.Hour))
	}
	first, second := a.newReplica("first"), a.newReplica("second")
	first.authority = commitrules.AuthorityAll
	reconcile := func() {
		for _, replica := range []*replica{first, second} {
			replica.catchUp(a)
			replica.reconcile(a, true, false)
		}
	}
	reconcile()
	leader := func() string { return leaderslice.Parse(a.slices.now["web-leader-ipv4"]).State.Leader.Name }
	if a.commits != 1 || leader() != "p0" {
		t.Fatalf("%q leads after %d commits, want p0 after one", leader(), a.commits)
	}
	first.observer, second.observer = dummy.Convicts(observe.NodeLost, "p0", "p1"), dummy.Convicts(observe.NodeLost, "p1", "p0")
	for a.now.Before(gen.T0.Add(leaderslice.MarkFor)) {
		reconcile()
		a.now = a.now.Add(time.Second)
	}
	if a.commits != 2 || leader() != "p1" {
		t.Errorf("%q leads after %d moves, want p1 after one", leader(), a.commits-1)
	}
}
