package grantmodel

import (
	"flag"
	"strings"
	"testing"
)

var more = flag.Int("more", 0, "how many more moves each scenario has: one makes several times as many states")

var scenarios = map[string]Scenario{
	"the leader moves":                        {Pods: 2, LateAnswers: true, Budget: Budget{Moves: 2}},
	"the leader moves often":                  {Pods: 3, Budget: Budget{Moves: 3}},
	"replicas restart":                        {Pods: 2, LateAnswers: true, Budget: Budget{Moves: 2, Restarts: 2}},
	"etcd is restored":                        {Pods: 2, Budget: Budget{Moves: 2, Restarts: 1, Restores: 1}},
	"a leader steps down":                     {Pods: 2, LateAnswers: true, Budget: Budget{Moves: 1, StepDowns: 1}},
	"the leader moves twice within a grant":   {Pods: 3, Budget: Budget{Moves: 2, StepDowns: 1}},
	"a pod has two processes":                 {Pods: 2, Twice: true, Budget: Budget{Moves: 1, StepDowns: 1}},
	"two processes, and a replica restarts":   {Pods: 2, Twice: true, Budget: Budget{Moves: 1, StepDowns: 1, Restarts: 1}},
	"two processes, and a replica leaves":     {Pods: 2, Twice: true, Budget: Budget{Moves: 1, StepDowns: 1, Repeats: 1, Leaves: 1}},
	"a pod has an address that was another's": {Pods: 2, Reused: true, Budget: Budget{Moves: 1}},
	"a step-down is repeated":                 {Pods: 2, Budget: Budget{Moves: 1, StepDowns: 1, Repeats: 1}},
	"a step-down, and etcd is restored":       {Pods: 2, Budget: Budget{Moves: 2, StepDowns: 1, Restores: 1}},
	"a step-down is late": {Pods: 2, Budget: Budget{Moves: 3, StepDowns: 1}, Begins: []string{
		"the leader moves to pod 2, term 2",
		"process 0 of pod 1 steps down from term 1 at replica 0",
		"replica 0 gets the step-down, which knows of term 2 and asks the other replica if it may count",
		"replica 1 sees term 2 in its watch",
		"the leader moves to pod 1, term 3",
		"replica 0 sees term 3 in its watch",
		"replica 1 sees term 3 in its watch",
		"time passes",
		"time passes",
	}},
}

func TestNoTwoPodsHoldAGrantAtATime(t *testing.T) {
	for name, scenario := range scenarios {
		t.Run(name, func(t *testing.T) {
			scenario.Budget.Moves += int8(*more)
			if scenario.Budget.Moves > maxHistory {
				t.Fatalf("-more %d: the state has room for %d moves, and this scenario would have %d", *more, maxHistory, scenario.Budget.Moves)
			}
			result := scenario.Search(AllRules())
			if len(result.Trace) > 0 {
				t.Errorf("two pods lead:\n%s", strings.Join(result.Trace, "\n"))
			}
			t.Logf("%d states", result.States)
		})
	}
}

func TestEveryRuleIsNeeded(t *testing.T) {
	needed := [rules]string{
		WaitAfterMove:      "the leader moves",
		WaitAfterStart:     "replicas restart",
		WaitAfterFall:      "etcd is restored",
		JoinNextRead:       "the leader moves",
		CountFromSent:      "the leader moves",
		NewerTerm:          "a leader steps down",
		LaterKnown:         "a step-down, and etcd is restored",
		NamedTerm:          "a step-down is late",
		DirectSuccessor:    "the leader moves twice within a grant",
		SettledBefore:      "the leader moves twice within a grant",
		OwnSessions:        "a pod has two processes",
		PeerSessions:       "a pod has two processes",
		VouchAfterStart:    "two processes, and a replica restarts",
		WaitAfterLeave:     "two processes, and a replica leaves",
		PeerNotesTerm:      "a pod has two processes",
		VoidEarlierAnswers: "a leader steps down",
		NamedPod:           "a pod has an address that was another's",
		SeenBeforeRestore:  "etcd is restored",
	}
	for rule := range rules {
		t.Run(rule.String(), func(t *testing.T) {
			scenario := scenarios[needed[rule]]
			result := scenario.Search(AllRules().Without(rule))
			if len(result.Trace) == 0 {
				t.Fatalf("without %v nothing goes wrong in the %d states of %q", rule, result.States, needed[rule])
			}
			t.Logf("without %v, after %d states:\n\t%s", rule, result.States, strings.Join(result.Trace, "\n\t"))
		})
	}
}
