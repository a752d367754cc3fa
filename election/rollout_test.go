package election

import (
	"testing"
	"time"
)

func TestALeaderThatARolloutReplaces(t *testing.T) {
	const young = 2 * time.Second
	runDecide(t, map[string]decideCase{
		"it hands over as soon as a pod of the new revision is ready": {
			rules:      sticky,
			candidates: []Candidate{pod("a", outdated), pod("b", outdated), pod("c", current, readyFor(0))},
			incumbent:  led("a"),
			want:       outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonRollout, Successor: "a"},
		},
		"it stays while no pod of the new revision is ready, and is followed by another old one": {
			rules:      sticky,
			candidates: []Candidate{pod("a", outdated), pod("b", outdated), pod("c", current, notReadyFor(young))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"it stays until the new one has been ready for min-ready": {
			rules:      Rules{Sticky: true, MinReady: 5 * time.Second},
			candidates: []Candidate{pod("a", outdated), pod("b", outdated), pod("c", current, readyFor(young))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b", RequeueAfter: 3 * time.Second},
		},
		"a new revision of another workload does not matter": {
			rules:      sticky,
			candidates: []Candidate{pod("a", outdated), pod("c", func(c *Candidate) { c.Workload = "other" })},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "c"},
		},
		"a new one that is about to go itself displaces nobody": {
			rules:      sticky,
			candidates: []Candidate{pod("a", outdated), pod("b", outdated), pod("c", current, announced(AnnouncedNode))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"it goes to a pod that is no part of the rollout, when that is the better one": {
			rules:      sticky,
			candidates: []Candidate{pod("a", outdated), pod("c", current), pod("z", priority(1))},
			incumbent:  led("a"),
			want:       outcome{Leader: "z", Ready: true, Move: true, Reason: ReasonRollout, Successor: "c"},
		},
		"a lost leader is followed by the new revision": {
			rules:      sticky,
			candidates: []Candidate{pod("a", outdated, draining), pod("b", outdated, aged(time.Hour)), pod("c", current, onNode("node-of-a"))},
			incumbent:  led("a"),
			want:       outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonLeaderDeleted, Successor: "b"},
		},
		"when the only new one leads, who follows it is chosen without regard to revisions": {
			rules:      sticky,
			candidates: []Candidate{pod("a", outdated, aged(time.Hour)), pod("c", current), pod("z")},
			incumbent:  led("c"),
			want:       outcome{Leader: "c", Ready: true, Successor: "a"},
		},
	})
}

func TestANewRevisionThatDies(t *testing.T) {
	runDecide(t, map[string]decideCase{
		"one that has crashed displaces nobody, until it has been ready for ten minutes": {
			rules:      sticky,
			candidates: []Candidate{pod("a", outdated), pod("b", outdated), pod("c", current, restarted, readyFor(9*time.Minute))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b", RequeueAfter: time.Minute},
		},
		"one that is past its probation displaces the leader": {
			rules:      sticky,
			candidates: []Candidate{pod("a", outdated), pod("c", current, restarted, readyFor(10*time.Minute))},
			incumbent:  led("a"),
			want:       outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonRollout, Successor: "a"},
		},
		"one that has not crashed is chosen before one that has": {
			rules:      sticky,
			candidates: []Candidate{pod("a", outdated), pod("c", current, restarted, priority(1)), pod("d", current)},
			incumbent:  led("a"),
			want:       outcome{Leader: "d", Ready: true, Move: true, Reason: ReasonRollout, Successor: "c"},
		},
		"a leader that followed one that failed is not displaced for ten minutes": {
			rules:      sticky,
			candidates: []Candidate{pod("a", outdated), pod("c", current, readyFor(time.Second))},
			incumbent:  ledSince("a", ReasonLeaderNotReady, 9*time.Minute),
			want:       outcome{Leader: "a", Ready: true, Successor: "c", RequeueAfter: time.Minute},
		},
		"a leader that is not sticky is not displaced either": {
			rules:      Rules{},
			candidates: []Candidate{pod("a", outdated), pod("c", current, readyFor(time.Second))},
			incumbent:  ledSince("a", ReasonLeaderGone, 9*time.Minute),
			want:       outcome{Leader: "a", Ready: true, Successor: "c", RequeueAfter: time.Minute},
		},
		"a better pod that has crashed takes over from nobody for ten minutes": {
			rules:      Rules{},
			candidates: []Candidate{pod("a", current), pod("c", current, priority(1), restarted, readyFor(9*time.Minute))},
			incumbent:  ledSince("a", ReasonLeaderNotReady, 9*time.Minute),
			want:       outcome{Leader: "a", Ready: true, Successor: "c", RequeueAfter: time.Minute},
		},
		"it does when they are over": {
			rules:      Rules{},
			candidates: []Candidate{pod("a", current), pod("c", current, priority(1), restarted, readyFor(10*time.Minute))},
			incumbent:  ledSince("a", ReasonLeaderNotReady, 9*time.Minute),
			want:       outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonBetterCandidate, Successor: "a"},
		},
		"it is followed by the new revision all the same": {
			rules:      sticky,
			candidates: []Candidate{pod("a", outdated, draining), pod("b", outdated), pod("c", current, readyFor(time.Second))},
			incumbent:  ledSince("a", ReasonLeaderNotReady, time.Minute),
			want:       outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonLeaderDeleted, Successor: "b"},
		},
		"a pod that was ready all the time displaces it immediately": {
			rules:      sticky,
			candidates: []Candidate{pod("a", outdated), pod("c", current, readyFor(10*time.Minute))},
			incumbent:  ledSince("a", ReasonLeaderNotReady, time.Minute),
			want:       outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonRollout, Successor: "a"},
		},
		"a leader that followed one that was deleted is displaced immediately": {
			rules:      sticky,
			candidates: []Candidate{pod("a", outdated), pod("c", current, readyFor(time.Second))},
			incumbent:  ledSince("a", ReasonLeaderDeleted, time.Minute),
			want:       outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonRollout, Successor: "a"},
		},
		"the preferred pod takes over immediately, and not from the pod that a rollout prefers": {
			rules:      Rules{Sticky: true, Preferred: "c"},
			candidates: []Candidate{pod("a", outdated), pod("c", current, restarted), pod("d", current)},
			incumbent:  led("a"),
			want:       outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonPreferred, Successor: "d"},
		},
		"the preferred pod takes over although no pod displaces the leader": {
			rules:      Rules{Sticky: true, Preferred: "c"},
			candidates: []Candidate{pod("a", outdated), pod("c", current, readyFor(time.Second))},
			incumbent:  ledSince("a", ReasonLeaderNotReady, time.Minute),
			want:       outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonPreferred, Successor: "a"},
		},
	})
}
