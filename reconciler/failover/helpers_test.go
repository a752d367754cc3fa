package failover

import (
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
)

// leading is a state in which a pod leads.
func leading(pod string, term int64) leaderslice.State {
	return leaderslice.State{
		Leader: leaderslice.Leader{UID: types.UID(pod + "-uid"), Name: pod, Node: "node-of-" + pod, Ready: true},
		Term:   term, Since: gen.T0.Add(-time.Minute), Reason: "LeaderDeleted",
	}
}

// inputOf is what the holder of the Lease looks at when the slices of all families say what they should of a state.
func inputOf(state leaderslice.State, pods []*corev1.Pod, changes ...func(*input)) input {
	source := gen.WebService()
	s := input{
		source: source, leaderService: gen.LeaderOf(source), pods: pods,
		options: config.DefaultOptions("web"), tuning: config.DefaultTuning(),
		seen: leaderslice.Basis{Pods: "30", Services: "20"}, authority: authorityAll,
	}
	for _, change := range changes {
		change(&s)
	}
	s.record = recordOf(s, state)
	return s
}

// recordOf is what the leader cache says when the slices are what a state asks for.
func recordOf(s input, state leaderslice.State) cache.Record {
	record := cache.Record{State: state, Highest: state.Term, Slices: map[string]leaderslice.Slice{}}
	if state == (leaderslice.State{}) {
		return record
	}
	content := leaderslice.Content{
		Source: s.source, LeaderService: s.leaderService, State: state, Basis: leaderslice.Basis{Pods: "30", Services: "20"},
		Pod: s.pod(state.Leader.UID),
	}
	if content.Pod == nil && state.Leader.Name != "" {
		content.Pod = gen.ReadyPod(state.Leader.Name) // it is gone since
	}
	for i, family := range leaderslice.Families(s.leaderService) {
		slice := content.Render(family)
		if i == 0 {
			slice = content.RenderPrimary(family)
		}
		slice.UID, slice.ResourceVersion = types.UID(slice.Name+"-uid"), "40"
		record.Slices[slice.Name] = leaderslice.Parse(slice)
	}
	return record
}

// edited is a record whose IPv4 slice someone has changed.
func edited(edit func(*discoveryv1.EndpointSlice)) func(input) input {
	return func(s input) input {
		slice := s.record.Slices["web-leader-ipv4"].Object.DeepCopy()
		edit(slice)
		parsed := leaderslice.Parse(slice)
		s.record.Slices["web-leader-ipv4"] = parsed
		return s
	}
}

// dual is what the holder of the Lease looks at for a Service that needs both families, when the slices say what they should.
func dual(state leaderslice.State, pods ...*corev1.Pod) input {
	return inputOf(state, pods, func(s *input) {
		s.source = gen.WebService(gen.DualStack(corev1.IPFamilyPolicyRequireDualStack))
		s.leaderService = gen.LeaderOf(s.source)
	})
}

// onSlice changes one family's slice as someone else would.
func onSlice(family discoveryv1.AddressType, edit func(*discoveryv1.EndpointSlice)) func(*input) {
	return func(s *input) {
		name := leaderslice.Name(s.leaderService.Name, family)
		slice := s.record.Slices[name].Object.DeepCopy()
		edit(slice)
		s.record.Slices = maps.Clone(s.record.Slices)
		s.record.Slices[name] = leaderslice.Parse(slice)
	}
}

// withoutSlice takes one family's slice away.
func withoutSlice(family discoveryv1.AddressType) func(*input) {
	return func(s *input) {
		s.record.Slices = maps.Clone(s.record.Slices)
		delete(s.record.Slices, leaderslice.Name(s.leaderService.Name, family))
	}
}

// carryOut is what a replica sees once the first n writes of a plan, or all of them, are there.
func carryOut(s input, p plan, n ...int) input {
	s.record.Slices = maps.Clone(s.record.Slices)
	for i, write := range p.writes {
		if len(n) > 0 && i >= n[0] {
			break
		}
		slice := write.Desired.DeepCopy()
		if write.Current != nil {
			slice = replacing(write.Current, write.Desired)
		} else {
			slice.UID, slice.ResourceVersion = types.UID(slice.Name+"-uid"), "41"
		}
		s.record.Slices[slice.Name] = leaderslice.Parse(slice)
	}
	return s
}
