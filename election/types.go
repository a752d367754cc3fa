package election

import "time"

// Candidate is a pod that a Service selects, reduced to what an election looks at.
type Candidate struct {
	UID     string
	Name    string
	Node    string
	Created time.Time

	// Ready is the pod's Ready condition, and ReadySince when it last changed, either way: by the kubelet's clock and to the
	// second, the API's own precision. It is rounded down, so a min-ready or a grace may end up to a second early.
	Ready      bool
	ReadySince time.Time

	// Terminating is a pod with a deletionTimestamp. Serving says that its containers still answer: it is what the Ready
	// condition says of a pod whose deletion has begun.
	Terminating bool
	Serving     bool

	// Ordinal is the pod's index in its StatefulSet, -1 without one.
	Ordinal int
	// Priority is the pod's tanist.dev/priority.
	Priority int

	// DeletionCost is the pod's controller.kubernetes.io/pod-deletion-cost: a ReplicaSet that shrinks takes the lower first.
	DeletionCost int

	// Announced names why this pod is known to go soon (it still serves): empty for a pod that stays. AnnouncedRollout is not set
	// by the caller: Decide finds it out from the three fields that follow.
	Announced Announcement
	// Workload is what replaces its pods in a rollout (a Deployment, a StatefulSet), by UID; empty for none.
	Workload string
	// Outdated says that the rollout of its workload's newest revision replaces this pod.
	Outdated bool
	// Restarted says that one of its containers has crashed and was started again.
	Restarted bool

	// Missing counts the Service's ports and address families that this pod cannot carry, while it can carry others. Such a pod
	// may lead: a part of the traffic is better than none.
	Missing int
	// Finite says that the pod runs to completion (a Job's pod, for example). It leads only while no other pod can.
	Finite bool
	// Unprobed says that nothing checks whether the pod answers: it is Ready as soon as its containers have started.
	Unprobed bool

	// Problem says why this pod can carry none of the Service's traffic although it may be ready (no address of a family of the
	// Service, no target port that resolves): empty for one that can. A pod with a problem never leads.
	Problem string
}

// Announcement is why a pod is known to be about to go while it still serves.
type Announcement string

const (
	// NotAnnounced is a pod that stays.
	NotAnnounced Announcement = ""
	// AnnouncedDisruption is a pod with the condition DisruptionTarget: eviction, preemption, taint eviction and pod garbage
	// collection write it before they delete.
	AnnouncedDisruption Announcement = "DisruptionTarget"
	// AnnouncedNode is a pod whose node is cordoned, carries a removal taint or is shutting down.
	AnnouncedNode Announcement = "NodeGoing"
	// AnnouncedRollout is an outdated pod while one that its rollout leaves alone is there to take over (see ballot.announceRollouts).
	AnnouncedRollout Announcement = "Rollout"
	// AnnouncedScaleDown is a pod that is beyond its workload's number of replicas.
	AnnouncedScaleDown Announcement = "ScaleDown"
)

// Strategy orders candidates that are otherwise equal.
type Strategy string

const (
	// StrategyOldest prefers the pod created first.
	StrategyOldest Strategy = "oldest"
	// StrategyNewest prefers the pod created last.
	StrategyNewest Strategy = "newest"
	// StrategyOrdinal prefers the lowest index in a StatefulSet; pods without one come after those with one.
	StrategyOrdinal Strategy = "ordinal"
)

// Rules are one Service's wishes, from its annotations.
type Rules struct {
	Strategy Strategy
	// Sticky keeps an eligible leader although a better candidate stands beside it.
	Sticky bool
	// MinReady is how long a candidate must have been Ready before it may take over. It never leaves a Service without a leader:
	// when the leader is lost and only younger pods are ready, the best of them leads at once.
	MinReady time.Duration
	// MinReadyUnprobed is MinReady for pods that are Unprobed, when it is longer.
	MinReadyUnprobed time.Duration
	// NotReadyGrace is how long a leader's lost readiness is tolerated, unless the leader is terminating.
	NotReadyGrace time.Duration
	// Preferred is the name of the pod that leads while it is eligible, not announced to go, and carries as much of the Service's
	// traffic as the leader does; empty for none. It is the only wish that overrules Sticky.
	Preferred string
	// LossesOnly keeps a leader that stands, whatever is announced, preferred or better: only a loss moves the leadership (see
	// Reason.Loss). Two replicas that see a Service differently then cannot undo each other's moves, since a leader that stands for
	// one of them is challenged by none.
	LossesOnly bool
}

// Incumbent is the leader as the EndpointSlice has it. The zero value is a Service that nobody leads.
type Incumbent struct {
	UID  string
	Name string
	Node string
	// Since and Reason are when and why it became leader; zero when nobody knows.
	Since  time.Time
	Reason Reason
}

// Reason is why the leader changed, or why there is none: a bounded set, safe as a metric's label.
type Reason string

// Decision is what should be true of the slice, and when to look again.
type Decision struct {
	// Leader is the pod that should lead; nil when nobody can.
	Leader *Candidate
	// Ready says how the leader stands in the slice: true, ready; false, terminating but still serving (the last resort:
	// nobody else is eligible).
	Ready bool
	// Move is true when Leader differs from the incumbent, by UID: the term grows. Losing the leader for nobody is a move too.
	Move bool
	// Reason names the cause when Move is true or Leader is nil or not ready; empty when all stays.
	Reason Reason
	// Successor would follow if the leader went now: what Decide answers once the leader is terminating. Nil when nobody could.
	Successor *Candidate
	// LookAgain is after how long time alone changes the leader, its readiness or the successor, once this decision is carried
	// out (a min-ready or a grace runs out); zero when it cannot.
	LookAgain time.Duration
}
