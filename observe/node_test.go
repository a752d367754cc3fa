package observe

import (
	"testing"
	"time"
)

// lostNode is the evidence of a node without power, seen by one of three replicas in a cluster of four nodes.
func lostNode() NodeEvidence {
	return NodeEvidence{
		Age: 1100 * time.Millisecond, Window: 1100 * time.Millisecond, Armed: FullyArmed, Probes: 10,
		Others: 2, OthersHeard: 2, APIAge: 100 * time.Millisecond, BeaconsRead: true,
		Votes: []Vote{{Armed: true, Age: 1050 * time.Millisecond}},
	}
}

func TestJudgeOfANode(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*NodeEvidence)
		want   Outcome
	}{
		"a node without power":                          {func(*NodeEvidence) {}, OutcomeLost},
		"a cluster of two nodes":                        {func(e *NodeEvidence) { e.Others, e.OthersHeard, e.Votes = 0, 0, nil }, OutcomeLost},
		"a peer that does not answer":                   {func(e *NodeEvidence) { e.Votes = nil }, OutcomeLost},
		"not silent for long enough":                    {func(e *NodeEvidence) { e.Age -= Tick }, OutcomeWaiting},
		"the observer has just stood still":             {func(e *NodeEvidence) { e.Probes = 2 }, OutcomeWaiting},
		"never heard well enough":                       {func(e *NodeEvidence) { e.Armed = NotArmed }, OutcomeUnarmed},
		"partly armed":                                  {func(e *NodeEvidence) { e.Armed, e.Window = PartlyArmed, 3*time.Second }, OutcomeWaiting},
		"a peer has just heard it":                      {func(e *NodeEvidence) { e.Votes[0].Age = 200 * time.Millisecond }, OutcomeVetoed},
		"a peer that does not watch it":                 {func(e *NodeEvidence) { e.Votes[0] = Vote{Age: 0} }, OutcomeLost},
		"a replica there writes to the API":             {func(e *NodeEvidence) { e.Beacon = true }, OutcomeVetoed},
		"nobody could read what a replica there writes": {func(e *NodeEvidence) { e.BeaconsRead = false }, OutcomeIsolated},
		"the API server does not answer":                {func(e *NodeEvidence) { e.APIAge = 2 * time.Second }, OutcomeIsolated},
		"most other nodes are silent, too":              {func(e *NodeEvidence) { e.Others, e.OthersHeard, e.Age = 3, 1, 4*time.Second }, OutcomeIsolated},
		"two nodes are silent, for a moment":            {func(e *NodeEvidence) { e.OthersHeard = 1 }, OutcomeWaiting},
		"two nodes are silent, for a while":             {func(e *NodeEvidence) { e.OthersHeard, e.Age, e.Votes[0].Age = 1, 2100*time.Millisecond, 2*time.Second }, OutcomeLost},
		"two nodes are silent for nobody else":          {func(e *NodeEvidence) { e.OthersHeard, e.Age, e.Votes = 1, 2100*time.Millisecond, nil }, OutcomeIsolated},
		"two nodes are silent for a neighbour": {
			func(e *NodeEvidence) {
				e.OthersHeard, e.Age, e.Votes = 1, 2100*time.Millisecond, []Vote{{Armed: true, Age: 2 * time.Second, SameNode: true}}
			}, OutcomeIsolated,
		},
		"one of many nodes": {func(e *NodeEvidence) { e.Others, e.OthersHeard = 20, 18 }, OutcomeLost},
		"a veto of one of three for a long time": {
			func(e *NodeEvidence) {
				e.Age = 7 * time.Second
				e.Votes = []Vote{{Armed: true}, {Armed: true, Age: 7 * time.Second}}
			}, OutcomeLost,
		},
		"a veto of one of two for a long time": {
			func(e *NodeEvidence) { e.Age, e.Votes = 70*time.Second, []Vote{{Armed: true}} }, OutcomeVetoed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := lostNode()
			test.change(&e)
			if got := e.Judge(); got != test.want {
				t.Errorf("the node is %s, want %s: %+v", got, test.want, e)
			}
		})
	}
}
