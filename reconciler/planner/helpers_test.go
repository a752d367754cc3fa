package planner

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/test/gen"
)

// inputOf returns the input of the holder of the Lease when the slices of all families record a state.
func inputOf(state leaderslice.State, pods []*corev1.Pod, changes ...func(*Input)) Input {
	source := gen.WebService()
	in := Input{
		Source: source, LeaderService: gen.LeaderOf(source), Pods: pods,
		Options: config.DefaultOptions("web"), Tuning: config.DefaultTuning(),
		Seen: leaderslice.Basis{Pods: "30", Services: "20"}, Authority: commitrules.AuthorityAll,
	}
	for _, change := range changes {
		change(&in)
	}
	in.Record = recordOf(in, state)
	return in
}

// recordOf returns the record of the leader cache when the slices of all families record a state.
func recordOf(in Input, state leaderslice.State) cache.Record {
	record := cache.Record{State: state, HighestTerm: state.Term, Slices: map[string]leaderslice.Slice{}}
	if state == (leaderslice.State{}) {
		return record
	}
	content := leaderslice.Content{
		Source: in.Source, LeaderService: in.LeaderService, State: state, Basis: leaderslice.Basis{Pods: "30", Services: "20"},
		Pod: in.Pod(state.Leader.UID),
	}
	if content.Pod == nil && state.Leader.Name != "" {
		content.Pod = gen.ReadyPod(state.Leader.Name) // the pod is gone since the slices were written
	}
	for i, family := range leaderslice.Families(in.LeaderService) {
		slice := content.Render(family)
		if i == 0 {
			slice = content.RenderPrimary(family)
		}
		slice.UID, slice.ResourceVersion = types.UID(slice.Name+"-uid"), "40"
		record.Slices[slice.Name] = leaderslice.Parse(slice)
	}
	return record
}

// edited changes the IPv4 slice as someone else would.
func edited(edit func(*discoveryv1.EndpointSlice)) func(Input) Input {
	return func(in Input) Input {
		slice := in.Record.Slices["web-leader-ipv4"].Object.DeepCopy()
		edit(slice)
		in.Record.Slices["web-leader-ipv4"] = leaderslice.Parse(slice)
		return in
	}
}

// dual is inputOf for a Service that requires both families.
func dual(state leaderslice.State, pods ...*corev1.Pod) Input {
	return inputOf(state, pods, func(in *Input) {
		in.Source = gen.WebService(gen.DualStack(corev1.IPFamilyPolicyRequireDualStack))
		in.LeaderService = gen.LeaderOf(in.Source)
	})
}

// onSlice changes one family's slice as someone else would.
func onSlice(family discoveryv1.AddressType, edit func(*discoveryv1.EndpointSlice)) func(*Input) {
	return func(in *Input) {
		name := leaderslice.Name(in.LeaderService.Name, family)
		slice := in.Record.Slices[name].Object.DeepCopy()
		edit(slice)
		in.Record.Slices = maps.Clone(in.Record.Slices)
		in.Record.Slices[name] = leaderslice.Parse(slice)
	}
}

// withoutSlice removes one family's slice.
func withoutSlice(family discoveryv1.AddressType) func(*Input) {
	return func(in *Input) {
		in.Record.Slices = maps.Clone(in.Record.Slices)
		delete(in.Record.Slices, leaderslice.Name(in.LeaderService.Name, family))
	}
}

// carryOut returns the input once the first n writes of a plan, or all of them, are made.
func carryOut(in Input, p Plan, n ...int) Input {
	in.Record.Slices = maps.Clone(in.Record.Slices)
	for i, write := range p.Writes {
		if len(n) > 0 && i >= n[0] {
			break
		}
		slice := write.Desired.DeepCopy()
		if write.Current != nil {
			slice = UpdatedSlice(write.Current, write.Desired)
		} else {
			slice.UID, slice.ResourceVersion = types.UID(slice.Name+"-uid"), "41"
		}
		in.Record.Slices[slice.Name] = leaderslice.Parse(slice)
	}
	return in
}

// warningsOf returns the warnings with one reason.
func warningsOf(in Input, reason string) []notify.Warning {
	return slices.DeleteFunc(Warnings(in, Decide(in, gen.T0)), func(warning notify.Warning) bool { return warning.Reason != reason })
}
