//go:build integration

package integration_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

func TestABackupCommitsWhenTheHolderOfTheLeaseIsDead(t *testing.T) {
	installation := newTanist(t)
	holder := installation.startElected()
	backup := installation.start().staysBackup() // it does not wait for the Lease to expire
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "pod-0")
	leader := s.leads("web", "pod-0")
	holder.die()
	for i := range 10 {
		next := fmt.Sprint("pod-", i+1)
		s.withReadyPod("web", next)
		s.terminate(fmt.Sprint("pod-", i))
		before := leader
		if leader = s.leads("web", next); !s.next("web", before, leader) {
			t.Errorf("got %+v after %+v", leader, before)
		}
	}
	backup.counts(10, "tanist_handovers_total", "path=backup")
}

func TestTheHolderOfTheLeaseCommitsAloneWhenItIsThere(t *testing.T) {
	installation := newTanist(t)
	installation.tune("commit: {backupDelay: 10s}") // however slow the machine is
	holder := installation.startElected()
	backups := []*replica{installation.start(), installation.start()}
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "pod-0")
	s.leads("web", "pod-0")
	for i := range 20 {
		s.withReadyPod("web", fmt.Sprint("pod-", i+1))
		s.kill(fmt.Sprint("pod-", i))
		s.leads("web", fmt.Sprint("pod-", i+1))
	}
	holder.counts(21, "tanist_handovers_total", "path=unprepared")
	for _, backup := range backups {
		if got := backup.counter("tanist_handovers_total"); got != 0 {
			t.Errorf("a backup counts %v hand-overs", got)
		}
	}
	if got := s.versionsOf("EndpointSlice", "web-leader-ipv4"); got > 22 {
		t.Errorf("the slice has %d versions, want one for each leader", got)
	}
}

func TestARestartOfEveryReplicaMovesNoLeader(t *testing.T) {
	installation := newTanist(t)
	replicas := []*replica{installation.startElected(), installation.start()}
	s := newNamespace(t)
	want := map[string]leadership{}
	for i := range 10 {
		name := fmt.Sprint("s", i)
		s.withService(name)
		s.withReadyPod(name, name+"-b")
		s.leads(name, name+"-b")
		s.withReadyPod(name, name+"-a") // comes first by name
		want[name] = s.leads(name, name+"-b")
		s.mirrored(name+"-leader", want[name])
	}
	for _, replica := range replicas {
		replica.stop()
	}
	versions := map[string]string{}
	for name := range want {
		versions[name] = history.slice(s.namespace, name+"-leader-ipv4").ResourceVersion
	}
	r := installation.startElected()
	marker := newNamespace(t)
	marker.withService("marker")
	marker.withReadyPod("marker", "a")
	marker.leads("marker", "a")
	r.counts(11, "tanist_leader_services")
	for name, leadership := range want {
		s.stays(name, leadership)
		if got := history.slice(s.namespace, name+"-leader-ipv4").ResourceVersion; got != versions[name] {
			t.Errorf("%s: the slice was written", name)
		}
	}
	if got, want := r.counter("tanist_leader_term", "service=s0"), float64(want["s0"].Term); got != want {
		t.Errorf("the term of s0 is %v, want %v", got, want)
	}
}

func TestALeaderThatIsLostWhileTanistIsNotThereIsFollowedLater(t *testing.T) {
	installation := newTanist(t)
	r := installation.startElected()
	s, first := pair(t)
	s.mirrored("web-leader", first)
	r.stop()
	s.kill("a")
	installation.startElected()
	if l := s.leads("web", "b"); !s.next("web", first, l) || l.Reason != "LeaderGone" {
		t.Errorf("got %+v", l)
	}
}

func TestASliceThatIsLostWhileTanistIsNotThereComesBackWithItsLeader(t *testing.T) {
	installation := newTanist(t)
	r := installation.startElected()
	s, first := pair(t)
	s.mirrored("web-leader", first)
	r.stop()
	if err := clientset.DiscoveryV1().EndpointSlices(s.namespace).Delete(t.Context(), "web-leader-ipv4", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	history.eventually(t, func() string {
		if history.slice(s.namespace, "web-leader-ipv4") != nil {
			return "that the slice goes"
		}
		return ""
	})
	installation.startElected()
	if diff := s.leads("web", "a").keeps(first); diff != "" {
		t.Errorf("the leadership has changed (-want +got):\n%s", diff)
	}
}

// The recorder sees a commit a moment before the replica that made it has the answer.
func TestAReplicaThatStopsRightAfterAHandoverReportsIt(t *testing.T) {
	r := newTanist(t).startElected()
	s, _ := pair(t)
	s.terminate("a")
	second := s.leads("web", "b")
	r.stop()
	s.reported("web", "LeaderChanged", second.Reason)
}

func TestTuningTakesEffectWithoutARestart(t *testing.T) {
	installation := newTanist(t)
	r := installation.startElected()
	s, first := pair(t)
	installation.tune("election: {handoverOnDisruptionTarget: perhaps}")
	installation.warnsOfTuning("InvalidTuning", "handoverOnDisruptionTarget")
	if got := r.counter("tanist_tuning_stale"); got != 1 {
		t.Errorf("the tuning is stale: %v", got)
	}
	installation.tune("election: {handoverOnDisruptionTarget: false}")
	history.eventually(t, func() string {
		if r.counter("tanist_tuning_stale") != 0 {
			return "that the tuning is in force"
		}
		return ""
	})
	s.condition("a", "DisruptionTarget", "True")
	marker := newNamespace(t)
	marker.withService("marker")
	marker.withReadyPod("marker", "a")
	marker.leads("marker", "a") // by now Tanist has seen the condition
	s.stays("web", first)
	s.terminate("a")
	s.leads("web", "b")
}

func TestReplicasCommitBesideEachOther(t *testing.T) {
	installation := newTanist(t)
	replicas := []*replica{installation.startElected(), installation.start(), installation.start()}
	s := newNamespace(t)
	leaders := s.withLeaders(100)
	start := time.Now()
	s.deleteTogether()
	for name := range leaders {
		s.leads(name, name+"-b")
	}
	t.Logf("%d hand-overs took %s", len(leaders), time.Since(start))
	for i, r := range replicas {
		t.Logf("replica %d: %v hand-overs as the holder of the Lease, %v as backup, %v conflicts, %v misses", i,
			r.counter("tanist_handovers_total", "path=unprepared"), r.counter("tanist_handovers_total", "path=backup"),
			r.counter("tanist_commit_conflicts_total"), r.counter("tanist_leader_cache_misses_total"))
	}
}

func TestAReplicaThatLagsBehindDoesNotOverruleOneThatDoesNot(t *testing.T) {
	installation := newTanist(t)
	holder := installation.startElected()
	backup := installation.start()
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "pod-0")
	leader := s.leads("web", "pod-0")
	holder.network.pods.Lock()
	defer holder.network.pods.Unlock()
	for i := range 10 {
		// The holder of the Lease does not know that this one is ready, nor that the other one goes.
		s.withReadyPod("web", fmt.Sprint("pod-", i+1))
		s.terminate(fmt.Sprint("pod-", i))
		before := leader
		if leader = s.leads("web", fmt.Sprint("pod-", i+1)); !s.next("web", before, leader) {
			t.Fatalf("got %+v after %+v: the leader has moved to and fro", leader, before)
		}
	}
	// The first leader and ten more: nobody has undone a move. After 2 s without the other replica's, as on a busy machine, the holder reads live.
	history.eventually(t, func() string {
		if all := backup.counter("tanist_handovers_total") + holder.counter("tanist_handovers_total"); all != 11 {
			return fmt.Sprintf("that 11 hand-overs are counted, and not %v", all)
		}
		return ""
	})
}

func TestTheNextHolderOfTheLeaseGoesOnWithLeaderServices(t *testing.T) {
	installation := newTanist(t)
	holder := installation.startElected()
	installation.start()
	s, _ := pair(t)
	holder.die()
	s.annotate("web", config.EnabledKey, "")
	s.isGone("web-leader") // after the Lease has expired
}

func TestAHolderThatCannotRenewItsLeaseEndsAndComesBack(t *testing.T) {
	holder := newTanist(t).startElected()
	s, first := pair(t)
	refusesLeases := func(request *http.Request) (refused bool) {
		return request.Method != http.MethodGet && strings.Contains(request.URL.Path, "/leases")
	}
	holder.network.tap.Store(&refusesLeases)
	history.eventually(t, func() string {
		if len(holder.allProcesses()) == 1 {
			return "that the holder ends"
		}
		return ""
	})
	holder.network.tap.Store(nil)
	s.stays("web", first)
	holder.waitElected()
	s.terminate("a")
	if l := s.leads("web", "b"); !s.next("web", first, l) {
		t.Errorf("got %+v", l)
	}
	holder.counts(1, "tanist_handovers_total", "reason=FirstLeader")
}

func TestALeaderStaysWhenTheAPIServerIsOutOfReachForAWhile(t *testing.T) {
	installation := newTanist(t)
	replicas := []*replica{installation.startElected(), installation.start()}
	s, first := pair(t)
	s.withReadyPod("web", "c")
	for _, r := range replicas {
		r.network.cut()
	}
	// Tanist does not see what happens meanwhile, and finds it when the API server is back: b, which could have followed, is gone.
	s.kill("b")
	s.status("a", `{"message":"as well as ever"}`)
	for _, r := range replicas {
		r.network.mend()
	}
	marker := newNamespace(t)
	marker.withService("web")
	marker.withReadyPod("web", "a")
	marker.leads("web", "a")
	s.stays("web", first)
	s.terminate("a")
	if l := s.leads("web", "c"); !s.next("web", first, l) {
		t.Errorf("got %+v", l)
	}
}
