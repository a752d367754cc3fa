//go:build e2e

package loss

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/test/env"
)

const restartedAPI = "api-restarted"

// observers are faults of what observes: none may move anybody.
func observers() []fault {
	starved, stopped := lasting(20*time.Second), random(200*time.Millisecond, 5*time.Second)
	if long() {
		starved, stopped = lasting(5*time.Minute), random(200*time.Millisecond, 30*time.Second)
	}
	all := []fault{
		{name: "replica-stopped", begin: toReplicas(oneReplica), lasts: stopped, again: true},
		{name: "replicas-stopped", begin: toReplicas(allReplicas), lasts: stopped, again: true},
		{name: "replica-starved", begin: starving(oneReplica), lasts: starved, seldom: true},
		{name: "leader-starved", begin: starving(theLeader), lasts: starved, seldom: true},
		{name: "machine-busy", begin: busy, lasts: starved, seldom: true},
		{name: "api-stopped", begin: toAPIServer, lasts: random(time.Second, 5*time.Second)},
		{name: restartedAPI, begin: restarting("kube-apiserver", controlPlane), lasts: lasting(time.Second), watched: restartTime},
		{name: "api-stopped-30s", begin: toAPIServer, lasts: lasting(30 * time.Second), long: true, seldom: true},
	}
	for _, d := range []time.Duration{time.Second, 5 * time.Second, time.Minute} {
		all = append(all, fault{name: fmt.Sprint("replica-cut-", d), begin: cutting(replicasNode, d, in, out), lasts: lasting(d),
			warm: toHearAll, watched: noMoveBackFor(), long: d == time.Minute})
	}
	all = append(all, fault{name: "harmless-at-random", begin: noFault, during: harmlessAtRandom(10 * time.Minute), long: true, seldom: true})
	all = append(all, fault{name: "soak", begin: starving(allReplicas), lasts: lasting(2 * time.Hour), long: true, seldom: true})
	for i := range all {
		all[i].group, all[i].place, all[i].hits = "observer", apart, aNode
		if all[i].watched == 0 {
			all[i].watched = soon
		}
	}
	return all
}

func noFault(*testing.T, *scene) (inject, end step) { return nothing, nothing }

// harmlessAtRandom does for a time what is no loss, one after the other, in random order.
func harmlessAtRandom(lasts time.Duration) func(t *testing.T, s *scene) {
	return func(t *testing.T, s *scene) {
		t.Helper()
		var harmless []fault
		for _, f := range slices.Concat(shortCuts(), observers(), denials(), kubelets()) {
			switch {
			case f.want.most > 0, f.long, f.seldom, f.lasts == nil:
			case strings.HasPrefix(f.name, "part-from-"): // some are harmless only because a replica is on the leader's node
			case f.name == restartedAPI: // soon after another restart, it ends the test's own watch
			default:
				harmless = append(harmless, f)
			}
		}
		for until := time.Now().Add(lasts); time.Now().Before(until); s.round++ {
			f := harmless[rand.N(len(harmless))]
			inject, end := f.begin(t, s)
			restore := env.Restoring(t, f.name, end)
			t.Logf("%s %s", time.Now().Format("15:04:05.000"), f.name)
			if err := inject(t.Context()); err != nil {
				t.Fatal(err)
			}
			pause(t, f.lasts())
			restore()
			pause(t, random(200*time.Millisecond, 5*time.Second)())
			s.replicas = replicas(t, s.client)
		}
	}
}

// denials are networks that pass less than they should, or less to Tanist than to Kubernetes.
func denials() []fault {
	dropped, lossy := lasting(time.Minute), lasting(time.Minute)
	if long() {
		dropped, lossy = lasting(5*time.Minute), lasting(10*time.Minute)
	}
	all := []fault{
		{name: "deny-pod", begin: denying(ofLeader, toPod)},
		{name: "deny-kubelet", begin: denying(ofLeader, toKubelet)},
		{name: "deny-pod-and-kubelet", begin: denying(ofLeader, toPod, toKubelet)},
		{name: "deny-all-kubelets", begin: denying(everyNode, toKubelet)},
		{name: "part-from-other-replicas", place: withHolder, begin: partFrom(elsewhere)},
		{name: "part-from-lease-holder", place: withOther, begin: partFrom(elsewhere)},
		{name: "part-from-one-replica", place: apart, begin: partFrom(theHolder), lasts: lasting(30 * time.Second)},
		{name: "new-connections-dropped", begin: dropping(leadersNode, "tracked", newConnections), lasts: dropped, seldom: true,
			warns: notify.ReasonNewConnectionsDropped},
		{name: "packets-lost-5", begin: dropping(leadersNode, "deny", partOfPackets(5)), lasts: lossy, seldom: true},
		{name: "packets-lost-20", begin: dropping(leadersNode, "deny", partOfPackets(20)), lasts: lossy, seldom: true},
		{name: "packets-delayed", begin: delaying(leadersNode, 50*time.Millisecond, 350*time.Millisecond), lasts: lossy, seldom: true},
	}
	for i := range all {
		all[i].group, all[i].hits, all[i].warm, all[i].watched = "deny", aNode, toHearAll, soon
		if all[i].place == nil {
			all[i].place = apart
		}
		if all[i].lasts == nil {
			all[i].lasts = lasting(10 * time.Second)
		}
	}
	return all
}

func kubelets() []fault {
	all := []fault{
		{name: "kubelet-restarted", begin: restarting("kubelet", leadersNode), lasts: lasting(3 * time.Second), watched: noMoveBackFor()},
		{name: "kubelet-stopped", begin: toKubelets(ofLeader), lasts: lasting(20 * time.Second)},
		// Kubernetes calls the pods of a node not ready from which it has not heard for 50 s. They serve, and say so.
		{name: "kubelet-stopped-60s", begin: toKubelets(ofLeader), lasts: lasting(time.Minute), long: true, seldom: true,
			want: expectation{lossless: true}},
		{name: "kubelets-stopped-90s", begin: toKubelets(everyNode), lasts: lasting(90 * time.Second), long: true, seldom: true,
			want: expectation{lossless: true}},
	}
	for i := range all {
		all[i].group, all[i].place, all[i].hits = "kubelet", apart, aNode
		if all[i].watched == 0 {
			all[i].watched = soon
		}
	}
	return all
}
