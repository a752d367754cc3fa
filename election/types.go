package election

import "time"

// Candidate is a pod that a Service selects, reduced to what a decision depends on.
type Candidate struct {
	UID     string
	Name    string
	Node    string
	Created time.Time

	// Ready is the pod's Ready condition. A terminating pod that is Ready still serves. ReadySince is when the condition last changed,
	// either way, by the kubelet's clock. The API rounds it down to the second, so a min-ready or a grace may end up to a second early.
	Ready      bool
	ReadySince time.Time

	// Terminating is a pod with a deletionTimestamp.
	Terminating bool

	// Ordinal is the pod's index in its StatefulSet, -1 without one.
	Ordinal int
	// Priority is the pod's tanist.dev/priority.
	Priority int

	// OnPreferredNode is a pod on a node that the Service prefers.
	OnPreferredNode bool

	// DeletionCost is the pod's controller.kubernetes.io/pod-deletion-cost. A ReplicaSet that scales down deletes the lower first.
	DeletionCost int

	// Announced is why this pod will go soon, while it still serves. It is empty for a pod that stays. The caller does not set
	// AnnouncedRollout: Decide derives it from the three fields that follow.
	Announced Announcement
	// Departing is a pod whose deletion or eviction was requested a moment ago, which its object need not show yet. It follows a lost leader only if
	// no other pod can, however young those are.
	Departing bool
	// Workload is the UID of the workload that owns the pod and replaces it in a rollout (a Deployment, a StatefulSet); empty for none.
	Workload string
	// Outdated is a pod that the rollout of its workload's newest revision replaces.
	Outdated bool
	// Restarted is a pod with a container that has crashed and was restarted.
	Restarted bool

	// Missing counts the Service's ports and address families that this pod cannot carry, while it can carry others. Such a pod may
	// lead: part of the traffic is better than none.
	Missing int
	// Finite is a pod that runs to completion (a Job's pod, for example). It leads only while no other pod can.
	Finite bool
	// Unprobed is a pod without a check that it answers: it is Ready as soon as its containers have started.
	Unprobed bool

	// Lost is why an observer believes that the pod is lost although the API does not say so: ReasonNodeLost, ReasonLeaderFrozen or
	// ReasonLeaderCrashed. It is empty for any other pod.
	Lost Reason
	// Marked is a pod from which such a verdict has moved the leadership not long ago. Others may not have come to the verdict themselves.
	Marked bool
	// Heard is a pod that an observer has heard a moment ago. Only such a pod takes over from a leader that is Lost.
	Heard bool
	// NodeUnknown is a pod of which Kubernetes has not heard for a while, because its node was silent. Nobody knows whether the pod is ready.
	NodeUnknown bool
	// SaysReady is such a pod that tells an observer itself that it is ready, or is just being asked. It only keeps a leader.
	SaysReady bool

	// Excluded is why the user does not want this pod to be made leader, although it can carry the traffic: the pod's own annotation, or a
	// condition that it lacks. It is empty for any other pod. If such a pod leads already, it stays until another one can follow.
	Excluded string

	// Problem is why this pod can carry none of the Service's traffic although it may be ready: for example, it has no address of the
	// Service's families, or none of the target ports. It is empty for a pod that can. A pod with a problem never leads.
	Problem string
}

// Announcement is why a pod will go soon, while it still serves.
type Announcement string

const (
	// NotAnnounced is a pod that stays.
	NotAnnounced Announcement = ""
	// AnnouncedDisruption is a pod with the condition DisruptionTarget. Eviction, preemption, taint eviction and pod garbage
	// collection set it before they delete the pod.
	AnnouncedDisruption Announcement = "DisruptionTarget"
	// AnnouncedNode is a pod whose node is cordoned, carries a removal taint or is shutting down.
	AnnouncedNode Announcement = "NodeGoing"
	// AnnouncedRollout is an outdated pod whose workload has a pod to take over (see evaluation.announceRollouts).
	AnnouncedRollout Announcement = "Rollout"
	// AnnouncedScaleDown is a pod that exceeds its workload's number of replicas.
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
	// Sticky keeps the leader although there is a better candidate.
	Sticky bool
	// MinReady is how long a candidate must have been Ready before it may take over. It never leaves a Service without a leader:
	// if the leader is lost and only younger pods are ready, the best of them leads immediately.
	MinReady time.Duration
	// MinReadyUnprobed replaces MinReady for pods that are Unprobed, if it is longer.
	MinReadyUnprobed time.Duration
	// NotReadyGrace is how long a leader's lost readiness is withinGrace, unless the leader is terminating.
	NotReadyGrace time.Duration
	// Preferred is the name of the pod that leads while it is eligible, is not announced to go, and carries as much of the Service's
	// traffic as the leader does; empty for none. It is the only wish that overrules Sticky.
	Preferred string
	// Paused keeps a leader that stands, as LossesOnly does, because the user has asked for it.
	Paused bool
	// Following is who leads according to the application's own election; nil if Tanist elects.
	Following *Following
	// LossesOnly keeps a leader that stands, even if it is announced to go or another pod is preferred or better. Only a loss moves
	// the leadership (see Reason.Loss). Two replicas that see a Service differently then cannot undo each other's moves.
	LossesOnly bool
}

// Incumbent is the leader in the EndpointSlice. The zero value is a Service without a leader.
type Incumbent struct {
	UID  string
	Name string
	Node string
	// Since and Reason are when and why it became leader; zero if unknown.
	Since  time.Time
	Reason Reason
}

// Reason is why the leader changed, or why there is none. The set is bounded, so it is safe as a metric's label.
type Reason string

// Decision is the desired content of the EndpointSlice, and when to decide again.
type Decision struct {
	// Leader is the pod that should lead; nil if nobody can.
	Leader *Candidate
	// Ready is the readiness of the leader's endpoint. False is a leader that terminates but still serves, because no other pod can
	// lead (the last resort).
	Ready bool
	// Move is true if Leader differs from the incumbent, by UID. The term then grows. Losing the leader without a successor is a move
	// too.
	Move bool
	// Reason is set if Move is true, or if Leader is nil or not ready.
	Reason Reason
	// Successor is the pod that would follow if the leader terminated now; nil if nobody could.
	Successor *Candidate
	// HeldBack is the pod that would take over from the leader without Rules.Paused, and HeldBackReason says why; nil and empty if the
	// leader would stay.
	HeldBack       *Candidate
	HeldBackReason Reason
	// RequeueAfter is after how long time alone changes the leader, its readiness, the successor or what is held back, once this decision
	// has been committed: a min-ready, a grace or a probation ends. It is zero if time changes nothing.
	RequeueAfter time.Duration
}
