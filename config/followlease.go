package config

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// followLease parses the name of a Lease. An empty value is none. Beside it, whatever says which pod should lead, or when the leader moves,
// is refused: the holder of the Lease leads, and Tanist follows. It comes last, because it needs the other options.
func (p *parser) followLease(options *Options) {
	value := p.annotations[FollowLeaseKey]
	if value == "" {
		return
	}
	if problems := validation.IsDNS1123Subdomain(value); len(problems) > 0 {
		p.reject(FollowLeaseKey, value, "must be the name of a Lease in the Service's namespace: "+strings.Join(problems, "; "))
		return
	}
	options.FollowLease = value
	byDefault := DefaultOptions("")
	for _, wish := range []struct {
		key   string
		asked bool
		reset func()
	}{
		{StrategyKey, options.Strategy != byDefault.Strategy, func() { options.Strategy = byDefault.Strategy }},
		{StickyKey, !options.Sticky, func() { options.Sticky = true }},
		{MinReadyKey, options.MinReady > 0, func() { options.MinReady, options.MinReadyUnprobed = 0, byDefault.MinReadyUnprobed }},
		{PreferredLeaderKey, options.PreferredLeader != "", func() { options.PreferredLeader = "" }},
		{PreferredNodesKey, options.PreferredNodes != "", func() { options.PreferredNodes = "" }},
		{SameControllerKey, options.SameController != Workload{}, func() { options.SameController = Workload{} }},
		{CandidateConditionKey, options.CandidateCondition != "", func() { options.CandidateCondition = "" }},
		{HandoverOnKey, options.HandoverOn != nil, func() { options.HandoverOn = nil }},
		{PausedKey, options.Paused, func() { options.Paused = false }},
		{LossAfterKey, options.LossAfter != nil, func() { options.LossAfter = nil }},
		{FreezeAfterKey, options.FreezeAfter != nil, func() { options.FreezeAfter = nil }},
	} {
		if wish.asked {
			wish.reset()
			p.reject(wish.key, p.annotations[wish.key],
				"cannot be combined with "+FollowLeaseKey+": the application elects the leader, and Tanist follows its Lease")
		}
	}
}
