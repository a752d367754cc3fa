package config

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Strategy is the value of the annotation tanist.dev/strategy.
type Strategy string

// The strategies that a user may choose.
const (
	StrategyOldest  Strategy = "oldest"
	StrategyNewest  Strategy = "newest"
	StrategyOrdinal Strategy = "ordinal"
)

// LeaderServiceSuffix is appended to a Service's name for the default name of its leader Service.
const LeaderServiceSuffix = "-leader"

// The longest durations that a Service may ask for. They catch wrong units, and keep a mistake from delaying a drain for hours.
const (
	MaxMinReady      = 24 * time.Hour
	MaxNotReadyGrace = time.Hour
	MaxDrainWindow   = 10 * time.Minute
	MaxLossAfter     = time.Minute
	MaxFreezeAfter   = 10 * time.Minute
)

// MinSilence is the shortest silence of a node or a leader that a user may have taken for its loss. Ordinary pauses are not shorter.
const MinSilence = 500 * time.Millisecond

// Options are what one Service asks for in its annotations.
type Options struct {
	// LeaderService is the leader Service's name. It is empty if the Service's own name gives no valid default.
	LeaderService string
	// Strategy orders candidates of equal priority.
	Strategy Strategy
	// Sticky keeps the leader although there is a better candidate.
	Sticky bool
	// MinReady is how long a candidate must have been Ready before it may lead.
	MinReady time.Duration
	// MinReadyUnprobed is MinReady for pods without a readiness probe.
	MinReadyUnprobed time.Duration
	// NotReadyGrace is how long a leader's lost readiness is tolerated.
	NotReadyGrace time.Duration
	// DrainWindow is how long pods keep serving after their deletion begins, in whole seconds. If it is nil, the tuning decides.
	DrainWindow *time.Duration
	// PreferredLeader is the pod that leads while it is eligible; empty for none.
	PreferredLeader string
	// SameController is the workload that the leader must belong to; zero for any.
	SameController Workload
	// CopyLabels and CopyAnnotations are the keys to copy from the Service to its leader Service, in order and without duplicates.
	CopyLabels, CopyAnnotations []string
	// ProbePods allows Tanist to connect to the pods, to notice that the leader hangs or has crashed.
	ProbePods bool
	// LossAfter is how long the leader's node must have been silent before it counts as lost; zero for never. If it is nil, the tuning
	// decides.
	LossAfter *time.Duration
	// FreezeAfter is how long the leader must not have answered before it counts as frozen; zero for never. If it is nil, the leader's own
	// readiness probe decides.
	FreezeAfter *time.Duration

	// Paused holds back every hand-over that could wait. Losses are still handled.
	Paused bool
	// HandoverOn are the announcements that move the leader, in the order of Announcements. If it is nil, the tuning decides; an empty list
	// that is not nil is for none.
	HandoverOn []string
	// CandidateCondition is the condition that must be True for a pod to be made leader; empty for none.
	CandidateCondition string
	// PreferredNodes is a label selector: pods on nodes that match it are preferred. It is empty for none.
	PreferredNodes string
	// FollowLease is the Lease whose holder leads; empty if Tanist elects.
	FollowLease string
	// AfterHandover is what ends the connections that stay on the old leader.
	AfterHandover AfterHandover

	// LeaderServiceType is the leader Service's type. ExternalTrafficPolicy and LoadBalancerClass are empty unless the type allows them; then
	// the cluster decides.
	LeaderServiceType     LeaderServiceType
	ExternalTrafficPolicy corev1.ServiceExternalTrafficPolicy
	LoadBalancerClass     string
}

// DefaultMinReadyUnprobed is the min-ready of pods without a readiness probe, unless their Service has one. Such pods are Ready as soon
// as their containers have started, and most applications need a few seconds until they listen.
const DefaultMinReadyUnprobed = 5 * time.Second

// DefaultOptions returns the options of a Service with this name whose only annotation is the one that opts in.
func DefaultOptions(service string) Options {
	options := Options{
		Strategy: StrategyOldest, Sticky: true, MinReadyUnprobed: DefaultMinReadyUnprobed, ProbePods: true, LeaderServiceType: TypeClusterIP,
	}
	if name := service + LeaderServiceSuffix; len(validation.IsDNS1035Label(name)) == 0 {
		options.LeaderService = name
	}
	return options
}

// DrainWindowOr returns the Service's own drain window, or the tuning's. The tuning limits the Service's own: who may write Services must
// not give the pods of others a long preStop hook by selecting them.
//
// A Service that follows a Lease has none unless it asks for one. The window would only delay the signal at which the application passes its
// Lease on: the leader stays the leader for as long as it holds that.
func (o Options) DrainWindowOr(t Tuning) time.Duration {
	if o.DrainWindow != nil {
		return min(*o.DrainWindow, t.Election.LongestDrainWindow())
	}
	if o.FollowLease != "" {
		return 0
	}
	return t.Election.DrainWindow.Duration
}

// LossAfterOr returns the Service's own LossAfter, or the tuning's. Zero switches NodeLost off.
func (o Options) LossAfterOr(t Tuning) time.Duration {
	if o.LossAfter != nil {
		return *o.LossAfter
	}
	return t.Observe.LossAfter.Duration
}
