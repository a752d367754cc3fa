package explain

import (
	"fmt"
	"strings"
	"time"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
)

// Verdict says what the rules make of a hand-over that somebody asks for.
type Verdict struct {
	// Known is false if the user may not read what the rules need.
	Known bool
	// Pod is the pod that would lead; empty if none can.
	Pod string
	// WhyNot is why no pod would take over; empty if Pod would.
	WhyNot string
}

// IfPreferred returns whether a pod would take over from the leader if it were the preferred one.
func IfPreferred(in Input, pod string, now time.Time) (Verdict, error) {
	e, err := elect(in, now)
	if err != nil || e == nil || !in.PodsKnown {
		return Verdict{}, err
	}
	v := Verdict{Known: true, Pod: pod}
	for _, s := range e.standings {
		if s.Candidate.Name == pod {
			v.WhyNot = e.whyNotPreferred(s, now)
			return v, nil
		}
	}
	v.WhyNot = "the Service does not select it"
	return v, nil
}

// OffNode returns the first pod in the order of succession that would take over if it were the preferred one, and is not on a node.
func OffNode(in Input, node string, now time.Time) (Verdict, error) {
	e, err := elect(in, now)
	if err != nil || e == nil || !in.PodsKnown {
		return Verdict{}, err
	}
	v := Verdict{Known: true}
	if why := e.whyNoMove(); why != "" {
		v.WhyNot = why
		return v, nil
	}
	var others []string
	for _, s := range e.standings {
		if s.Candidate.Node == node {
			continue
		}
		why := e.whyNotPreferred(s, now)
		if why == "" {
			v.Pod = s.Candidate.Name
			return v, nil
		}
		others = append(others, s.Candidate.Name+": "+why)
	}
	v.WhyNot = "it has no pod on another node"
	if len(others) > 0 {
		v.WhyNot = "no pod on another node can take over: " + shortened(others)
	}
	return v, nil
}

// pausedText is why nobody takes over from a leader that could stay.
const pausedText = "hand-overs of the Service are paused (" + config.PausedKey + ")"

// whyNotPreferred returns why a pod would not lead if it were preferred; empty if it would.
func (e *elected) whyNotPreferred(s election.Standing, now time.Time) string {
	rules := e.rules
	rules.Preferred = s.Candidate.Name
	// Whatever the reason is: the pod may also take over because the leader is announced to go.
	if d := election.Decide(rules, e.candidates, e.incumbent, now); d.Leader != nil && d.Leader.UID == s.Candidate.UID {
		return ""
	}
	if why := e.whyNoMove(); why != "" {
		return why
	}
	var all []string
	for _, obstacle := range s.Obstacles {
		all = append(all, e.obstacle(obstacle, s))
	}
	if len(all) == 0 {
		return "the leader is better than it by a rule that counts more than a preference"
	}
	return strings.Join(all, ", ")
}

// shortened joins what there is to say of several pods. It counts those after the first few.
func shortened(all []string) string {
	const shown = 3
	if len(all) > shown {
		all = append(all[:shown:shown], fmt.Sprintf("and %d more", len(all)-shown))
	}
	return strings.Join(all, "; ")
}
