package config

import (
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Strategy is the value of the annotation tanist.dev/strategy.
type Strategy string

// The strategies a user may ask for.
const (
	StrategyOldest  Strategy = "oldest"
	StrategyNewest  Strategy = "newest"
	StrategyOrdinal Strategy = "ordinal"
)

// LeaderServiceSuffix is what the default name of a leader Service adds to its Service's.
const LeaderServiceSuffix = "-leader"

// The longest durations a Service may ask for. They catch a wrong unit, and keep a mistake from holding up a drain for hours.
const (
	MaxMinReady      = 24 * time.Hour
	MaxNotReadyGrace = time.Hour
	MaxDrainWindow   = 10 * time.Minute
)

// Options are what one Service asks for in its annotations.
type Options struct {
	// LeaderService is the leader Service's name; empty when the Service's own name leaves no valid default.
	LeaderService string
	// Strategy orders candidates of equal priority.
	Strategy Strategy
	// Sticky keeps an eligible leader although a better candidate stands beside it.
	Sticky bool
	// MinReady is how long a candidate must have been Ready before it may lead.
	MinReady time.Duration
	// MinReadyUnprobed is MinReady for pods without a readiness probe.
	MinReadyUnprobed time.Duration
	// NotReadyGrace is how long a leader's lost readiness is tolerated.
	NotReadyGrace time.Duration
	// DrainWindow is how long pods keep serving after their deletion begins, in whole seconds; nil: the tuning decides.
	DrainWindow *time.Duration
	// PreferredLeader is the pod that leads while it is eligible; empty for none.
	PreferredLeader string
	// CopyLabels and CopyAnnotations are the keys that are copied from the Service to its leader Service, in order and each once.
	CopyLabels, CopyAnnotations []string
}

// DefaultMinReadyUnprobed is for pods without a readiness probe whose Service does not say how long a pod must have been Ready. They
// are Ready as soon as their containers have started, and most applications take a few seconds until they listen.
const DefaultMinReadyUnprobed = 5 * time.Second

// DefaultOptions are those of a Service of this name that has no annotations but the one that opts in.
func DefaultOptions(service string) Options {
	options := Options{Strategy: StrategyOldest, Sticky: true, MinReadyUnprobed: DefaultMinReadyUnprobed}
	if name := service + LeaderServiceSuffix; len(validation.IsDNS1035Label(name)) == 0 {
		options.LeaderService = name
	}
	return options
}

// DrainWindowOr is the Service's own drain window as far as the tuning allows it, or the one of the tuning.
func (o Options) DrainWindowOr(t Tuning) time.Duration {
	if o.DrainWindow != nil {
		return min(*o.DrainWindow, t.Election.LongestDrainWindow())
	}
	return t.Election.DrainWindow.Duration
}
