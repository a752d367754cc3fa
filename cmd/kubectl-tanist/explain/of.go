package explain

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
)

// wrongOptIn is the phrase of an opt-in that is neither true nor false.
const wrongOptIn = status.WrongAnnotation + " enabled"

// problems are the warnings that leave a Service without anything to explain.
var problems = []string{
	status.ServiceNotOptedIn, status.NamespaceNotOptedIn, status.CannotHaveLeader, status.NameTaken, status.NoLeaderService,
	wrongOptIn,
}

// isProblem reports whether a warning leaves a Service without anything to explain.
func isProblem(w status.Warning) bool { return slices.Contains(problems, w.Phrase) }

// Of explains a Service at a time.
func Of(in Input, now time.Time) (*Explanation, error) {
	x := &Explanation{
		TypeMeta: metav1.TypeMeta{APIVersion: status.APIVersion, Kind: Kind},
		Status:   status.Of(in.Objects), Notes: in.Notes,
	}
	if at := slices.IndexFunc(x.Status.Warnings, isProblem); at >= 0 {
		x.Problem = &x.Status.Warnings[at]
	}
	x.ReasonText = ReasonText(election.Reason(x.Status.Reason))
	e, err := elect(in, now)
	if err != nil || e == nil {
		return x, err
	}
	x.Watched, x.Follows = e.watched(x.Status, in.Tuning), e.followsText(in)
	if !in.PodsKnown {
		return x, nil
	}
	x.Move = e.move(now)
	if held := e.decision.HeldBack; held != nil {
		x.HeldBack = &Move{To: held.Name, Reason: e.decision.HeldBackReason}
	}
	asked := e.options.DrainWindowOr(in.Tuning)
	for i, standing := range e.standings {
		pod := e.pods[types.UID(standing.Candidate.UID)]
		p := Pod{
			Name: pod.Name, UID: pod.UID, Node: pod.Spec.NodeName, Leads: string(pod.UID) == e.incumbent.UID,
			Role: standing.Role, Priority: standing.Candidate.Priority, NoDrainWindow: status.Windowless(pod, asked),
		}
		window, ownHook := config.DrainWindowOf(&pod.Spec)
		p.DrainWindow, p.OwnPreStop = window.String(), ownHook
		for _, obstacle := range standing.Obstacles {
			p.Obstacles = append(p.Obstacles, Obstacle{obstacle, e.obstacle(obstacle, standing)})
		}
		if standing.Behind != "" {
			before := e.standings[i-1].Candidate
			p.Behind = &Behind{Pod: before.Name, Criterion: standing.Behind, Message: e.behind(standing.Behind, before)}
		}
		p.ToLead = e.toLead(in, i, now)
		x.Pods = append(x.Pods, p)
	}
	return x, nil
}

// move returns the change of leader that is due now, or that time alone will bring.
func (e *elected) move(now time.Time) *Move {
	d := e.decision
	if d.Move {
		return &Move{To: nameOf(d.Leader), Reason: d.Reason}
	}
	if d.RequeueAfter == 0 {
		return nil
	}
	at := now.Add(d.RequeueAfter)
	if later := election.Decide(e.rules, e.candidates, e.incumbent, at); later.Move {
		return &Move{To: nameOf(later.Leader), Reason: later.Reason, At: &at}
	}
	return nil
}

func nameOf(c *election.Candidate) string {
	if c == nil {
		return ""
	}
	return c.Name
}
