package explain

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

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
	onNode := func(c election.Candidate) bool { return c.Node == node }
	return firstApartFrom(in, now, onNode, "no pod on another node can take over: ", "it has no pod on another node")
}

// Next returns the first pod in the order of succession that would take over from a leader if it were the preferred one.
func Next(in Input, leader types.UID, now time.Time) (Verdict, error) {
	leads := func(c election.Candidate) bool { return types.UID(c.UID) == leader }
	return firstApartFrom(in, now, leads, "", "the Service has no other pod")
}

// firstApartFrom returns the first pod that would take over if it were the preferred one, apart from some. If there is none, it says why: unable comes
// before what keeps the others from it, and alone is said if there are no others.
func firstApartFrom(in Input, now time.Time, apartFrom func(election.Candidate) bool, unable, alone string) (Verdict, error) {
	e, err := elect(in, now)
	if err != nil || e == nil || !in.PodsKnown {
		return Verdict{}, err
	}
	pod, others := e.first(now, apartFrom)
	v := Verdict{Known: true, Pod: pod}
	switch {
	case pod != "":
	case e.whyNoMove() != "":
		v.WhyNot = e.whyNoMove()
	case len(others) > 0:
		v.WhyNot = unable + shortened(others)
	default:
		v.WhyNot = alone
	}
	return v, nil
}

// first returns the first pod that would take over if it were the preferred one, apart from some; and why those before it would not. It is empty
// if none would.
func (e *elected) first(now time.Time, apartFrom func(election.Candidate) bool) (pod string, others []string) {
	if e.whyNoMove() != "" {
		return "", nil
	}
	for _, s := range e.standings {
		if apartFrom(s.Candidate) {
			continue
		}
		why := e.whyNotPreferred(s, now)
		if why == "" {
			return s.Candidate.Name, others
		}
		others = append(others, s.Candidate.Name+": "+why)
	}
	return "", others
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
