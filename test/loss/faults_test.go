//go:build e2e

package loss

import (
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/tanist-dev/tanist/config"
)

const (
	freezeAfterKey = config.Domain + "/freeze-after"
	// restartTime is what restarted replicas get to make a mistake.
	restartTime = 10 * time.Second
	// toHear is what the replicas get before a fault to hear who answers, and toHearAll after a node has been away.
	toHear, toHearAll = 5 * time.Second, 12 * time.Second
	// manyNodes is how many the cluster must have of which half are cut off.
	manyNodes = 6
	// soon is when a move that must not be would have happened.
	soon = 4 * time.Second
)

// noMoveBackFor returns for how long the leader must not move back.
func noMoveBackFor() time.Duration {
	if long() {
		return time.Minute
	}
	return 10 * time.Second
}

// faults are all cases.
func faults() []fault {
	return joined(crashes(), freezes(), nodeLosses(), shortCuts(), observers(), denials(), kubelets())
}

// joined are the faults of all groups, with what most have in common.
func joined(groups ...[]fault) (all []fault) {
	for _, group := range groups {
		all = append(all, group...)
	}
	for i := range all {
		if all[i].workload == "" {
			all[i].workload = plain
		}
		if all[i].warm == 0 {
			all[i].warm = toHear
		}
	}
	return all
}

var onceMoved = expectation{fewest: 1, most: 1}

// exactly is one move for a reason, within a time.
func exactly(reason string, p50, longest time.Duration) expectation {
	want := onceMoved
	want.reason, want.p50, want.longest = reason, p50, longest
	return want
}

func crashes() []fault {
	crashed := exactly("LeaderCrashed", 0, 0)
	crashed.overFloor, crashed.p95 = 30*time.Millisecond, 150*time.Millisecond
	return []fault{
		{name: "crash-killed", group: "crash", place: anyNode, begin: toLeader(syscall.SIGKILL, 0), untilMoved: true, watched: noMoveBackFor(),
			restore: replaceLeader, brief: 3, want: crashed},
		{name: "crash-reload", group: "crash", workload: reloading, place: anyNode, begin: toLeader(syscall.SIGHUP, 0), watched: soon},
		{name: "crash-behind-proxy", group: "crash", workload: proxied, place: anyNode, begin: toChildren(syscall.SIGKILL), watched: soon},
	}
}

func freezes() []fault {
	second := map[string]string{freezeAfterKey: "1s"}
	frozen := exactly("LeaderFrozen", 0, 1500*time.Millisecond)
	all := []fault{
		{name: "freeze-stopped", group: "freeze", place: anyNode, annotations: second, begin: toLeader(syscall.SIGSTOP, syscall.SIGCONT),
			untilMoved: true, watched: noMoveBackFor(), brief: 2, want: frozen},
		{name: "freeze-cgroup", group: "freeze", place: anyNode, annotations: second, begin: freezing, untilMoved: true,
			watched: noMoveBackFor(), want: frozen},
		{name: "freeze-default", group: "freeze", workload: patient, place: anyNode, begin: toLeader(syscall.SIGSTOP, syscall.SIGCONT),
			untilMoved: true, watched: noMoveBackFor(), want: exactly("LeaderFrozen", 0, 4500*time.Millisecond)},
	}
	all = append(all, fault{name: "freeze-all", group: "freeze", place: anyNode, annotations: second,
		begin: stopAllPods, lasts: lasting(2 * time.Second), watched: soon})
	for _, d := range []time.Duration{500, 800, 1000} {
		d *= time.Millisecond
		all = append(all, fault{name: "stop-" + d.String(), group: "short", place: anyNode, annotations: second,
			begin: toLeader(syscall.SIGSTOP, syscall.SIGCONT), lasts: lasting(d), watched: soon, again: true,
			want: expectation{lasts: d}})
	}
	return all
}

func nodeLosses() []fault {
	lost := exactly("NodeLost", 1300*time.Millisecond, 1500*time.Millisecond)
	all := []fault{
		{name: "power", group: "node", place: apart, begin: loseLeadersPower, warm: toHearAll, untilMoved: true, brief: 1, want: lost},
		{name: "power-lease-holder", group: "node", place: withHolder, begin: loseLeadersPower, warm: toHearAll, untilMoved: true, want: lost},
		{name: "power-restart", group: "node", place: apart, begin: loseLeadersPower, warm: toHearAll, untilMoved: true, seldom: true,
			annotations: map[string]string{config.StickyKey: "false"}, during: restartReplicas, want: lost},
	}
	const away = 3 * time.Second
	late := exactly("NodeLost", 0, away+time.Second)
	all = append(all, fault{name: "power-without-api", group: "node", place: apart, begin: losePowerWithAPI(away), warm: toHearAll,
		lasts: lasting(away), untilMoved: true, seldom: true, want: late})
	all = append(all, fault{name: "power-without-kubelets", group: "node", place: apart, begin: losePowerWithoutKubelets, warm: toHearAll, untilMoved: true,
		seldom: true, want: exactly("NodeLost", 0, 3500*time.Millisecond)})
	all = append(all, fault{name: "power-api-server", group: "node", place: apart, begin: losePowerOfAPIServer, warm: toHearAll, untilMoved: true,
		seldom: true, want: exactly("NodeLost", 0, 2*time.Second)})
	cuts := map[string][]direction{"cut-both": {in, out}, "cut-egress": {out}, "cut-ingress": {in}}
	for _, name := range []string{"cut-both", "cut-egress", "cut-ingress"} {
		all = append(all, fault{name: name, group: "cut", place: apart, begin: cutting(leadersNode, 0, cuts[name]...),
			lasts: lasting(5 * time.Second), untilMoved: true, warm: toHearAll, watched: noMoveBackFor(), want: lost})
	}
	all = append(all,
		fault{name: "half-cut", group: "half", nodes: manyNodes, place: apart, begin: cuttingAll(half(noReplicas)), warm: toHearAll,
			lasts: lasting(5 * time.Second), untilMoved: true, seldom: true, want: exactly("NodeLost", 0, 2500*time.Millisecond)},
		// Only one replica is left, and Kubernetes notices only after 40 s.
		fault{name: "half-cut-with-replica", group: "half", nodes: manyNodes, place: apart, begin: cuttingAll(half(aReplica)), warm: toHearAll,
			lasts: lasting(20 * time.Second), seldom: true})
	for i := range all {
		all[i].hits = aNode
		if all[i].watched == 0 {
			all[i].watched = noMoveBackFor()
		}
	}
	return all
}

// shortCuts are cuts that end by themselves: the short ones are none that anybody may notice.
func shortCuts() (all []fault) {
	for _, d := range []time.Duration{500, 800, 1000, 1300, 2000, 10_000, 30_000} {
		d *= time.Millisecond
		want := expectation{}
		if d > 1100*time.Millisecond {
			want = expectation{most: 1, reason: "NodeLost"}
		}
		if d >= 2*time.Second {
			want.fewest = 1
		}
		group := "short"
		if want.most > 0 {
			group = "timed"
		}
		all = append(all, fault{name: "cut-" + d.String(), group: group, hits: aNode, place: apart,
			begin: cutting(leadersNode, d, in, out), lasts: lasting(d), warm: toHearAll, watched: noMoveBackFor(), again: want.most == 0,
			long: d > 10*time.Second, want: want})
	}
	return all
}

func lasting(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

func random(least, most time.Duration) func() time.Duration {
	return func() time.Duration { return least + rand.N(most-least) }
}
