package election

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// following are the rules of a Service whose application has elected a pod; empty if nobody is known to be elected.
func following(pod string, changes ...func(*Rules)) Rules {
	rules := Rules{Sticky: true, Following: &Following{}}
	if pod != "" {
		rules.Following.Holder = "uid-" + pod
	}
	for _, change := range changes {
		change(&rules)
	}
	return rules
}

func TestTheElectedPodLeads(t *testing.T) {
	everyWish := func(r *Rules) {
		r.Sticky, r.Strategy, r.Preferred, r.Paused, r.MinReady = false, StrategyNewest, "a", true, time.Hour
	}
	moves := outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaseHolder}
	stays := outcome{Leader: "a", Ready: true}
	nobody := outcome{Move: true, Reason: ReasonNoCandidate}
	graced := func(r *Rules) { r.NotReadyGrace = time.Minute }
	runDecide(t, map[string]decideCase{
		"first":                         {rules: following("b"), candidates: []Candidate{pod("a"), pod("b")}, want: outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonFirstLeader}},
		"after another":                 {rules: following("b"), candidates: []Candidate{pod("a"), pod("b")}, incumbent: led("a"), want: moves},
		"for a replica without a Lease": {rules: following("b", func(r *Rules) { r.LossesOnly = true }), candidates: []Candidate{pod("a"), pod("b")}, incumbent: led("a"), want: moves},
		"against every wish":            {rules: following("b", everyWish), candidates: []Candidate{pod("a", priority(9)), pod("b", excluded)}, incumbent: led("a"), want: moves},
		"although it is announced to go": {
			rules: following("a"), candidates: []Candidate{pod("a", announced(AnnouncedDisruption)), pod("b")}, incumbent: led("a"), want: stays,
		},
		"although it seems lost": {
			rules: following("a"), candidates: []Candidate{pod("a", lost(ReasonLeaderFrozen)), pod("b", heard)}, incumbent: led("a"), want: stays,
		},
		"although a newer revision is ready": {
			rules: following("a"), candidates: []Candidate{pod("a", outdated), pod("b", current)}, incumbent: led("a"), want: stays,
		},
		"although another carries more": {
			rules: following("a"), candidates: []Candidate{pod("a", missing(1)), pod("b")}, incumbent: led("a"), want: stays,
		},
		"not while it is not ready": {
			rules: following("b"), candidates: []Candidate{pod("a"), pod("b", notReadyFor(time.Second))}, incumbent: led("a"), want: nobody,
		},
		"not while it is not ready, whatever the grace of a leader": {
			rules: following("b", graced), candidates: []Candidate{pod("a"), pod("b", notReadyFor(time.Second))}, incumbent: led("a"), want: nobody,
		},
		"not when it lost its readiness": {
			rules: following("a"), candidates: []Candidate{pod("a", notReadyFor(time.Second)), pod("b")}, incumbent: led("a"), want: nobody,
		},
		"within the grace of its lost readiness": {
			rules: following("a", graced), candidates: []Candidate{pod("a", notReadyFor(20*time.Second)), pod("b")}, incumbent: led("a"),
			want: outcome{Leader: "a", Ready: true, RequeueAfter: 40 * time.Second},
		},
		"not if it can carry none of the traffic": {
			rules: following("b"), candidates: []Candidate{pod("a"), pod("b", broken)}, incumbent: led("a"), want: nobody,
		},
		"while it drains, as a last resort": {
			rules: following("a"), candidates: []Candidate{pod("a", draining), pod("b")}, incumbent: led("a"),
			want: outcome{Leader: "a", Reason: ReasonLastResort},
		},
		"if it was elected while it drains": {
			rules: following("b"), candidates: []Candidate{pod("a"), pod("b", draining)}, incumbent: led("a"),
			want: outcome{Leader: "b", Move: true, Reason: ReasonLeaseHolder},
		},
		"not when it has stopped": {rules: following("a"), candidates: []Candidate{pod("a", stopped), pod("b")}, incumbent: led("a"), want: nobody},
		"while Kubernetes has lost sight of its node": {
			rules: following("a"), candidates: []Candidate{pod("a", notReadyFor(time.Second), outOfSight), pod("b")}, incumbent: led("a"), want: stays,
		},
	})
}

func TestTheLeaderStaysWhileNobodyIsKnownToBeElected(t *testing.T) {
	runDecide(t, map[string]decideCase{
		"it serves":     {rules: following(""), candidates: []Candidate{pod("a"), pod("b")}, incumbent: led("a"), want: outcome{Leader: "a", Ready: true}},
		"it drains":     {rules: following(""), candidates: []Candidate{pod("a", draining), pod("b")}, incumbent: led("a"), want: outcome{Leader: "a", Reason: ReasonLastResort}},
		"it is gone":    {rules: following(""), candidates: []Candidate{pod("b")}, incumbent: led("a"), want: outcome{Move: true, Reason: ReasonNoCandidate}},
		"nobody led":    {rules: following(""), candidates: []Candidate{pod("a"), pod("b")}, want: outcome{Reason: ReasonNoCandidate}},
		"it fails, too": {rules: following(""), candidates: []Candidate{pod("a", notReadyFor(time.Second)), pod("b")}, incumbent: led("a"), want: outcome{Move: true, Reason: ReasonNoCandidate}},
	})
}

func TestNobodyFollowsAnElectedPod(t *testing.T) {
	rules, pods := following("a"), []Candidate{pod("a"), pod("b"), pod("c", notReadyFor(time.Second))}
	if all := Successors(rules, pods, pods[0], t0, 5); len(all) > 0 {
		t.Errorf("got successors %v", all)
	}
	_, standings := Explain(rules, pods, led("a"), t0)
	got := map[string][]Obstacle{}
	for _, s := range standings {
		got[s.Candidate.Name+" "+string(s.Role)] = s.Obstacles
	}
	want := map[string][]Obstacle{"a Leader": nil, "b Excluded": {ObstacleNotElected}, "c Excluded": {ObstacleNotReady, ObstacleNotElected}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected standings (-want +got):\n%s", diff)
	}
}
